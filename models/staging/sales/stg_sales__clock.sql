{%- set zone = sql_text(var('sales_time_zone')) -%}
with

run_state as (

    select * from {{ ref('stg_sales__run_state') }}

),

tallies as (

    select * from {{ ref('stg_sales__tallies') }}

),

sold_days as (

    select
        cast(tallies.tick_local as date) as sold_on,
        sum(tallies.n_rows) as n_rows,
        max(tallies.tick_local) as last_tick
    from tallies
    cross join run_state
    where
        tallies.reason is null
        and (run_state.known_to is null or tallies.written_at > run_state.known_to)
    group by cast(tallies.tick_local as date)

),

usual_day as (

    select median(n_rows) as n_rows
    from sold_days

),

-- A mistyped date makes a day of a row or two; such a day does not move the clock.
days as (

    select
        sold_days.sold_on,
        sold_days.last_tick
    from sold_days
    inner join usual_day on sold_days.n_rows * 100 >= usual_day.n_rows
    union all
    select
        cast({{ local_time('known_to', zone) }} as date) as sold_on,
        null as last_tick
    from run_state
    where known_to is not null

),

steps as (

    select
        *,
        date_diff('day', lag(sold_on) over in_order, sold_on) > {{ sales_gap_days() }}
            as is_after_gap
    from days
    window in_order as (order by sold_on asc, last_tick asc nulls first)

),

spells as (

    select
        *,
        count(*) filter (where is_after_gap) over in_order as spell
    from steps
    window in_order as (order by sold_on asc, last_tick asc nulls first)

),

believed as (

    select
        last_tick,
        spell = 0 or count(*) over (partition by spell) >= 3 as is_believed
    from spells

),

latest as (

    select {{ sales_tick_end(after_microseconds(
        'max(last_tick)', -(var('incomplete_ticks') * sales_tick_us())
    )) }} as complete_to
    from believed
    where is_believed

),

final as (

    select
        run_state.processed_to,
        greatest(
            least(greatest(latest.complete_to, run_state.known_to), run_state.replay_end),
            run_state.processed_to
        ) as as_of_at,
        run_state.replay_from,
        run_state.run_id,
        {{ sales_tick_minutes() }} as tick_minutes,
        {{ zone }} as time_zone
    from run_state
    cross join latest

)

select * from final
