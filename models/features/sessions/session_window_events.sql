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
        events.session_id,
        windows.checkpoint_pct,
        windows.horizon_us,
        least(9, cast(floor(10 * events.elapsed_us / windows.horizon_us) as integer))
            as window_tenth,
        events.event_number,
        events.elapsed_us,
        events.phase,
        events.is_phase_switch,
        events.has_phase_text,
        events.htf_regime,
        events.has_regime,
        events.structural_role,
        events.magnitude,
        events.significance,
        events.gap_us,
        events.price,
        events.price_number,
        events.price_change,
        events.price_change_mean_3,
        events.is_direction_change
    from windows
    inner join events
        on windows.session_id = events.session_id and events.elapsed_us <= windows.horizon_us

)

select * from final
