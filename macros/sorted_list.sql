{#-
    Values of a group as a sorted list, nulls last: statistics of a list skip them. They do not depend
    on the order of the rows: see exact_sum.
-#}
{% macro sorted_list(value) -%}
    {{- return(adapter.dispatch('sorted_list', 'archetype')(value)) -}}
{%- endmacro %}

{% macro default__sorted_list(value) -%}
    list_sort(list({{ value }}), 'asc', 'nulls last')
{%- endmacro %}
