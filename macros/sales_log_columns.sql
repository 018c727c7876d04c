{#- What a build needs of the rows that sales_processing_log held before it, each with its type. -#}
{% macro sales_log_columns() %}
    {%- set columns = {
        'file_kind': 'varchar',
        'file_name': 'varchar',
        'file_md5': 'varchar',
        'status': 'varchar',
    } -%}
    {%- for name in sales_log_counts() -%}
        {%- do columns.update({name: 'bigint'}) -%}
    {%- endfor -%}
    {%- do columns.update({'first_at': 'timestamp', 'last_at': 'timestamp'}) -%}
    {{- return(columns) -}}
{% endmacro %}
