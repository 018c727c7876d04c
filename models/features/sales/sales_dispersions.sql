with

own_levels as (

    select * from {{ ref('sales_own_levels') }}

),

sku_levels as (

    select * from {{ ref('sales_sku_levels') }}

),

store_levels as (

    select * from {{ ref('sales_store_levels') }}

),

days as (

    select * from {{ ref('sales_error_days') }}

),

-- All that are followed on the day, whichever of its ticks are pending: the pool is the same.
series as (

    {% for levels in ['own_levels', 'sku_levels', 'store_levels'] %}
    select
        store_id,
        sku,
        scored_on
    from {{ levels }}
    where is_followed
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

offsets as (

    select {{ each_integer(1, var('baseline_days')) }} as n_days_ago

),

measured as (

    select
        series.store_id,
        series.sku,
        series.scored_on,
        count(days.excess) as n_days,
        {{ trimmed_mean('days.excess') }} as own_dispersion
    from series
    cross join offsets
    inner join days
        on
            series.store_id = days.store_id
            and series.sku = days.sku
            and series.scored_on - offsets.n_days_ago = days.sold_on
    group by series.store_id, series.sku, series.scored_on

),

pooled as (

    select
        scored_on,
        median(own_dispersion) as pool_dispersion
    from measured
    where n_days >= 7
    group by scored_on

),

final as (

    select
        series.store_id,
        series.sku,
        series.scored_on,
        -- A series speaks for itself as far as it has been seen: five days weigh as the others'.
        round(greatest(
            (
                coalesce(measured.n_days * measured.own_dispersion, 0)
                + 5 * coalesce(pooled.pool_dispersion, 0.05)
            ) / (coalesce(measured.n_days, 0) + 5),
            0.01
        ), 6) as dispersion
    from series
    left join measured
        on
            series.store_id = measured.store_id
            and series.sku = measured.sku
            and series.scored_on = measured.scored_on
    left join pooled on series.scored_on = pooled.scored_on

)

select * from final
