with

fitted as (

    select * from {{ ref('fit_cluster_library') }}

),

patterns as (

    select * from {{ ref('cluster_library_patterns') }}

),

final as (

    select
        fitted.cluster_id,
        patterns.cluster_name,
        patterns.category,
        patterns.description,
        fitted.prefix,
        fitted.n_exemplars,
        cast(fitted.centroid as double[26]) as centroid,
        cast(fitted.spread as double[26]) as spread,
        fitted.reach,
        fitted.library_version,
        fitted.similarity,
        cast(fitted.metric_centre as double[26]) as metric_centre,
        fitted.metric_whitening
    from fitted
    inner join patterns on fitted.cluster_id = patterns.cluster_id

)

select * from final
