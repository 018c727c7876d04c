{#- The raw rows of every file of supplied reports, each field a text, as a query. -#}
{% macro supplied_raw_rows(files) -%}
    select
        {{ null_columns({'raw_file_path': 'varchar', 'raw_row_md5': 'varchar'}) }}
        {%- for field in supplied_report_fields() %},
        cast(null as varchar) as {{ field }}_text
        {%- endfor %}
    where false
    {%- for layout in sales_layouts(files) %}
    {%- set names = layout['column_names'] | map('lower') | list %}
    union all
    select
        raw_file_path,
        raw_row_md5
        {%- for field in supplied_report_fields() %},
        {{ 'nullif(trim(cast(' ~ field ~ " as varchar)), '')" if field in names else 'null' }}
        {%- endfor %}
    from ({{ read_sales_layout(files, layout) }}) as as_listed
    {%- endfor %}
{%- endmacro %}
