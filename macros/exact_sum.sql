{#-
    Doubles summed in the order of their values: the same bits whatever the thread count and the
    order of the rows.
-#}
{% macro exact_sum(value) -%}
    {{- return(adapter.dispatch('exact_sum', 'archetype')(value)) -}}
{%- endmacro %}

{% macro default__exact_sum(value) -%}
    list_sum(list_sort(list({{ value }}) filter (where {{ value }} is not null)))
{%- endmacro %}
