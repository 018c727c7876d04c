{#-
    The 99.9 % quantile of chi-square by Wilson and Hilferty (1931): what a stability index of two
    samples of one population exceeds once in a thousand times, after Yurdakul (2018), times the sum
    of the samples' inverse sizes.
-#}
{% macro chi_square_quantile_999(degrees) -%}
    (({{ degrees }}) * power(1 - 2e0 / (9 * ({{ degrees }})) + 3.0902 * sqrt(2e0 / (9 * ({{ degrees }}))), 3))
{%- endmacro %}
