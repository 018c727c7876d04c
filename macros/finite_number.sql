{#-
    A value as a double; null where it is no number, not finite, or too large for squares to stay
    finite.
-#}
{% macro finite_number(value) -%}
    case when abs(try_cast({{ value }} as double)) < 1e100 then try_cast({{ value }} as double) end
{%- endmacro %}
