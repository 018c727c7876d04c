{#- The sum of a list of doubles in the list's own order, so always the same bits; 0 of none. -#}
{% macro list_total(values) -%}
    {{- return(adapter.dispatch('list_total', 'archetype')(values)) -}}
{%- endmacro %}

{% macro default__list_total(values) -%}
    coalesce(list_sum({{ values }}), 0)
{%- endmacro %}
