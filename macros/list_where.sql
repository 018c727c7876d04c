{#- The elements of a list of which a condition holds; the element is named x. -#}
{% macro list_where(values, condition) -%}
    {{- return(adapter.dispatch('list_where', 'archetype')(values, condition)) -}}
{%- endmacro %}

{% macro default__list_where(values, condition) -%}
    list_filter({{ values }}, lambda x: {{ condition }})
{%- endmacro %}
