{%- set minutes = sales_tick_minutes() -%}

with

clock as (

    select * from {{ ref('stg_sales__clock') }}

),

ticks as (

    select * from {{ ref('stg_sales__ticks') }}

),

bounds as (

    select
        clock.processed_to,
        clock.as_of_at,
        -- Whatever the zone, a tick ends within two days of the local day it began on.
        greatest(
            min(cast(ticks.tick_local as date)), cast(clock.processed_to as date) - 2
        ) as first_on,
        cast(clock.as_of_at as date) + 1 as last_on
    from clock
    cross join ticks
    group by clock.processed_to, clock.as_of_at

),

days as (

    select
        processed_to,
        as_of_at,
        {{ each_day('first_on', 'last_on') }} as scored_on
    from bounds
    where first_on <= last_on

),

slots as (

    select {{ each_integer(0, 1440 // minutes - 1) }} as tick_of_day

),

starts as (

    select
        days.scored_on,
        slots.tick_of_day,
        days.processed_to,
        days.as_of_at,
        {{ after_microseconds(
            'cast(days.scored_on as timestamp)',
            'slots.tick_of_day * ' ~ microseconds(minutes, 'minute')
        ) }} as tick_local
    from days
    cross join slots

),

ticks_in_time as (

    select
        *,
        {{ sales_tick_end(after_microseconds(
            'tick_local', '-' ~ microseconds(minutes, 'minute')
        )) }} as started_at,
        {{ sales_tick_end('tick_local') }} as written_at
    from starts

),

final as (

    select
        scored_on,
        cast(isodow(scored_on) as integer) as isodow,
        tick_of_day,
        tick_local,
        started_at,
        written_at
    from ticks_in_time
    where
        written_at <= as_of_at
        and (processed_to is null or written_at > processed_to)
        -- A local time that the clocks jump over is no tick.
        and started_at < written_at

)

select * from final
