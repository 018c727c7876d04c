with

ticks as (

    select * from {{ ref('sales_ticks') }}

),

days as (

    select * from {{ ref('sales_series_days') }}

),

weighted as (

    select
        ticks.store_id,
        ticks.sold_on,
        ticks.tick_of_day,
        ticks.tick_local,
        cast(cast(ticks.units as double) * days.store_weight as decimal(28, 6)) as units
    from ticks
    inner join days
        on
            ticks.store_id = days.store_id
            and ticks.sku = days.sku
            and ticks.sold_on = days.sold_on

),

-- The chain is the store of those series that are rolled up over stores.
sold as (

    select * from weighted
    union all
    select
        '*' as store_id,
        sold_on,
        tick_of_day,
        tick_local,
        units
    from weighted

),

final as (

    select
        store_id,
        sold_on,
        tick_of_day,
        tick_local,
        cast(sum(units) as decimal(38, 6)) as units
    from sold
    group by store_id, sold_on, tick_of_day, tick_local
    having sum(units) > 0

)

select * from final
