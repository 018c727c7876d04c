with

days as (

    select * from {{ ref('sales_series_days') }}

),

trailing_days as (

    select * from {{ ref('sales_trailing_days') }}

),

priors as (

    select * from {{ ref('sales_priors') }}

),

-- A series that can be thick on no day is not worth its trimmed means: most of a long tail is not.
candidates as (

    select
        store_id,
        sku
    from priors
    group by store_id, sku
    having max(greatest(highest_level, prior_level)) >= 0.99 * {{ var('min_tick_units') }}
    union
    select
        store_id,
        sku
    from ({{ earlier_rows('baseline_sales_model_prediction_log', {
        'store_id': 'varchar', 'sku': 'varchar'
    }) }}) as logged
    union
    select
        store_id,
        sku
    from {{ ref('stg_sales_mrdl__reports') }}

),

series_days as (

    select
        days.store_id,
        days.sku,
        trailing_days.scored_on,
        days.sold_on,
        days.units,
        trailing_days.day_weight,
        trailing_days.n_days_left
    from days
    inner join candidates on days.store_id = candidates.store_id and days.sku = candidates.sku
    inner join trailing_days
        on days.store_id = trailing_days.store_id and days.sold_on = trailing_days.sold_on

),

{{ sales_levels() }}
