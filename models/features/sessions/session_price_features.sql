with

events as (

    select * from {{ ref('session_window_events') }}
    where price is not null

),

measured as (

    select
        session_id,
        checkpoint_pct,
        count(*) as n_prices,
        count(distinct price) as n_levels,
        max(price) - min(price) as price_range,
        median(price) as price_median,
        min(price) filter (where price_number = 1) as first_price,
        max_by(price, price_number) as last_price,
        {{ exact_stddev_pop('price_change') }} as change_std,
        {{ exact_stddev_pop('price_change_mean_3') }} as mean_3_std,
        {{ exact_sum('abs(price_change)') }} as path_length,
        count(price_change) as n_changes,
        1e0 * count(*) filter (where is_direction_change) / nullif(count(is_direction_change), 0)
            as direction_change_rate
    from events
    group by session_id, checkpoint_pct

),

final as (

    select
        session_id,
        checkpoint_pct,
        case when price_median > 0 then price_range / price_median end as relative_range,
        case when price_median > 0 then ln(1 + 1e4 * change_std / price_median) end as volatility,
        -- A deviation of rounding size is none: 0.1 has no exact double.
        case when change_std > 1e-12 * abs(price_median) then mean_3_std / change_std end
            as momentum_smoothness,
        1 - 1e0 * n_levels / n_prices as level_revisit_rate,
        (last_price - first_price) / nullif(price_range, 0) as net_move_ratio,
        price_range / nullif(path_length, 0) as range_efficiency,
        path_length / n_changes / nullif(price_range, 0) as step_to_range,
        direction_change_rate
    from measured

)

select * from final
