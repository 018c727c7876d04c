{#- Deviation over mean, and 0 where the mean is 0; null without values. -#}
{% macro coefficient_of_variation(value) -%}
    case
        when {{ exact_avg(value) }} = 0 then 0
        else {{ exact_stddev_pop(value) }} / {{ exact_avg(value) }}
    end
{%- endmacro %}
