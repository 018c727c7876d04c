with

fingerprints as (

    select * from {{ ref('session_fingerprints') }}

),

final as (

    select
        session_id,
        session_type,
        session_on,
        as_of_at,
        feature_schema,
        cast(feature_vector as double[]) as feature_vector,
        {{ imputed_flags('imputed_features') }} as is_imputed,
        relative_range,
        {{ vector_md5('feature_vector') }} as vector_md5
    from fingerprints
    where
        checkpoint_pct = 100
        and not is_low_information
        and n_events >= {{ var('min_events_to_fit') }}

)

select * from final
