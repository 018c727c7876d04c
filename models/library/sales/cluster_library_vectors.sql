with

draws as (

    select * from {{ ref('cluster_library_draws') }}

),

final as (

    select
        cluster_id,
        exemplar_id,
        prefix,
        feature_vector
    from draws
    where draw = 1

)

select * from final
