{#- Columns of nulls, of the types of a mapping from names to types, in its order. -#}
{% macro null_columns(columns) -%}
    {%- for name, data_type in columns.items() -%}
        cast(null as {{ data_type }}) as {{ name }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
