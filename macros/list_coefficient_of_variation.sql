{#- Deviation over mean of a list's numbers, and 0 where the mean is 0; null of no list. -#}
{% macro list_coefficient_of_variation(values) -%}
    case
        when {{ list_statistic('avg', values) }} = 0 then 0
        else {{ list_statistic('stddev_pop', values) }} / {{ list_statistic('avg', values) }}
    end
{%- endmacro %}
