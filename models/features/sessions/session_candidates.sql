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
        coalesce(start_instant, session_on + to_microseconds(start_clock_us)) as start_local,
        coalesce(end_instant, session_on + to_microseconds(end_clock_us)) as end_local
    from dated

),

crossed as (

    select
        *,
        coalesce(end_instant is null and end_local < start_local, false) as crosses_midnight
    from started

),

measured as (

    select
        *,
        date_diff('microsecond', start_local, end_local)
        + case when crosses_midnight then {{ microseconds(1, 'day') }} else 0 end
            as duration_read_us
    from crossed

),

final as (

    select
        file_name,
        session_key,
        symbol,
        session_type,
        session_on,
        time_zone,
        start_local,
        crosses_midnight,
        coalesce(duration_read_us, duration_given_us) as duration_us,
        case
            when session_type is null then 'missing_session_type'
            when session_on is null then 'missing_session_date'
            when start_local is null then 'missing_start_time'
            when time_zone is null then 'unknown_time_zone'
            when duration_read_us <= 0 or duration_given_us <= 0 then 'duration_not_positive'
            -- An end before the start is the next day's, unless the given duration denies it.
            when crosses_midnight and duration_given_us < duration_read_us / 2
                then 'duration_not_positive'
            when coalesce(duration_read_us, duration_given_us) > {{ microseconds(7, 'day') }}
                then 'duration_too_long'
        end as reason
    from measured

)

select * from final
