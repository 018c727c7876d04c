with

fitted as (

    select * from {{ ref('fit_cluster_candidates') }}

),

reports as (

    select * from {{ ref('unmatched_reports') }}

),

patterns as (

    select * from {{ ref('cluster_library_patterns') }}

),

memberships as (

    select
        candidate_id,
        unnest(report_ids) as report_id
    from fitted

),

members as (

    select
        memberships.candidate_id,
        cast(count(distinct reports.store_id) as integer) as n_stores,
        cast(count(distinct reports.sku) as integer) as n_skus,
        min(reports.written_at) as first_written_at,
        max(reports.written_at) as last_written_at
    from memberships
    inner join reports on memberships.report_id = reports.report_id
    group by memberships.candidate_id

),

final as (

    select
        fitted.candidate_id,
        fitted.n_reports,
        members.n_stores,
        members.n_skus,
        members.first_written_at,
        members.last_written_at,
        fitted.medoid_report_id,
        cast(fitted.centroid as double[26]) as centroid,
        fitted.spread,
        fitted.nearest_cluster_id,
        patterns.cluster_name as nearest_cluster_name,
        fitted.nearest_cluster_distance,
        fitted.report_ids
    from fitted
    inner join members on fitted.candidate_id = members.candidate_id
    left join patterns on fitted.nearest_cluster_id = patterns.cluster_id

)

select * from final
