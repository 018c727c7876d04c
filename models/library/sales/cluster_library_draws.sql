with

exemplars as (

    select * from {{ ref('cluster_library_exemplars') }}

),

vectors as (

    select * from {{ ref('slice_vectors') }}
    where exemplar_id is not null

),

final as (

    select
        exemplars.cluster_id,
        vectors.exemplar_id,
        vectors.draw,
        vectors.prefix,
        vectors.feature_vector
    from vectors
    inner join exemplars on vectors.exemplar_id = exemplars.exemplar_id

)

select * from final
