{{ config(materialized='view') }}

with

lists as (

    select * from {{ ref('session_event_lists') }}

),

windowed as (

    select
        * exclude (windows),
        unnest(windows) as session_window
    from lists

),

-- A window holds the first events of its session: nothing later can change what is made of them.
counted as (

    select
        * exclude (session_window),
        session_window.session_id,
        session_window.checkpoint_pct,
        session_window.session_type,
        session_window.session_on,
        session_window.started_at,
        session_window.as_of_at,
        session_window.horizon_us,
        len({{ list_where('elapsed_us', 'x <= session_window.horizon_us') }}) as n_events,
        len({{ list_where('price_elapsed_us', 'x <= session_window.horizon_us') }}) as n_prices
    from windowed

),

cut as (

    select
        * exclude (elapsed_us, price_elapsed_us, prices),
        {{ list_prefix('elapsed_us', 'n_events') }} as elapsed_us,
        {{ list_prefix('price_elapsed_us', 'n_prices') }} as price_elapsed_us,
        {{ list_prefix('prices', 'n_prices') }} as prices
    from counted
    where n_events > 0

),

compared as (

    select
        * exclude (phase_numbers, regimes, role_keys, magnitudes, significances),
        {% for bar, minutes in session_bars().items() %}
        {{ list_map('price_elapsed_us', 'x // ' ~ microseconds(minutes, 'minute')) }}
            as bar_numbers_{{ bar }},
        {% endfor %}
        {{ list_prefix('phase_numbers', 'n_events') }} as phase_numbers,
        {{ list_prefix('regimes', 'n_events') }} as regimes,
        {{ list_prefix('role_keys', 'n_events') }} as role_keys,
        {{ list_prefix('magnitudes', 'n_events') }} as magnitudes,
        {{ list_prefix('significances', 'n_events') }} as significances,
        {{ list_map('elapsed_us', 'x / horizon_us') }} as times,
        {{ list_map('elapsed_us', 'least(9, cast(floor(10 * x / horizon_us) as integer))') }}
            as tenths,
        {{ list_steps('elapsed_us', 'n_events') }} as gaps,
        {{ list_steps('prices', 'n_prices') }} as changes,
        {{ list_map('prices', 'x - prices[1]') }} as price_offsets
    from cut

),

turned as (

    select
        *,
        {% for bar in session_bars() %}
        {{ list_run_starts('bar_numbers_' ~ bar) }} as bar_starts_{{ bar }},
        {% endfor %}
        {{ list_map(list_where('changes', 'x != 0'), 'sign(x)') }} as directions
    from compared

),

final as (

    select
        session_hash,
        session_id,
        checkpoint_pct,
        session_type,
        session_on,
        started_at,
        as_of_at,
        horizon_us,
        n_events,
        n_prices,
        {{ list_statistic('count', 'phase_numbers') }} > 0 as has_phase_text,
        {{ list_statistic('count', 'regimes') }} > 0 as has_regime,
        {{ list_statistic('count', 'significances') }} > 0 as has_significance,
        list_max(role_keys) > 0 as has_role,
        list_max(elapsed_us) - list_min(elapsed_us) as span_us,
        {{ list_map('phase_numbers', 'coalesce(x, 0)') }} as phase_numbers,
        {{ list_map('regimes', 'coalesce(x, 1)') }} as regimes,
        times,
        gaps,
        prices,
        changes,
        directions,
        {{ list_map_places(
            'n_prices - 1', '(prices[i + 1] - prices[greatest(1, i - 2)]) / least(3, i)'
        ) }} as change_means,
        {% for bar in session_bars() %}
        {{ list_runs('price_offsets', 'bar_starts_' ~ bar) }} as bars_{{ bar }},
        {% endfor %}
        {{ list_value_counts('role_keys') }} as role_counts,
        {{ list_value_counts('tenths') }} as tenth_counts,
        magnitudes,
        significances
    from turned

)

select * from final
