with

fingerprints as (

    select * from {{ ref('session_fingerprints') }}
    where checkpoint_pct = 100

),

assignments as (

    select * from {{ ref('session_assignments') }}

),

champion as (

    select * from {{ ref('session_models') }}
    where status = 'champion'

),

archetypes as (

    select * from {{ ref('session_archetypes') }}

),

labels as (

    select * from {{ ref('session_training_labels') }}

),

final as (

    select
        fingerprints.session_id,
        fingerprints.session_type,
        fingerprints.session_on,
        fingerprints.started_at,
        fingerprints.as_of_at as ended_at,
        assignments.model_version,
        assignments.archetype_id,
        archetypes.archetype_label,
        assignments.confidence,
        assignments.distance,
        labels.session_id is not null as is_fitted_on,
        fingerprints.is_low_information,
        assignments.vector_md5 != md5(cast(to_json(fingerprints.feature_vector) as varchar))
            as is_assignment_stale,
        fingerprints.n_events,
        fingerprints.relative_range,
        fingerprints.net_move_ratio,
        fingerprints.volatility
    from fingerprints
    cross join champion
    inner join assignments
        on
            fingerprints.session_id = assignments.session_id
            and champion.model_version = assignments.model_version
    left join archetypes
        on
            assignments.model_version = archetypes.model_version
            and assignments.archetype_id = archetypes.archetype_id
    left join labels
        on
            fingerprints.session_id = labels.session_id
            and champion.model_version = labels.model_version

)

select * from final
