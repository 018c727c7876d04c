{#- A statistic of a list's numbers, taken in the list's own order: null of no list. -#}
{% macro list_statistic(name, values) -%}
    {{- return(adapter.dispatch('list_statistic', 'archetype')(name, values)) -}}
{%- endmacro %}

{% macro default__list_statistic(name, values) -%}
    list_aggregate({{ values }}, '{{ name }}')
{%- endmacro %}
