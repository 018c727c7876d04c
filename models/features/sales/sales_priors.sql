with

sums as (

    select * from {{ ref('sales_series_sums') }}

),

trailing_days as (

    select * from {{ ref('sales_trailing_days') }}

),

sku_sums as (

    select
        sku,
        scored_on,
        cast(sum(units) as double) as units
    from sums
    group by sku, scored_on

),

store_sums as (

    select
        store_id,
        scored_on,
        cast(sum(units) as double) as units
    from sums
    group by store_id, scored_on

),

chain_sums as (

    select
        scored_on,
        cast(sum(units) as double) as units
    from sums
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

final as (

    select
        sums.store_id,
        sums.sku,
        sums.scored_on,
        sku_sums.units * store_sums.units / chain_sums.units / store_weights.weight as prior_level,
        -- No trimmed mean is above this: all of the rates over the days that are left of them.
        cast(sums.level_days as double)
        / (sums.n_days * (1 - 2 * {{ var('baseline_trim') }})) as highest_level
    -- Left joins, though every row has a match: they keep the join of sums with sums, by day alone,
    -- out of the optimizer's reach.
    from sums
    left join sku_sums
        on sums.sku = sku_sums.sku and sums.scored_on = sku_sums.scored_on
    left join store_sums
        on sums.store_id = store_sums.store_id and sums.scored_on = store_sums.scored_on
    left join store_weights
        on sums.store_id = store_weights.store_id and sums.scored_on = store_weights.scored_on
    left join chain_sums on sums.scored_on = chain_sums.scored_on

)

select * from final
