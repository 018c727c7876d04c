with

event_times as (

    select * from {{ ref('session_event_times') }}

),

positioned as (

    select
        *,
        case when read_elapsed_us is not null then position_in_file end as readable_position
    from event_times

),

neighboured as (

    select
        *,
        last_value(read_elapsed_us ignore nulls) over before_it as previous_us,
        last_value(readable_position ignore nulls) over before_it as previous_position,
        first_value(read_elapsed_us ignore nulls) over after_it as next_us,
        first_value(readable_position ignore nulls) over after_it as next_position
    from positioned
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

placed as (

    select
        *,
        case
            when read_elapsed_us is not null then read_elapsed_us
            when previous_us is null or next_us is null then coalesce(previous_us, next_us)
            else
                previous_us
                + cast(
                    round(
                        1e0 * (next_us - previous_us) * (position_in_file - previous_position)
                        / (next_position - previous_position)
                    ) as bigint
                )
        end as elapsed_us
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
        read_elapsed_us is null as is_time_imputed,
        coalesce(elapsed_us between 0 and duration_us, false) as is_in_session
    from scheduled

)

select * from final
