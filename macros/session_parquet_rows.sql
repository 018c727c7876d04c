{#-
    The rows of the raw Parquet files as a query: file_name, session_key, file_row_number, the
    fields of a session and of an event, and event_hash. What a model does not select of it is not
    read.
-#}
{% macro session_parquet_rows(files) -%}
    {%- set layouts = session_parquet_layouts(files, "file_format = 'parquet' and reason is null") -%}
    {%- set fields = dict(session_metadata_fields(), **session_event_fields()) -%}
    select
        files.file_name,
        concat_ws(
            '/',
            files.file_name,
            raw_rows.symbol,
            raw_rows.session_type,
            coalesce(raw_rows.session_date, raw_rows.date)
        ) as session_key,
        raw_rows.*
    from (
        select
            {{ null_columns({'raw_file_path': 'varchar', 'file_row_number': 'bigint'}) }},
            {{ null_columns({'event_hash': 'ubigint'}) }},
            {{ null_columns(fields) }}
        where false
        -- Files of one layout are read at once; what types another has changes no text here.
        {%- for variable, columns in layouts.items() %}
        union all by name
        select
            raw_file_path,
            file_row_number,
            -- All that is not the session's: events that differ in an unknown column are two.
            {{ text_key(columns_sorted_text(columns, session_metadata_fields())) }} as event_hash
            {%- for name in columns if name | lower in fields %},
            {%- if fields[name | lower] == 'double' %}
            {{ raw_number(quoted_name(name)) }} as {{ name | lower }}
            {%- else %}
            cast({{ quoted_name(name) }} as varchar) as {{ name | lower }}
            {%- endif %}
            {%- endfor %}
        from {{ source('session_parquet', 'events') | replace('session_parquet_files', variable) }}
        {%- endfor %}
    ) as raw_rows
    inner join {{ files }} as files on raw_rows.raw_file_path = files.file_path
{%- endmacro %}
