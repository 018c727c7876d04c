{#-
    The raw rows of the files of one layout, mapped. Numbers that a file has as text are read as
    such; the md5 of a row is made of its raw columns, every one of them.
-#}
{% macro read_sales_layout(files, layout, mapping) -%}
    {{- return(adapter.dispatch('read_sales_layout', 'archetype')(files, layout, mapping)) -}}
{%- endmacro %}

{% macro default__read_sales_layout(files, layout, mapping) -%}
    {%- set variable = 'sales_files_' ~ layout['layout_id'] -%}
    {%- do run_query(set_file_list(
        variable,
        files,
        "reason is null and not is_finished and layout_id = '" ~ layout['layout_id'] ~ "'"
    )) -%}
    {%- set texts = [] -%}
    {%- for name in layout['column_names'] -%}
        {%- if layout['column_types'][loop.index0] == 'VARCHAR' -%}
            {%- do texts.append(name) -%}
        {%- endif -%}
    {%- endfor -%}
    select
        raw_file_path,
        raw_row_md5,
        {{ sales_mapped_columns(mapping) }}
    from (
        select
            * {% for name in texts if name | lower in mapping['numbers'] -%}
            {{ 'replace (' if loop.first else ', ' -}}
            try_cast({{ adapter.quote(name) }} as double) as {{ adapter.quote(name) }}
            {{- ')' if loop.last }}
            {%- endfor %}
        from (
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
                    '{{ name | replace("'", "''") }}': 'VARCHAR'{{ ', ' if not loop.last }}
                    {%- endfor -%}
                },
                auto_detect = false, header = true, delim = '{{ layout["delimiter"] }}',
                quote = '"', escape = '"', compression = 'none', hive_partitioning = false,
                filename = 'raw_file_path', store_rejects = true
            )
            {%- endif %}
        )
    )
{%- endmacro %}
