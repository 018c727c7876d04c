with

observed as (

    select * from {{ ref('sales_observed_ticks') }}

),

dispersions as (

    select * from {{ ref('sales_dispersions') }}

),

logged as (

    {{ earlier_rows('anomaly_classifier_model_prediction_log', sales_score_columns()) }}

),

first_pending as (

    select min(written_at) as written_at from observed

),

last_numbers as (

    select
        logged.store_id,
        logged.sku,
        max(logged.tick_number) as tick_number
    from logged
    cross join first_pending
    where logged.written_at < first_pending.written_at
    group by logged.store_id, logged.sku

),

counts as (

    select
        observed.*,
        dispersions.dispersion,
        cast(observed.units as double) as x,
        cast(observed.expected_units as double) as mu,
        coalesce(last_numbers.tick_number, 0) + row_number() over (
            partition by observed.store_id, observed.sku
            order by observed.written_at
        ) as tick_number
    from observed
    inner join dispersions
        on
            observed.store_id = dispersions.store_id
            and observed.sku = dispersions.sku
            and observed.scored_on = dispersions.scored_on
    left join last_numbers
        on observed.store_id = last_numbers.store_id and observed.sku = last_numbers.sku

),

scores as (

    select
        *,
        round({{ negative_binomial_residual('x', 'mu', 'dispersion') }}, 6) as z_score
    from counts

),

flags as (

    select
        *,
        case
            when
                is_thick
                and abs(z_score) >= {{ var('z_threshold') }}
                and abs(x - mu) >= {{ var('min_tick_units') }}
                then cast(sign(z_score) as integer)
            else 0
        end as flag
    from scores

),

final as (

    select
        store_id,
        sku,
        scored_on,
        tick_local,
        started_at,
        written_at,
        tick_number,
        units,
        expected_units,
        dispersion,
        z_score,
        flag,
        flag <> 0 and abs(z_score) >= 2 * {{ var('z_threshold') }} as is_strong
    from flags

)

select * from final
