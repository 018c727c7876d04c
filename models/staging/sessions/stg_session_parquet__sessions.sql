with

events as (

    select * from {{ ref('stg_session_parquet__events') }}

),

final as (

    select
        file_name,
        session_key,
        min(symbol) as symbol,
        min(session_type) as session_type,
        min(session_date) as session_date,
        min(session_start) as session_start,
        min(session_end) as session_end,
        min(session_duration) as session_duration,
        min(time_zone) as time_zone
    from events
    group by file_name, session_key

)

select * from final
