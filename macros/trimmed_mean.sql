{#-
    The mean of doubles without the highest and the lowest `baseline_trim` of them, summed in the
    order of their values. Where `n` is given, the values are n numbers of which the zeros that
    complete them are not among the rows; the values must then not be negative.
-#}
{% macro trimmed_mean(value, n=none) -%}
    {{- return(adapter.dispatch('trimmed_mean', 'archetype')(value, n)) -}}
{%- endmacro %}

{% macro default__trimmed_mean(value, n=none) -%}
    {%- set n = n or 'count(' ~ value ~ ')' -%}
    {%- set cut = 'cast(floor(' ~ var('baseline_trim') ~ ' * ' ~ n ~ ') as bigint)' -%}
    coalesce(
        list_sum(
            list_slice(
                list_reverse_sort(list({{ value }}) filter (where {{ value }} is not null)),
                {{ cut }} + 1,
                {{ n }} - {{ cut }}
            )
        ),
        0
    ) / nullif({{ n }} - 2 * {{ cut }}, 0)
{%- endmacro %}
