{{ config(
    pre_hook="{{ set_file_list('session_parquet_files', ref('list_session_files'), \"file_format = 'parquet' and reason is null\") }}"
) }}

{%- set readable = "file_format = 'parquet' and reason is null" %}

with

files as (

    select * from {{ ref('list_session_files') }}

),

no_events as (

    select
        cast(null as varchar) as filename,
        cast(null as bigint) as file_row_number,
        {{ null_columns(session_metadata_fields()) }},
        {{ null_columns(session_event_fields()) }}
    where false

),

raw_events as (

    select * from no_events
    {% if has_rows(ref('list_session_files'), readable) %}
    union all by name
    select * from {{ source('session_parquet', 'events') }}
    {% endif %}

),

final as (

    select
        files.file_name,
        concat_ws(
            '/',
            files.file_name,
            raw_events.symbol,
            raw_events.session_type,
            raw_events.session_date
        ) as session_key,
        raw_events.symbol,
        raw_events.session_type,
        coalesce(
            cast(raw_events.session_date as varchar), cast(raw_events.date as varchar)
        ) as session_date,
        coalesce(
            cast(raw_events.session_start as varchar), cast(raw_events.start_time as varchar)
        ) as session_start,
        cast(raw_events.session_end as varchar) as session_end,
        cast(raw_events.session_duration as varchar) as session_duration,
        raw_events.timezone as time_zone,
        raw_events.file_row_number + 1 as position_in_file,
        true as is_object,
        {{ session_event_columns('raw_events') }},
        md5({{ columns_sorted_text('raw_events', session_event_fields() | sort) }})
            as event_md5
    from raw_events
    inner join files on raw_events.filename = files.file_path

)

select * from final
