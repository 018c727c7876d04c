{#- How often each value of a list occurs in it, as a list in no order of note. -#}
{% macro list_value_counts(values) -%}
    {{- return(adapter.dispatch('list_value_counts', 'archetype')(values)) -}}
{%- endmacro %}

{% macro default__list_value_counts(values) -%}
    cast(map_values(list_aggregate({{ values }}, 'histogram')) as bigint[])
{%- endmacro %}
