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

numbered as (

    select
        *,
        row_number() over (
            partition by file_name, session_key, event_md5 order by position_in_file
        ) as copy_number
    from read_events

),

distinct_events as (

    select
        numbered.* exclude (copy_number, is_object),
        candidates.crosses_midnight or candidates.duration_us is null as may_cross_midnight,
        candidates.spans_clock_change,
        candidates.duration_us as duration_declared_us,
        candidates.start_local,
        candidates.time_zone,
        {{ clock_time('numbered.event_time') }} as event_clock_us,
        {{ local_instant('numbered.event_time', 'candidates.time_zone') }} as event_instant
    from numbered
    inner join candidates
        on
            numbered.file_name = candidates.file_name
            and numbered.session_key = candidates.session_key
    where numbered.copy_number = 1

),

measured as (

    select
        *,
        event_clock_us
        - {{ microseconds_between("date_trunc('day', start_local)", 'start_local') }}
            as clock_elapsed_us,
        {{ microseconds_between('start_local', 'event_instant') }} as instant_elapsed_us
    from distinct_events

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
    from measured

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
        duration_declared_us,
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
