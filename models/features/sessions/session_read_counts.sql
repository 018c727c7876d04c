{{ config(materialized='view') }}

with

read_events as (

    select * from {{ ref('session_read_events') }}

),

final as (

    select
        session_key,
        count(*) as n_events_read,
        count(*) filter (where is_object) as n_objects
    from read_events
    group by session_key

)

select * from final
