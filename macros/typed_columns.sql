{#- Columns cast to the types of a mapping from names to types, in its order. -#}
{% macro typed_columns(columns) -%}
    {%- for name, data_type in columns.items() -%}
        cast({{ name }} as {{ data_type }}) as {{ name }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
