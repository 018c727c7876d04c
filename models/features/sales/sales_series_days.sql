with

ticks as (

    select * from {{ ref('sales_ticks') }}

),

final as (

    select
        store_id,
        sku,
        sold_on,
        cast(sum(units) as decimal(28, 3)) as units
    from ticks
    group by store_id, sku, sold_on
    -- A day of returns alone sold nothing.
    having sum(units) > 0

)

select * from final
