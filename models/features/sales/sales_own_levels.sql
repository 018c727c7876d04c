with

days as (

    select * from {{ ref('sales_series_days') }}

),

trailing_days as (

    select * from {{ ref('sales_trailing_days') }}

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
    inner join trailing_days
        on days.store_id = trailing_days.store_id and days.sold_on = trailing_days.sold_on

),

sums as (

    select
        store_id,
        sku,
        scored_on,
        sum(units) as units
    from series_days
    group by store_id, sku, scored_on

),

sku_sums as (

    select
        sku,
        scored_on,
        sum(units) as units
    from sums
    group by sku, scored_on

),

store_sums as (

    select
        store_id,
        scored_on,
        sum(units) as units
    from sums
    group by store_id, scored_on

),

chain_sums as (

    select
        scored_on,
        sum(units) as units
    from store_sums
    group by scored_on

),

store_weights as (

    select
        store_id,
        scored_on,
        {{ exact_sum('day_weight') }} as weight
    from trailing_days
    group by store_id, scored_on

),

-- What the store would sell of the sku if it sold its share of what the chain sells of it.
priors as (

    select
        sums.store_id,
        sums.sku,
        sums.scored_on,
        cast(sku_sums.units as double) * cast(store_sums.units as double)
        / cast(chain_sums.units as double) / store_weights.weight as prior_level
    from sums
    inner join sku_sums
        on sums.sku = sku_sums.sku and sums.scored_on = sku_sums.scored_on
    inner join store_sums
        on sums.store_id = store_sums.store_id and sums.scored_on = store_sums.scored_on
    inner join store_weights
        on sums.store_id = store_weights.store_id and sums.scored_on = store_weights.scored_on
    inner join chain_sums on sums.scored_on = chain_sums.scored_on

),

{{ sales_levels() }}
