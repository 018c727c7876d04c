with

vectors as (

    select * from {{ ref('cluster_library_vectors') }}

),

versions as (

    select distinct library_version from {{ ref('cluster_library') }}

),

placed as (

    {{ earlier_rows('minority_map_anchors', {'library_version': 'varchar'}) }}

),

final as (

    select
        versions.library_version,
        vectors.exemplar_id,
        vectors.prefix,
        vectors.cluster_id,
        cast(vectors.feature_vector as double[]) as feature_vector
    from vectors
    cross join versions
    anti join placed on versions.library_version = placed.library_version

)

select * from final
