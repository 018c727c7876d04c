{#- The fields of a struct as a select list. -#}
{% macro struct_fields(struct, fields) -%}
    {%- for name in fields -%}
        {{ struct }}.{{ name }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
