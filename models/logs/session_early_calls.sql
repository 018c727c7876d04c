with

pending as (

    select * from {{ ref('session_early_calls_pending') }}

),

matches as (

    select * from {{ ref('match_session_early_calls') }}

),

archetypes as (

    select * from {{ ref('session_archetypes') }}

),

described as (

    select
        model_version,
        archetype_id,
        volatility_class,
        range_p50,
        dominant_htf_regime,
        top_phases,
        list_transform(
            session_types,
            lambda t: struct_pack(
                session_type := t.session_type, probability := t.sessions / cast(size as double)
            )
        ) as session_type_probabilities
    from archetypes

),

final as (

    select
        pending.session_id,
        pending.checkpoint_pct,
        pending.model_version,
        pending.session_type,
        pending.session_on,
        matches.caller_version,
        matches.archetype_id,
        matches.confidence,
        matches.distance,
        matches.archetype_ids,
        matches.probabilities,
        matches.caller,
        matches.metric,
        matches.confidence_method,
        matches.scaler,
        case when matches.archetype_id is null then 'not_called' else 'called' end as status,
        case
            when pending.reason = 'called' and matches.archetype_id is null then 'no_caller'
            else pending.reason
        end as reason,
        coalesce(matches.is_held_out, false) as is_held_out,
        described.volatility_class,
        described.range_p50,
        described.dominant_htf_regime,
        described.top_phases,
        described.session_type_probabilities,
        pending.is_low_information,
        pending.vector_md5,
        pending.as_of_at
    from pending
    left join matches
        on
            pending.session_id = matches.session_id
            and pending.checkpoint_pct = matches.checkpoint_pct
            and pending.model_version = matches.model_version
    left join described
        on
            matches.model_version = described.model_version
            and matches.archetype_id = described.archetype_id
    {% if is_incremental() %}
    where
        not exists (
            select 1 from {{ this }} as logged
            where
                logged.session_id = pending.session_id
                and logged.checkpoint_pct = pending.checkpoint_pct
                and logged.model_version = pending.model_version
        )
    {% endif %}

)

select * from final
