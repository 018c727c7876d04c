with

raw_sessions as (

    {{ session_parquet_rows(ref('list_session_files'), of_events=false) }}

),

final as (

    select
        file_name,
        session_key,
        min(symbol) as symbol,
        min(session_type) as session_type,
        min(coalesce(session_date, date)) as session_date,
        min(coalesce(session_start, start_time)) as session_start,
        min(session_end) as session_end,
        min(session_duration) as session_duration,
        min(timezone) as time_zone
    from raw_sessions
    group by file_name, session_key

)

select * from final
