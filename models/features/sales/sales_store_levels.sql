with

days as (

    select * from {{ ref('sales_series_days') }}

),

trailing_days as (

    select * from {{ ref('sales_trailing_days') }}

),

own_levels as (

    select * from {{ ref('sales_own_levels') }}
    -- What is thick but too young to be scored is rolled up with nothing.
    where is_followed or level_units >= {{ var('min_tick_units') }}

),

sku_levels as (

    select * from {{ ref('sales_sku_levels') }}
    -- What is thick but too young to be scored is rolled up with nothing.
    where is_followed or level_units >= {{ var('min_tick_units') }}

),

-- What is left of a store on a day in skus that are thin in every store.
series_days as (

    select
        days.store_id,
        '*' as sku,
        trailing_days.scored_on,
        days.sold_on,
        sum(days.units) as units,
        trailing_days.day_weight,
        trailing_days.n_days_left
    from days
    inner join trailing_days
        on days.store_id = trailing_days.store_id and days.sold_on = trailing_days.sold_on
    anti join own_levels
        on
            days.store_id = own_levels.store_id
            and days.sku = own_levels.sku
            and trailing_days.scored_on = own_levels.scored_on
    anti join sku_levels
        on
            days.sku = sku_levels.sku
            and trailing_days.scored_on = sku_levels.scored_on
    group by
        days.store_id,
        trailing_days.scored_on,
        days.sold_on,
        trailing_days.day_weight,
        trailing_days.n_days_left

),

priors as (

    select
        store_id,
        sku,
        scored_on,
        cast(null as double) as prior_level
    from series_days
    where false

),

{{ sales_levels() }}
