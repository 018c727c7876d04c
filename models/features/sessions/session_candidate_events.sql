with

event_times as (

    select * from {{ ref('session_event_times') }}

),

neighboured as (

    select
        *,
        last_value(read_elapsed_us ignore nulls) over before_it as previous_us,
        first_value(read_elapsed_us ignore nulls) over after_it as next_us
    from event_times
    window
        before_it as (
            partition by file_name, session_key order by position_in_file
            rows between unbounded preceding and current row
        ),
        after_it as (
            partition by file_name, session_key order by position_in_file
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

scheduled as (

    select
        *,
        coalesce(
            duration_declared_us, max(elapsed_us) over (partition by file_name, session_key)
        ) as duration_us
    from placed

),

final as (

    select
        file_name,
        session_key,
        position_in_file,
        event_type,
        original_type,
        event_family,
        structural_role,
        price,
        magnitude,
        significance,
        htf_regime_given,
        htf_confluence,
        event_md5,
        elapsed_us,
        duration_us,
        duration_declared_us is not null as has_scheduled_end,
        read_elapsed_us is null as is_time_imputed,
        coalesce(elapsed_us between 0 and duration_us, false) as is_in_session
    from scheduled

)

select * from final
