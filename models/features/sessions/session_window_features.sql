{{ config(
    meta={'part_events': 6000000},
    pre_hook="{{ begin_session_parts(ref('session_events'), model.config.meta.part_events) }}",
    post_hook="{{ add_session_parts(this, model['compiled_code']) }}",
) }}

with

lists as (

    select * from {{ ref('session_window_lists') }}

),

measured as (

    select
        *,
        list_max(prices) - list_min(prices) as price_range,
        {{ list_statistic('median', 'prices') }} as price_median,
        {{ list_statistic('stddev_pop', 'changes') }} as change_std,
        {{ list_statistic('sum', list_map('changes', 'abs(x)')) }} as path_length,
        {{ list_steps('directions', 'len(directions)') }} as turns,
        {{ list_map('role_counts', '1e0 * x / n_events') }} as role_shares
    from lists

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
        1e2 * len({{ list_where('phase_numbers', 'x = ' ~ loop.index) }}) / n_events
            as rate_{{ phase }},
        {% endfor %}
        {% for regime in [0, 1, 2] %}
        1e0 * len({{ list_where('regimes', 'x = ' ~ regime) }}) / n_events
            as htf_regime_{{ regime }},
        {% endfor %}
        case when price_median > 0 then price_range / price_median end as relative_range,
        case when price_median > 0 then ln(1 + 1e4 * change_std / price_median) end as volatility,
        -- A deviation of rounding size is none: 0.1 has no exact double.
        case
            when change_std > 1e-12 * abs(price_median)
                then {{ list_statistic('stddev_pop', 'change_means') }} / change_std
        end as momentum_smoothness,
        1 - 1e0 * list_unique(prices) / nullif(n_prices, 0) as level_revisit_rate,
        (prices[n_prices] - prices[1]) / nullif(price_range, 0) as net_move_ratio,
        price_range / nullif(path_length, 0) as range_efficiency,
        path_length / len(changes) / nullif(price_range, 0) as step_to_range,
        1e0 * len({{ list_where('turns', 'x != 0') }}) / nullif(len(turns), 0)
            as direction_change_rate,
        {% for bar in session_bars() %}
        {{ list_statistic('sum', session_bar_places('bars_' ~ bar)) }} / n_prices
            as bar_position_{{ bar }},
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
        1e0 * len({{ list_where(list_steps('phase_numbers', 'n_events'), 'x != 0') }})
        / nullif(n_events - 1, 0) as phase_switch_rate,
        {{ list_coefficient_of_variation('magnitudes') }} as magnitude_cv,
        1 - list_sum(list_sort({{ list_map('role_shares', '-x * log2(x)') }})) / log2(9)
            as role_coherence,
        {{ list_total('significances') }} / n_events as significance_mean
    from measured

)

select * from final
