{#-
    The raw rows of the files of one layout, with every column, the path of the file and the md5 of
    the row, which is made of all its columns. Files of one layout are read at once.
-#}
{% macro read_sales_layout(files, layout) -%}
    {{- return(adapter.dispatch('read_sales_layout', 'archetype')(files, layout)) -}}
{%- endmacro %}

{% macro default__read_sales_layout(files, layout) -%}
    {%- set variable = 'sales_files_' ~ layout['layout_id'] -%}
    {%- do run_query(set_file_list(
        variable,
        files,
        "reason is null and not is_finished and layout_id = '" ~ layout['layout_id'] ~ "'"
    )) -%}
    select
        *,
        md5({{ columns_sorted_text(layout['column_names']) }}) as raw_row_md5
    {%- if layout['file_format'] == 'parquet' %}
    from read_parquet(
        getvariable('{{ variable }}'), hive_partitioning = false, filename = 'raw_file_path'
    )
    {%- else %}
    from read_csv(
        getvariable('{{ variable }}'),
        columns = {
            {%- for name in layout['column_names'] -%}
            {{ sql_text(name) }}: 'VARCHAR'{{ ', ' if not loop.last }}
            {%- endfor -%}
        },
        auto_detect = false, header = true, delim = '{{ layout["delimiter"] }}',
        quote = '"', escape = '"', compression = 'none', hive_partitioning = false,
        filename = 'raw_file_path', store_rejects = true
    )
    {%- endif %}
{%- endmacro %}
