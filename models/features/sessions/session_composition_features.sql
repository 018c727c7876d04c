with

events as (

    select * from {{ ref('session_window_events') }}

),

final as (

    select
        session_id,
        checkpoint_pct,
        count(*) as n_events,
        {% for phase in session_phases() %}
        1e2 * count(*) filter (where phase = '{{ phase }}') / count(*) as rate_{{ phase }},
        {% endfor %}
        {% for regime in [0, 1, 2] %}
        1e0 * count(*) filter (where htf_regime = {{ regime }}) / count(*)
            as htf_regime_{{ regime }},
        {% endfor %}
        bool_or(has_phase_text) as has_phase_text,
        bool_or(has_regime) as has_regime
    from events
    group by session_id, checkpoint_pct

)

select * from final
