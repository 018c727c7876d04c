{#-
    Doubles summed in the order of their values: the same bits whatever the thread count and the
    order of the rows.
-#}
{% macro exact_avg(value) -%}
    {{- return(adapter.dispatch('exact_avg', 'archetype')(value)) -}}
{%- endmacro %}

{% macro default__exact_avg(value) -%}
    list_avg(list_sort(list({{ value }}) filter (where {{ value }} is not null)))
{%- endmacro %}
