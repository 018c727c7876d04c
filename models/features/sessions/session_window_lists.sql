{{ config(materialized='view') }}

with

windows as (

    select * from {{ ref('session_windows') }}

),

events as (

    select * from {{ ref('session_events') }}
    where is_in_session

),

window_events as (

    select
        windows.session_hash,
        windows.checkpoint_pct,
        windows.horizon_us,
        events.*,
        {% for bar, minutes in session_bars().items() %}
        events.elapsed_us // {{ microseconds(minutes, 'minute') }}
        = cast(floor(windows.horizon_us / {{ microseconds(minutes, 'minute') }}) as bigint)
            as is_cut_{{ bar }},
        {% endfor %}
        least(9, cast(floor(10 * events.elapsed_us / windows.horizon_us) as integer)) as tenth
    from windows
    inner join events
        on
            windows.session_hash = events.session_hash
            and events.elapsed_us <= windows.horizon_us

),

final as (

    select
        session_hash,
        checkpoint_pct,
        count(*) as n_events,
        -- Conditions within the aggregates: a filter costs DuckDB a copy of all that is grouped.
        {% for phase in session_phases() %}
        count_if(phase_number = {{ loop.index }}) as n_{{ phase }},
        {% endfor %}
        {% for regime in [0, 1, 2] %}
        count_if(htf_regime = {{ regime }}) as n_regime_{{ regime }},
        {% endfor %}
        bool_or(has_phase_text) as has_phase_text,
        bool_or(has_regime) as has_regime,
        count_if(is_phase_switch) as n_phase_switches,
        count_if(is_direction_change) as n_direction_changes,
        count(is_direction_change) as n_directions,
        count(price) as n_prices,
        count(price_change) as n_changes,
        count(significance) > 0 as has_significance,
        count(structural_role) > 0 as has_role,
        max(elapsed_us) - min(elapsed_us) as span_us,
        min_by(price, event_number) as first_price,
        max_by(price, event_number) as last_price,
        {{ value_counts("coalesce(structural_role, '')") }} as role_counts,
        {{ value_counts('tenth') }} as tenth_counts,
        {% for bar in session_bars() %}
        list(case when not is_cut_{{ bar }} then position_{{ bar }} end) as positions_{{ bar }},
        list(case when is_cut_{{ bar }} then price end) as cut_prices_{{ bar }},
        {% endfor %}
        {{ sorted_list('elapsed_us / horizon_us') }} as times,
        {{ sorted_list('gap_us') }} as gaps,
        {{ sorted_list('price') }} as prices,
        {{ sorted_list('price_change') }} as changes,
        {{ sorted_list('abs(price_change)') }} as steps,
        {{ sorted_list('price_change_mean_3') }} as change_means,
        {{ sorted_list('abs(magnitude)') }} as magnitudes,
        {{ sorted_list('coalesce(significance, 0)') }} as significances
    from window_events
    group by session_hash, checkpoint_pct

)

select * from final
