with

events as (

    select * from {{ ref('session_window_events') }}

),

measured as (

    select
        session_id,
        checkpoint_pct,
        1e0 * count(*) filter (where is_phase_switch) / nullif(count(is_phase_switch), 0)
            as phase_switch_rate,
        {{ coefficient_of_variation('abs(magnitude)') }} as magnitude_cv,
        {{ exact_avg('coalesce(significance, 0)') }} as significance_mean,
        count(significance) > 0 as has_significance,
        count(structural_role) > 0 as has_role
    from events
    group by session_id, checkpoint_pct

),

roles as (

    select
        session_id,
        checkpoint_pct,
        structural_role,
        count(*) as n_events
    from events
    group by session_id, checkpoint_pct, structural_role

),

role_shares as (

    select
        session_id,
        checkpoint_pct,
        1e0 * n_events / sum(n_events) over (partition by session_id, checkpoint_pct)
            as share
    from roles

),

entropies as (

    select
        session_id,
        checkpoint_pct,
        {{ exact_sum('-share * log2(share)') }} as role_entropy
    from role_shares
    group by session_id, checkpoint_pct

),

final as (

    select
        measured.session_id,
        measured.checkpoint_pct,
        measured.phase_switch_rate,
        measured.magnitude_cv,
        1 - entropies.role_entropy / log2(9) as role_coherence,
        measured.significance_mean,
        measured.has_significance,
        measured.has_role
    from measured
    inner join entropies
        on
            measured.session_id = entropies.session_id
            and measured.checkpoint_pct = entropies.checkpoint_pct

)

select * from final
