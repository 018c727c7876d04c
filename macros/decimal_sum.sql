{#-
    Doubles summed as decimals of fifteen places, in any order to the same bits, in a state of fixed
    size: where groups are so many that no list of their values can be kept. What is beyond 1e21
    counts as that.
-#}
{% macro decimal_sum(value) -%}
    cast(
        sum(cast(greatest(least({{ value }}, 1e21), -1e21) as decimal(38, 15))) as double
    )
{%- endmacro %}
