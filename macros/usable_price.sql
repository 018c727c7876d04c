{#- A price as a double; 0 stands for a missing one in the raw files. -#}
{% macro usable_price(value) -%}
    nullif({{ finite_number(value) }}, 0)
{%- endmacro %}
