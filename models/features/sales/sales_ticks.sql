with

ticks as (

    select * from {{ ref('stg_sales__ticks') }}

),

pending as (

    select * from {{ ref('sales_pending_ticks') }}

),

reach as (

    -- The trailing days are weighed by the days before them.
    select min(scored_on) - 2 * {{ var('baseline_days') }} as first_on from pending

),

final as (

    select
        ticks.store_id,
        ticks.sku,
        cast(ticks.tick_local as date) as sold_on,
        cast(
            (extract(hour from ticks.tick_local) * 60 + extract(minute from ticks.tick_local))
            // {{ sales_tick_minutes() }} as integer
        ) as tick_of_day,
        ticks.tick_local,
        cast(sum(ticks.units) as decimal(28, 3)) as units
    from ticks
    cross join reach
    where cast(ticks.tick_local as date) >= reach.first_on
    group by ticks.store_id, ticks.sku, ticks.tick_local

)

select * from final
