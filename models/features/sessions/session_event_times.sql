{{ config(materialized='view') }}

with

read_events as (

    select * from {{ ref('session_read_events') }}
    where is_object

),

candidates as (

    select * from {{ ref('session_candidates') }}
    where reason is null

),

kinds as (

    select * from {{ ref('session_event_kinds') }}

),

scheduled as (

    select
        candidates.session_hash,
        read_events.position_in_file,
        read_events.event_hash,
        kinds.type_number,
        kinds.phase_number,
        kinds.has_phase_text,
        kinds.role_key,
        read_events.price,
        read_events.magnitude,
        read_events.significance,
        read_events.htf_regime_given,
        read_events.htf_confluence,
        candidates.crosses_midnight or candidates.duration_us is null as may_cross_midnight,
        candidates.spans_clock_change,
        candidates.duration_us as duration_declared_us,
        candidates.start_local,
        candidates.time_zone,
        {{ clock_time('read_events.event_time') }}
        - {{ microseconds_between(
            "date_trunc('day', candidates.start_local)", 'candidates.start_local'
        ) }} as clock_elapsed_us,
        {{ microseconds_between(
            'candidates.start_local',
            local_instant('read_events.event_time', 'candidates.time_zone')
        ) }} as instant_elapsed_us
    from read_events
    inner join candidates on read_events.session_key = candidates.session_key
    inner join kinds
        on
            read_events.event_type is not distinct from kinds.event_type
            and read_events.original_type is not distinct from kinds.original_type
            and read_events.event_family is not distinct from kinds.event_family
            and read_events.structural_role is not distinct from kinds.structural_role

),

unrolled as (

    select
        *,
        case
            when instant_elapsed_us is not null then instant_elapsed_us
            -- Before the start by the clock: the next day's, where that is nearer to the session.
            when
                may_cross_midnight
                and clock_elapsed_us < 0
                and clock_elapsed_us + {{ microseconds(1, 'day') }}
                - coalesce(duration_declared_us, 0) < -clock_elapsed_us
                then clock_elapsed_us + {{ microseconds(1, 'day') }}
            else clock_elapsed_us
        end as local_elapsed_us
    from scheduled

),

final as (

    select
        session_hash,
        position_in_file,
        event_hash,
        type_number,
        phase_number,
        has_phase_text,
        role_key,
        price,
        magnitude,
        significance,
        duration_declared_us,
        htf_regime_given is not null or htf_confluence is not null as has_regime,
        case
            when htf_regime_given in (0, 1, 2) then cast(htf_regime_given as integer)
            when htf_confluence < 0.33 then 0
            when htf_confluence < 0.67 then 1
            when htf_confluence is not null then 2
            else 1
        end as htf_regime,
        case
            when spans_clock_change
                then {{ microseconds_between(
                    utc_instant('start_local', 'time_zone'),
                    utc_instant(
                        after_microseconds('start_local', 'local_elapsed_us'), 'time_zone'
                    )
                ) }}
            else local_elapsed_us
        end as read_elapsed_us
    from unrolled

)

select * from final
