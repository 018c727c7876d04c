with

selection as (

    select * from {{ ref('session_selection') }}
    where reason is null

),

checkpoints as (

    select unnest({{ var('checkpoints') }}) as checkpoint_pct

),

measured as (

    select
        selection.*,
        checkpoints.checkpoint_pct,
        selection.duration_us * checkpoints.checkpoint_pct / 1e2 as horizon_us
    from selection
    cross join checkpoints
    -- Where the last event is the end, no share of the time is known before it is over.
    where selection.has_scheduled_end or checkpoints.checkpoint_pct = 100

),

final as (

    select
        session_hash,
        session_id,
        checkpoint_pct,
        session_type,
        session_on,
        started_at,
        {{ after_microseconds('started_at', 'cast(floor(horizon_us) as bigint)') }} as as_of_at,
        horizon_us
    from measured

)

select * from final
