{#-
    The CTEs from `series_days` (store_id, sku, scored_on, sold_on, units, day_weight, n_days_left)
    or, where there is one, `measured` (store_id, sku, scored_on, n_days, units, own_level), and
    `priors` (store_id, sku, scored_on, prior_level) to `final`: what a series is expected to sell
    in a trading tick, and whether that is enough to be scored. A series stays followed for
    `baseline_days` after it was last thick, so that an open report of one that dwindles closes.
-#}
{% macro sales_levels(has_measured=false) -%}
supplied as (

    select
        store_id,
        sku
    from {{ ref('stg_sales_mrdl__reports') }}
    group by store_id, sku

),

logged_days as (

    {{ earlier_rows('baseline_sales_model_prediction_log', {
        'store_id': 'varchar',
        'sku': 'varchar',
        'scored_on': 'date',
        'written_at': 'timestamp',
        'is_thick': 'boolean',
    }) }}

),

trading_days as (

    select
        store_id,
        scored_on
    from {{ ref('sales_profiles') }}
    where isodow = isodow(scored_on)
    group by store_id, scored_on

),

{% if not has_measured %}
measured as (

    select
        store_id,
        sku,
        scored_on,
        max(n_days_left) as n_days,
        cast(sum(units) as double) as units,
        {{ trimmed_mean('cast(units as double) / day_weight', 'max(n_days_left)') }} as own_level
    from series_days
    group by store_id, sku, scored_on

),

{% endif %}
levels as (

    select
        measured.store_id,
        measured.sku,
        measured.scored_on,
        cast(measured.n_days as integer) as n_days,
        round(
            (
                measured.units * measured.own_level
                + {{ var('shrink_units') }} * coalesce(priors.prior_level, measured.own_level)
            ) / (measured.units + {{ var('shrink_units') }}),
            6
        ) as level_units
    from measured
    left join priors
        on
            measured.store_id = priors.store_id
            and measured.sku = priors.sku
            and measured.scored_on = priors.scored_on

),

rated as (

    select
        *,
        n_days >= {{ var('baseline_min_days') }} and level_units >= {{ var('min_tick_units') }}
            as is_thick
    from levels

),

first_pending as (

    select min(written_at) as written_at from {{ ref('sales_pending_ticks') }}

),

-- Ticks that a killed build logged are pending still.
last_logged as (

    select
        logged_days.store_id,
        logged_days.sku,
        max(logged_days.scored_on) as thick_on
    from logged_days
    cross join first_pending
    where
        logged_days.is_thick
        and logged_days.written_at < first_pending.written_at
    group by logged_days.store_id, logged_days.sku

),

last_thick as (

    select
        rated.*,
        coalesce(
            -- The log holds trading days alone.
            max(
                case
                    when rated.is_thick and trading_days.scored_on is not null
                        then rated.scored_on
                end
            ) over (
                partition by rated.store_id, rated.sku
                order by rated.scored_on
                rows between unbounded preceding and current row
            ),
            last_logged.thick_on
        ) as thick_on
    from rated
    left join trading_days
        on
            rated.store_id = trading_days.store_id
            and rated.scored_on = trading_days.scored_on
    left join last_logged
        on rated.store_id = last_logged.store_id and rated.sku = last_logged.sku

),

final as (

    select
        last_thick.store_id,
        last_thick.sku,
        last_thick.scored_on,
        last_thick.n_days,
        last_thick.level_units,
        last_thick.is_thick,
        coalesce(
            last_thick.scored_on - last_thick.thick_on <= {{ var('baseline_days') }}, false
        )
        or (
            supplied.sku is not null
            and last_thick.n_days >= {{ var('baseline_min_days') }}
            and last_thick.level_units > 0
        ) as is_followed
    from last_thick
    left join supplied
        on last_thick.store_id = supplied.store_id and last_thick.sku = supplied.sku

)

select * from final
{%- endmacro %}
