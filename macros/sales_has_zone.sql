{#- Whether the text of an instant carries its offset from UTC. -#}
{% macro sales_has_zone(text_value) -%}
    {{- return(adapter.dispatch('sales_has_zone', 'archetype')(text_value)) -}}
{%- endmacro %}

{% macro default__sales_has_zone(text_value) -%}
    regexp_full_match(
        {{ text_value }},
        '\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)? ?(Z|[+-]\d{2}(:?\d{2})?)'
    )
{%- endmacro %}
