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

selection as (

    select * from {{ ref('session_selection') }}
    where reason is null

),

final as (

    select
        fingerprints.session_id,
        selection.symbol,
        fingerprints.session_type,
        fingerprints.session_on,
        selection.time_zone,
        selection.start_local as started_local,
        fingerprints.started_at,
        fingerprints.as_of_at as ended_at,
        assignments.model_version,
        assignments.archetype_id,
        archetypes.archetype_label,
        assignments.confidence,
        assignments.distance,
        labels.session_id is not null as is_fitted_on,
        fingerprints.is_low_information,
        assignments.vector_md5 != {{ vector_md5('fingerprints.feature_vector') }}
            as is_assignment_stale,
        fingerprints.n_events,
        fingerprints.relative_range,
        fingerprints.net_move_ratio,
        fingerprints.volatility
    from fingerprints
    inner join selection on fingerprints.session_id = selection.session_id
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
