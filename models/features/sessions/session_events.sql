with

event_times as (

    select * from {{ ref('session_event_times') }}

),

compared as (

    select
        *,
        lag(event_hash) over (
            partition by session_hash order by event_hash, position_in_file
        ) as previous_hash
    from event_times

),

distinct_events as (

    select * exclude (previous_hash)
    from compared
    where previous_hash is distinct from event_hash

),

neighboured as (

    select
        *,
        last_value(read_elapsed_us ignore nulls) over before_it as previous_us,
        first_value(read_elapsed_us ignore nulls) over after_it as next_us
    from distinct_events
    window
        before_it as (
            partition by session_hash order by position_in_file
            rows between unbounded preceding and current row
        ),
        after_it as (
            partition by session_hash order by position_in_file
            rows between current row and unbounded following
        )

),

-- Right after the event before it: a time between both would depend on one that is yet to come.
placed as (

    select
        *,
        coalesce(read_elapsed_us, previous_us, next_us) as elapsed_us
    from neighboured

),

final as (

    select
        session_hash,
        position_in_file,
        -- Without a scheduled end the last event is the end.
        coalesce(
            elapsed_us >= 0 and elapsed_us <= coalesce(duration_declared_us, elapsed_us), false
        ) as is_in_session,
        read_elapsed_us is null as is_time_imputed,
        elapsed_us,
        type_number,
        price,
        event_hash,
        phase_number,
        has_phase_text,
        htf_regime,
        has_regime,
        role_key,
        magnitude,
        significance
    from placed

)

select * from final
