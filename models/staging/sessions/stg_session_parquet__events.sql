{% set readable = "file_format = 'parquet' and reason is null" %}
{%- set source_columns = [] %}
{%- if has_rows(ref('list_session_files'), readable) %}
    {%- do run_query(set_file_list('session_parquet_files', ref('list_session_files'), readable)) %}
    {%- set described = run_query('describe from ' ~ source('session_parquet', 'events')) %}
    {%- do source_columns.extend(described.columns[0].values()) %}
{%- endif %}

with

files as (

    select * from {{ ref('list_session_files') }}

),

no_events as (

    select
        cast(null as varchar) as raw_file_path,
        cast(null as bigint) as file_row_number,
        {{ null_columns(session_metadata_fields()) }},
        {{ null_columns(session_event_fields()) }}
    where false

),

raw_events as (

    select * from no_events
    {% if source_columns %}
    union all by name
    select * from {{ source('session_parquet', 'events') }}
    {% endif %}

),

dated as (

    select
        *,
        coalesce(cast(session_date as varchar), cast(date as varchar)) as any_date,
        coalesce(cast(session_start as varchar), cast(start_time as varchar)) as any_start,
        -- Every column there is: two events that differ in an unknown one are two events.
        md5({{ columns_sorted_text(source_columns) }}) as event_md5
    from raw_events

),

final as (

    select
        files.file_name,
        concat_ws('/', files.file_name, dated.symbol, dated.session_type, dated.any_date)
            as session_key,
        dated.symbol,
        dated.session_type,
        dated.any_date as session_date,
        dated.any_start as session_start,
        cast(dated.session_end as varchar) as session_end,
        cast(dated.session_duration as varchar) as session_duration,
        dated.timezone as time_zone,
        dated.file_row_number + 1 as position_in_file,
        true as is_object,
        {{ session_event_columns('dated') }},
        dated.event_md5
    from dated
    inner join files on dated.raw_file_path = files.file_path

)

select * from final
