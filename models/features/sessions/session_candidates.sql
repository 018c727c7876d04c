with

headers as (

    select * from {{ ref('session_headers') }}

),

dated as (

    select
        *,
        case
            when year(coalesce(given_on, cast(start_instant as date))) between 1900 and 2200
                then coalesce(given_on, cast(start_instant as date))
        end as session_on
    from headers

),

started as (

    select
        *,
        coalesce(start_instant, {{ after_microseconds('session_on', 'start_clock_us') }})
            as start_local,
        coalesce(end_instant, {{ after_microseconds('session_on', 'end_clock_us') }})
            as end_local
    from dated

),

spanned as (

    select
        *,
        -- An end by the clock that is not after the start is the next day's, unless the given
        -- duration denies it.
        case
            when end_instant is null and end_local < start_local then {{ microseconds(1, 'day') }}
            when
                end_instant is null
                and end_local = start_local
                and duration_given_us = {{ microseconds(1, 'day') }}
                then {{ microseconds(1, 'day') }}
            else 0
        end as day_us
    from started

),

measured as (

    select
        *,
        {{ microseconds_between('start_local', 'end_local') }} + day_us as duration_read_us
    from spanned

),

stopped as (

    select
        *,
        {{ after_microseconds('start_local', 'coalesce(duration_read_us, duration_given_us)') }}
            as stop_local
    from measured

),

lasting as (

    select
        *,
        {{ microseconds_between(
            utc_instant('start_local', 'time_zone'), utc_instant('stop_local', 'time_zone')
        ) }} as duration_us
    from stopped

),

final as (

    select
        file_name,
        session_key,
        {{ text_key('session_key') }} as session_hash,
        symbol,
        given_symbol,
        session_type,
        session_on,
        time_zone,
        start_local,
        coalesce(cast(stop_local as date) > cast(start_local as date), false) as crosses_midnight,
        coalesce(duration_us != coalesce(duration_read_us, duration_given_us), false)
            as spans_clock_change,
        duration_us,
        case
            when session_type is null then 'missing_session_type'
            when session_on is null then 'missing_session_date'
            when start_local is null then 'missing_start_time'
            when time_zone is null then 'unknown_time_zone'
            when is_end_given and coalesce(duration_read_us, duration_given_us) is null
                then 'unreadable_end'
            when duration_given_us < 0 or coalesce(duration_read_us, duration_given_us) <= 0
                then 'duration_not_positive'
            when day_us > 0 and duration_given_us < duration_read_us / 2
                then 'duration_not_positive'
            when coalesce(duration_read_us, duration_given_us) > {{ microseconds(7, 'day') }}
                then 'duration_too_long'
        end as reason
    from lasting

)

select * from final
