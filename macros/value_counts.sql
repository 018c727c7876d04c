{#- How often each value that is not null occurs in a group, as a list in no order of note. -#}
{% macro value_counts(value) -%}
    {{- return(adapter.dispatch('value_counts', 'archetype')(value)) -}}
{%- endmacro %}

{% macro default__value_counts(value) -%}
    cast(map_values(histogram({{ value }})) as bigint[])
{%- endmacro %}
