{#- The population deviation of doubles, taken in the order of their values: see exact_avg. -#}
{% macro exact_stddev_pop(value) -%}
    {{- return(adapter.dispatch('exact_stddev_pop', 'archetype')(value)) -}}
{%- endmacro %}

{% macro default__exact_stddev_pop(value) -%}
    list_stddev_pop(list_sort(list({{ value }}) filter (where {{ value }} is not null)))
{%- endmacro %}
