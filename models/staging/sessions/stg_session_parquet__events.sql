{%- set readable = "file_format = 'parquet' and reason is null" %}
{%- set known = (session_metadata_fields().keys() | list) %}
{%- do known.extend(session_event_fields().keys()) %}
{%- set layouts = session_parquet_layouts(ref('list_session_files'), readable) %}

with

files as (

    select * from {{ ref('list_session_files') }}

),

no_events as (

    select
        cast(null as varchar) as raw_file_path,
        cast(null as bigint) as file_row_number,
        cast(null as varchar) as event_md5,
        {{ null_columns(session_metadata_fields()) }},
        {{ null_columns(session_event_fields()) }}
    where false

),

-- Files of one layout are read at once; what types another has changes no text here.
raw_events as (

    select * from no_events
    {%- for variable, columns in layouts.items() %}
    union all by name
    select
        raw_file_path,
        file_row_number,
        -- Every column there is: two events that differ in an unknown one are two events.
        md5({{ columns_sorted_text(columns) }}) as event_md5
        {%- for name in columns if name | lower in known %},
        cast({{ quoted_name(name) }} as varchar) as {{ name | lower }}
        {%- endfor %}
    from {{ source('session_parquet', 'events') | replace('session_parquet_files', variable) }}
    {%- endfor %}

),

dated as (

    select
        *,
        coalesce(session_date, date) as any_date,
        coalesce(session_start, start_time) as any_start
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
        dated.session_end,
        dated.session_duration,
        dated.timezone as time_zone,
        dated.file_row_number + 1 as position_in_file,
        true as is_object,
        {{ session_event_columns('dated') }},
        dated.event_md5
    from dated
    inner join files on dated.raw_file_path = files.file_path

)

select * from final
