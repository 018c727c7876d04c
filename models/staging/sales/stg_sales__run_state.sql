{%- set zone = sql_text(var('sales_time_zone')) -%}
{%- set steps_us = 'cast(-steps_back.n as bigint) * ' ~ sales_tick_us() -%}
with

run_config as (

    select * from {{ ref('run_config') }}

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

-- The ticks before the one that holds replay_to: where the clocks repeat an hour, the local start
-- of a tick is an instant that lies up to an hour later.
candidates as (

    select {{ sales_tick_end(after_microseconds(
        sales_tick_start(local_time('settings.replay_to', zone)), steps_us
    )) }} as tick_end
    from settings
    cross join (values (1), (2), (3), (4), (5), (6)) as steps_back (n)

),

final as (

    select
        run_id,
        processed_to,
        known_to,
        replay_from,
        replay_to,
        (
            select max(candidates.tick_end) from candidates
            where candidates.tick_end <= settings.replay_to
        ) as replay_end
    from settings

)

select * from final
