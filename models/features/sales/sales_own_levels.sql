with

days as (

    select * from {{ ref('sales_series_days') }}

),

weights as (

    select * from {{ ref('sales_trailing_weights') }}

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

-- A list of days is kept once a span, not once a day that is scored: that would be forty times as
-- much. Each day stands in its own span's and in the next one's, so one holds all trailing days.
spans as (

    select
        days.store_id,
        days.sku,
        {{ day_span('days.sold_on') }} + later.n_spans as span,
        list(struct_pack(sold_on := days.sold_on, units := days.units)) as span_days
    from days
    inner join candidates on days.store_id = candidates.store_id and days.sku = candidates.sku
    cross join (values (0), (1)) as later (n_spans)
    group by days.store_id, days.sku, span

),

window_days as (

    select
        spans.store_id,
        spans.sku,
        weights.scored_on,
        weights.day_weights,
        weights.days_left,
        {{ list_where(
            'spans.span_days',
            'x.sold_on < weights.scored_on'
            ~ ' and weights.day_weights[weights.scored_on - x.sold_on] is not null'
        ) }} as own_days
    from spans
    inner join weights
        on
            spans.store_id = weights.store_id
            and spans.span = {{ day_span('weights.scored_on - 1') }}

),

counted as (

    select
        *,
        list_max({{ list_map('own_days', 'days_left[scored_on - x.sold_on]') }}) as n_days
    from window_days
    where len(own_days) > 0

),

measured as (

    select
        store_id,
        sku,
        scored_on,
        n_days,
        cast(list_sum({{ list_map('own_days', 'x.units') }}) as double) as units,
        {{ list_trimmed_mean(
            list_map(
                'own_days', 'cast(x.units as double) / day_weights[scored_on - x.sold_on]'
            ),
            'n_days'
        ) }} as own_level
    from counted

),

{{ sales_levels(has_measured=true) }}
