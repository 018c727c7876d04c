{#- A column's name as an identifier, whatever signs it is made of: a raw file may name it anything. -#}
{% macro quoted_name(name) -%}
    "{{ name | replace('"', '""') }}"
{%- endmacro %}
