{#-
    A standard normal number that a text alone decides, by Box and Muller (1958) from two parts of
    its md5: what stands for chance where the same input must give the same bytes.
-#}
{% macro md5_normal(text_value) -%}
    {{- return(adapter.dispatch('md5_normal', 'archetype')(text_value)) -}}
{%- endmacro %}

{% macro default__md5_normal(text_value) -%}
    sqrt(-2 * ln((cast('0x' || left(md5({{ text_value }}), 8) as bigint) + 1) / 4294967296))
    * cos(2 * pi() * cast('0x' || right(md5({{ text_value }}), 8) as bigint) / 4294967296)
{%- endmacro %}
