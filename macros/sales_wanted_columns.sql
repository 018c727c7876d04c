{#- The columns that the mapping names, each with the field that it is for, as a query. -#}
{% macro sales_wanted_columns(mapping) -%}
    select {{ null_columns({'field': 'varchar', 'column_name': 'varchar'}) }}
    where false
    {%- for field in mapping if field in sales_fields() %}
        {%- for name in mapping[field]['column_names'] %}
    union all
    select '{{ field }}' as field, {{ sql_text(name) }} as column_name
        {%- endfor %}
    {%- endfor %}
{%- endmacro %}
