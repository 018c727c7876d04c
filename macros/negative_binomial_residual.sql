{#-
    The signed deviance residual of a count under the negative binomial distribution with mean mu
    and variance mu + dispersion * mu ** 2 (McCullagh and Nelder, Generalized Linear Models, 1989,
    2.3.4): close to a standard normal where the model holds. mu and dispersion are above 0.
-#}
{% macro negative_binomial_residual(x, mu, dispersion) -%}
    sign({{ x }} - {{ mu }}) * sqrt(2 * greatest(
        case when {{ x }} > 0 then {{ x }} * ln({{ x }} / {{ mu }}) else 0 end
        - ({{ x }} + 1 / {{ dispersion }})
        * ln(({{ x }} + 1 / {{ dispersion }}) / ({{ mu }} + 1 / {{ dispersion }})),
        0
    ))
{%- endmacro %}
