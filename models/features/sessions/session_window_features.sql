with

windows as (

    select * from {{ ref('session_windows') }}

),

lists as (

    select * from {{ ref('session_window_lists') }}

),

measured as (

    select
        windows.*,
        lists.* exclude (session_hash, checkpoint_pct),
        list_max(prices) - list_min(prices) as price_range,
        {{ list_statistic('median', 'prices') }} as price_median,
        {{ list_statistic('stddev_pop', 'changes') }} as change_std,
        {{ list_statistic('sum', 'steps') }} as path_length,
        {% for bar in session_bars() %}
        list_sort(
            list_concat(
                positions_{{ bar }},
                {{ list_map('cut_prices_' ~ bar, session_bar_position(
                    'x', 'list_min(cut_prices_' ~ bar ~ ')', 'list_max(cut_prices_' ~ bar ~ ')'
                )) }}
            )
        ) as all_positions_{{ bar }},
        {% endfor %}
        {{ list_map('role_counts', '1e0 * x / n_events') }} as role_shares
    from windows
    inner join lists
        on
            windows.session_hash = lists.session_hash
            and windows.checkpoint_pct = lists.checkpoint_pct

),

final as (

    select
        session_id,
        checkpoint_pct,
        session_type,
        session_on,
        started_at,
        as_of_at,
        n_events,
        has_phase_text,
        has_regime,
        has_significance,
        has_role,
        {% for phase in session_phases() %}
        1e2 * n_{{ phase }} / n_events as rate_{{ phase }},
        {% endfor %}
        {% for regime in [0, 1, 2] %}
        1e0 * n_regime_{{ regime }} / n_events as htf_regime_{{ regime }},
        {% endfor %}
        case when price_median > 0 then price_range / price_median end as relative_range,
        case when price_median > 0 then ln(1 + 1e4 * change_std / price_median) end as volatility,
        -- A deviation of rounding size is none: 0.1 has no exact double.
        case
            when change_std > 1e-12 * abs(price_median)
                then {{ list_statistic('stddev_pop', 'change_means') }} / change_std
        end as momentum_smoothness,
        1 - 1e0 * list_unique(prices) / nullif(n_prices, 0) as level_revisit_rate,
        (last_price - first_price) / nullif(price_range, 0) as net_move_ratio,
        price_range / nullif(path_length, 0) as range_efficiency,
        path_length / n_changes / nullif(price_range, 0) as step_to_range,
        1e0 * n_direction_changes / nullif(n_directions, 0) as direction_change_rate,
        {% for bar in session_bars() %}
        {{ list_statistic('avg', 'all_positions_' ~ bar) }} as bar_position_{{ bar }},
        {% endfor %}
        {{ list_statistic('stddev_pop', 'times') }} as time_std,
        1 / (1 + {{ list_coefficient_of_variation('gaps') }}) as spacing_regularity,
        span_us / horizon_us as active_span_ratio,
        -- Empty tenths count too: ten counts whose mean is n / 10.
        sqrt(
            10 * {{ list_statistic('sum', list_map('tenth_counts', 'x * x')) }}
            - n_events * n_events
        ) / n_events as time_cluster_cv,
        1e0 * list_max(tenth_counts) / n_events as burst_intensity,
        {{ list_statistic('avg', 'times') }} as time_center,
        ln(1 + n_events / (horizon_us / 3600e6)) as event_density,
        1e0 * n_phase_switches / nullif(n_events - 1, 0) as phase_switch_rate,
        {{ list_coefficient_of_variation('magnitudes') }} as magnitude_cv,
        1 - list_sum(list_sort({{ list_map('role_shares', '-x * log2(x)') }})) / log2(9)
            as role_coherence,
        {{ list_statistic('avg', 'significances') }} as significance_mean
    from measured

)

select * from final
