with

fingerprints as (

    select * from {{ ref('session_fingerprints') }}

),

champion as (

    select * from {{ ref('session_models') }}
    where status = 'champion'

),

labels as (

    select * from {{ ref('session_training_labels') }}

),

-- What a session is trained to be called is what its present vector at 100 % was assigned to.
labelled as (

    select
        champion.model_version,
        labels.session_id,
        labels.archetype_id
    from champion
    inner join labels on champion.model_version = labels.model_version
    inner join fingerprints
        on
            labels.session_id = fingerprints.session_id
            and labels.vector_md5 = {{ vector_md5('fingerprints.feature_vector') }}
    where fingerprints.checkpoint_pct = 100

),

final as (

    select
        labelled.model_version,
        fingerprints.session_id,
        fingerprints.checkpoint_pct,
        fingerprints.session_type,
        fingerprints.session_on,
        labelled.archetype_id,
        cast(fingerprints.feature_vector as double[]) as feature_vector,
        {{ imputed_flags('fingerprints.imputed_features') }} as is_imputed
    from labelled
    inner join fingerprints on labelled.session_id = fingerprints.session_id
    where {{ session_fingerprinting() }}

)

select * from final
