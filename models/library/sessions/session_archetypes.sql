with

model_log as (

    select * from {{ ref('session_model_log') }}

),

archetypes as (

    select
        model_version,
        unnest(archetypes, recursive := false) as archetype
    from model_log

),

final as (

    select
        model_version,
        archetype.archetype_id,
        archetype.archetype_label,
        archetype.size,
        archetype.share,
        archetype.volatility_class,
        archetype.range_p50,
        archetype.top_phases,
        archetype.dominant_htf_regime,
        archetype.session_types,
        archetype.first_on,
        archetype.last_on,
        archetype.medoid_session_id,
        archetype.lineage,
        archetype.parent_archetype_id,
        archetype.match_distance,
        archetype.centroid,
        archetype.centroid_scaled,
        archetype.centroid_features
    from archetypes

)

select * from final
