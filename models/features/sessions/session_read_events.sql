{{ config(materialized='view') }}

with

json_events as (

    select * from {{ ref('stg_session_json__events') }}

),

parquet_events as (

    select
        * exclude (
            symbol,
            session_type,
            session_date,
            session_start,
            session_end,
            session_duration,
            time_zone
        )
    from {{ ref('stg_session_parquet__events') }}

),

final as (

    select * from json_events
    union all by name
    select * from parquet_events

)

select * from final
