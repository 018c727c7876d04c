{{ config(materialized='view') }}

with

windows as (

    select * from {{ ref('session_windows') }}

),

events as (

    select * from {{ ref('session_events') }}

),

final as (

    select
        windows.checkpoint_pct,
        windows.horizon_us,
        least(9, cast(floor(10 * events.elapsed_us / windows.horizon_us) as integer))
            as window_tenth,
        events.*
    from windows
    inner join events
        on windows.session_id = events.session_id and events.elapsed_us <= windows.horizon_us

)

select * from final
