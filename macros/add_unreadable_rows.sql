{#-
    The lines that the reader could not cut into columns, one row for each file that has any, other
    counts being 0. They are known only once the rows are read, which is why this follows the model
    rather than being a part of it.
-#}
{% macro add_unreadable_rows(files, counts) -%}
    {{- return(adapter.dispatch('add_unreadable_rows', 'archetype')(files, counts)) -}}
{%- endmacro %}

{% macro default__add_unreadable_rows(files, counts) -%}
    {%- set is_read = false -%}
    {%- if execute -%}
        {%- set found = run_query(
            "select 1 from duckdb_tables() where temporary and table_name = 'reject_errors'"
        ) -%}
        {%- set is_read = found.rows | length > 0 -%}
    {%- endif -%}
    {%- if is_read -%}
    insert into {{ this }} by name
    select
        files.file_name,
        'unreadable_row' as reason,
        count(distinct errors.line) as n_rows
        {%- for name in counts %},
        0 as {{ name }}
        {%- endfor %}
    from reject_errors as errors
    inner join reject_scans as scans
        on errors.scan_id = scans.scan_id and errors.file_id = scans.file_id
    inner join {{ files }} as files on scans.file_path = files.file_path
    group by files.file_name
    {%- endif -%}
{%- endmacro %}
