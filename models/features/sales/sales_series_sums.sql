with

days as (

    select * from {{ ref('sales_series_days') }}

),

trailing_days as (

    select * from {{ ref('sales_trailing_days') }}

),

final as (

    select
        days.store_id,
        days.sku,
        trailing_days.scored_on,
        max(trailing_days.n_days_left) as n_days,
        cast(sum(days.units) as decimal(38, 3)) as units,
        cast(
            sum(cast(cast(days.units as double) / trailing_days.day_weight as decimal(28, 3)))
            as decimal(38, 3)
        ) as level_days
    from days
    inner join trailing_days
        on days.store_id = trailing_days.store_id and days.sold_on = trailing_days.sold_on
    group by days.store_id, days.sku, trailing_days.scored_on

)

select * from final
