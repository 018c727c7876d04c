{#-
    The mean of a list of doubles without the highest and the lowest `baseline_trim` of them, summed
    in the order of their values. There are n of them, of which the zeros that complete them are not
    in the list; the values must then not be negative.
-#}
{% macro list_trimmed_mean(values, n) -%}
    {{- return(adapter.dispatch('list_trimmed_mean', 'archetype')(values, n)) -}}
{%- endmacro %}

{% macro default__list_trimmed_mean(values, n) -%}
    {%- set cut = 'cast(floor(' ~ var('baseline_trim') ~ ' * ' ~ n ~ ') as bigint)' -%}
    coalesce(
        list_sum(list_slice(list_reverse_sort({{ values }}), {{ cut }} + 1, {{ n }} - {{ cut }})), 0
    ) / nullif({{ n }} - 2 * {{ cut }}, 0)
{%- endmacro %}
