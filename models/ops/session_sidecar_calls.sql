with

calls as (

    select * from {{ ref('session_early_calls') }}

),

pending as (

    select * from {{ ref('session_early_calls_pending') }}

),

champion as (

    select * from {{ ref('session_models') }}
    where status = 'champion'

),

runs as (

    select * from {{ ref('run_config') }}

),

final as (

    select
        runs.run_id,
        calls.session_id,
        calls.session_on,
        calls.checkpoint_pct,
        calls.archetype_id,
        calls.confidence,
        calls.volatility_class,
        calls.range_p50,
        calls.dominant_htf_regime,
        calls.top_phases,
        calls.session_type_probabilities,
        calls.distance,
        calls.metric,
        calls.confidence_method,
        calls.model_version,
        calls.as_of_at,
        calls.caller,
        calls.caller_version,
        champion.version_number,
        calls.status,
        calls.reason,
        pending.session_id is not null as is_new,
        case
            when calls.is_held_out
                then 'The model was fitted on this session, the caller was not.'
            when calls.is_low_information then 'Many features are unknown: they say nothing.'
            else ''
        end as notes
    from calls
    inner join champion on calls.model_version = champion.model_version
    cross join runs
    left join pending
        on
            calls.session_id = pending.session_id
            and calls.checkpoint_pct = pending.checkpoint_pct
            and calls.model_version = pending.model_version
    where
        {{ session_fingerprinting() }}
        and calls.checkpoint_pct = {{ var('sidecar_checkpoint') }}

)

select * from final
