with

fingerprints as (

    select * from {{ ref('session_fingerprints') }}
    where checkpoint_pct = 100

),

champion as (

    select * from {{ ref('session_models') }}
    where status = 'champion'

),

assigned as (

    {{ earlier_rows('session_assignments', {'session_id': 'varchar', 'model_version': 'varchar'}) }}

),

final as (

    select
        fingerprints.session_id,
        champion.model_version,
        cast(fingerprints.feature_vector as double[]) as feature_vector,
        {{ imputed_flags('fingerprints.imputed_features') }} as is_imputed,
        {{ vector_md5('fingerprints.feature_vector') }} as vector_md5,
        fingerprints.is_low_information,
        fingerprints.as_of_at
    from fingerprints
    cross join champion
    anti join assigned
        on
            fingerprints.session_id = assigned.session_id
            and champion.model_version = assigned.model_version

)

select * from final
