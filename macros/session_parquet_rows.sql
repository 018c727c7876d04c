{#-
    The rows of the raw Parquet files as a query: file_name, session_key and a session's fields; of
    events also file_row_number, event_hash and their fields, else each row once. What a model does
    not select of it is not read.
-#}
{% macro session_parquet_rows(files, of_events) -%}
    {%- set condition = "file_format = 'parquet' and reason is null" -%}
    {%- set event_fields = session_event_fields() if of_events else {} -%}
    {%- set fields = dict(session_metadata_fields(), **event_fields) -%}
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
            {% if of_events -%}
            {{ null_columns({'file_row_number': 'bigint', 'event_hash': 'ubigint'}) }},
            {% endif -%}
            {{ null_columns({'raw_file_path': 'varchar'}) }},
            {{ null_columns(fields) }}
        where false
        -- Files of one layout are read at once; what types another has changes no text here.
        {%- for variable, columns in session_parquet_layouts(files, condition).items() %}
        union all by name
        select{{ ' distinct' if not of_events }}
            {%- if of_events %}
            file_row_number,
            -- All that is not the session's: events that differ in an unknown column are two.
            {{ text_key(columns_sorted_text(columns, session_metadata_fields())) }} as event_hash,
            {%- endif %}
            raw_file_path
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
