{%- set zone = "'" ~ var('sales_time_zone') ~ "'" -%}
{%- set tick_us = microseconds(sales_tick_minutes(), 'minute') -%}
with

run_config as (

    select * from {{ ref('run_config') }}

),

tallies as (

    select * from {{ ref('stg_sales__tallies') }}

),

logged as (

    {{ earlier_rows('sales_clock_log', {'processed_to': 'timestamp'}) }}

),

stored as (

    {{ earlier_rows('stg_sales__ticks', {'written_at': 'timestamp'}) }}

),

settings as (

    select
        run_id,
        coalesce(
            {{ sales_replay_instant('replay_from') }}, replay_from, timestamp '1900-01-01 00:00:00'
        ) as replay_from,
        coalesce({{ sales_replay_instant('replay_to') }}, replay_to) as replay_to,
        (select max(logged.processed_to) from logged) as processed_to,
        -- A build that was stopped may have stored ticks that no log holds yet.
        greatest(
            (select max(logged.processed_to) from logged),
            (select max(stored.written_at) from stored)
        ) as known_to
    from run_config

),

sold_days as (

    select
        cast(tallies.tick_local as date) as sold_on,
        sum(tallies.n_rows) as n_rows,
        max(tallies.tick_local) as last_tick
    from tallies
    cross join settings
    where
        tallies.reason is null
        and (settings.known_to is null or tallies.written_at > settings.known_to)
    group by cast(tallies.tick_local as date)

),

-- A mistyped date makes a day of a row or two; such a day does not move the clock.
days as (

    select
        sold_on,
        last_tick
    from sold_days
    where n_rows * 100 >= (select median(sold_days.n_rows) from sold_days)
    union all
    select
        cast({{ local_time('known_to', zone) }} as date) as sold_on,
        null as last_tick
    from settings
    where known_to is not null

),

steps as (

    select
        *,
        date_diff('day', lag(sold_on) over (order by sold_on asc, last_tick asc nulls first), sold_on)
        > {{ sales_gap_days() }} as is_after_gap
    from days

),

spells as (

    select
        *,
        count(*) filter (where is_after_gap)
            over (order by sold_on asc, last_tick asc nulls first) as spell
    from steps

),

believed as (

    select
        last_tick,
        spell = 0 or count(*) over (partition by spell) >= 3 as is_believed
    from spells

),

latest as (

    select {{ sales_tick_end(
        after_microseconds('max(last_tick)', '-' ~ var('incomplete_ticks') ~ ' * ' ~ tick_us)
    ) }} as complete_to
    from believed
    where is_believed

),

-- The last tick that ends by replay_to: where the clocks repeat an hour, up to an hour earlier.
replay_ends as (

    select max({{ sales_tick_end(after_microseconds(
        sales_tick_start(local_time('settings.replay_to', zone)),
        '-steps_back.n * ' ~ tick_us
    )) }}) as replay_end
    from settings
    cross join (select unnest(range(1, 7)) as n) as steps_back
    where {{ sales_tick_end(after_microseconds(
        sales_tick_start(local_time('settings.replay_to', zone)),
        '-steps_back.n * ' ~ tick_us
    )) }} <= settings.replay_to

),

final as (

    select
        settings.processed_to,
        greatest(
            least(greatest(latest.complete_to, settings.known_to), replay_ends.replay_end),
            settings.processed_to
        ) as as_of_at,
        settings.replay_from,
        settings.run_id,
        {{ sales_tick_minutes() }} as tick_minutes,
        {{ zone }} as time_zone
    from settings
    cross join latest
    cross join replay_ends

)

select * from final
