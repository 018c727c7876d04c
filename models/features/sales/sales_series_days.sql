with

ticks as (

    select * from {{ ref('sales_ticks') }}

),

days as (

    select
        store_id,
        sku,
        sold_on,
        cast(sum(units) as decimal(28, 3)) as units
    from ticks
    group by store_id, sku, sold_on
    -- A day of returns alone sold nothing.
    having sum(units) > 0

),

medians as (

    select
        *,
        count(*) over earlier_days as n_earlier_days,
        median(cast(units as double)) over earlier_days as median_units
    from days
    window earlier_days as (
        partition by store_id, sku
        order by sold_on
        range between interval {{ var('baseline_days') }} day preceding
        and interval 1 day preceding
    )

),

final as (

    select
        store_id,
        sku,
        sold_on,
        units,
        -- No day speaks for its store with more than twice what the sku used to sell.
        case
            when n_earlier_days >= 5
                then least(1, 2 * median_units / cast(units as double))
            else 1
        end as store_weight
    from medians

)

select * from final
