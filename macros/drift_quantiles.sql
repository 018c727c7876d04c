{#- The deciles that cut a feature's training values into the bins of its stability index. -#}
{% macro drift_quantiles() -%}
    [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
{%- endmacro %}
