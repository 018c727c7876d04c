{#-
    The 99.9 % quantile of chi-square by Wilson and Hilferty (1931): what a stability index of two
    samples of one population exceeds once in a thousand times, after Yurdakul (2018), times the sum
    of the samples' inverse sizes.
-#}
{% macro chi_square_quantile_999(degrees) -%}
    {%- set spread = '2e0 / (9 * (' ~ degrees ~ '))' -%}
    (({{ degrees }}) * power(1 - {{ spread }} + 3.0902 * sqrt({{ spread }}), 3))
{%- endmacro %}
