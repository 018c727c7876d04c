{#- The type of a struct with the given fields: a mapping from names to types, in its order. -#}
{% macro struct_type(fields) -%}
    struct(
    {%- for name, data_type in fields.items() -%}
        {{ name }} {{ data_type }}{{ ', ' if not loop.last }}
    {%- endfor -%}
    )
{%- endmacro %}
