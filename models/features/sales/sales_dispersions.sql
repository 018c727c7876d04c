with

observed as (

    select * from {{ ref('sales_observed_ticks') }}

),

pending as (

    select * from {{ ref('sales_pending_ticks') }}

),

logged as (

    {{ earlier_rows('anomaly_classifier_model_prediction_log', sales_score_columns()) }}

),

reach as (

    select
        min(scored_on) - {{ var('baseline_days') }} as first_on,
        min(written_at) as first_written_at
    from pending

),

ticks as (

    select
        store_id,
        sku,
        scored_on,
        units,
        expected_units
    from observed
    union all
    select
        logged.store_id,
        logged.sku,
        logged.scored_on,
        logged.units,
        logged.expected_units
    from logged
    cross join reach
    where logged.scored_on >= reach.first_on and logged.written_at < reach.first_written_at

),

errors as (

    select
        store_id,
        sku,
        scored_on,
        cast(expected_units as double) as mu,
        cast(units as double) - cast(expected_units as double) as error
    from ticks

),

-- How far a day's squared errors exceed those of a Poisson count, over the mean squared: the
-- moment estimate of the dispersion.
days as (

    select
        store_id,
        sku,
        scored_on as seen_on,
        {{ exact_sum('error * error - mu') }} / {{ exact_sum('mu * mu') }} as excess
    from errors
    group by store_id, sku, scored_on

),

series as (

    select
        store_id,
        sku,
        scored_on
    from observed
    group by store_id, sku, scored_on

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
            and series.scored_on - offsets.n_days_ago = days.seen_on
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
        greatest(
            (
                coalesce(measured.n_days * measured.own_dispersion, 0)
                + 5 * coalesce(pooled.pool_dispersion, 0.05)
            ) / (coalesce(measured.n_days, 0) + 5),
            0.01
        ) as dispersion
    from series
    left join measured
        on
            series.store_id = measured.store_id
            and series.sku = measured.sku
            and series.scored_on = measured.scored_on
    left join pooled on series.scored_on = pooled.scored_on

)

select * from final
