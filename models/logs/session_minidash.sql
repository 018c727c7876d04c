with

calls as (

    select * from {{ ref('session_early_calls') }}

),

archetypes as (

    select * from {{ ref('session_archetypes') }}

),

final as (

    select
        calls.session_id,
        calls.checkpoint_pct,
        calls.model_version,
        calls.session_type,
        calls.session_on,
        calls.status,
        calls.reason,
        calls.archetype_id,
        archetypes.archetype_label,
        calls.confidence,
        case
            when calls.confidence >= 0.8 then 'high'
            when calls.confidence >= 0.6 then 'medium'
            when calls.confidence is not null then 'low'
        end as confidence_level,
        calls.volatility_class,
        calls.range_p50,
        calls.is_held_out,
        calls.as_of_at
    from calls
    left join archetypes
        on
            calls.model_version = archetypes.model_version
            and calls.archetype_id = archetypes.archetype_id
    {% if is_incremental() %}
    where
        not exists (
            select 1 from {{ this }} as logged
            where
                logged.session_id = calls.session_id
                and logged.checkpoint_pct = calls.checkpoint_pct
                and logged.model_version = calls.model_version
        )
    {% endif %}

)

select * from final
