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

final as (

    select
        store_id,
        sku,
        scored_on as sold_on,
        {{ decimal_sum('error * error - mu') }} / {{ decimal_sum('mu * mu') }} as excess
    from errors
    group by store_id, sku, scored_on

)

select * from final
