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

-- A list of days is kept once a span, not once a day that is scored: that would be forty times as
-- much. Each day stands in its own span's and in the next one's, so one holds all trailing days.
spans as (

    select
        days.store_id,
        days.sku,
        {{ day_span('days.sold_on') }} + later.n_spans as span,
        list(struct_pack(sold_on := days.sold_on, excess := days.excess)) as span_days
    from days
    cross join (values (0), (1)) as later (n_spans)
    where days.excess is not null
    group by days.store_id, days.sku, span

),

window_days as (

    select
        series.store_id,
        series.sku,
        series.scored_on,
        {{ list_map(
            list_where(
                'spans.span_days',
                'x.sold_on < series.scored_on'
                ~ ' and x.sold_on >= series.scored_on - ' ~ var('baseline_days')
            ),
            'x.excess'
        ) }} as excesses
    from series
    inner join spans
        on
            series.store_id = spans.store_id
            and series.sku = spans.sku
            and {{ day_span('series.scored_on - 1') }} = spans.span

),

measured as (

    select
        store_id,
        sku,
        scored_on,
        len(excesses) as n_days,
        {{ list_trimmed_mean('excesses', 'len(excesses)') }} as own_dispersion
    from window_days

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
