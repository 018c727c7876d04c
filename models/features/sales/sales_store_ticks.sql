with

ticks as (

    select * from {{ ref('sales_ticks') }}

),

-- The chain is the store of those series that are rolled up over stores.
grouped as (

    select
        case when is_chain then '*' else ticks.store_id end as store_id,
        ticks.sold_on,
        ticks.tick_of_day,
        ticks.tick_local,
        ticks.units
    from ticks
    cross join (select false as is_chain union all select true as is_chain) as levels

),

final as (

    select
        store_id,
        sold_on,
        tick_of_day,
        tick_local,
        cast(sum(units) as decimal(38, 3)) as units
    from grouped
    group by store_id, sold_on, tick_of_day, tick_local
    having sum(units) > 0

)

select * from final
