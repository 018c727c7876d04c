with

clustered as (

    select * from {{ ref('minority_reports_clustered_log') }}

),

patterns as (

    select * from {{ ref('cluster_library_patterns') }}

),

names as (

    select
        report_id,
        version,
        cluster_name,
        lag(cluster_name) over (partition by report_id order by version) as name_before,
        row_number() over (partition by report_id order by version) as nth
    from clustered

),

name_changes as (

    select
        report_id,
        max(case when nth = 1 then cluster_name end) as first_cluster_name,
        cast(count(*) filter (where cluster_name != name_before) as integer) as n_renames,
        max(version) as version
    from names
    group by report_id

),

final as (

    select
        clustered.report_id,
        clustered.cluster_id,
        clustered.cluster_name,
        patterns.category,
        clustered.similarity_score,
        clustered.cluster_match_confidence,
        runners_up.cluster_name as runner_up_cluster_name,
        name_changes.first_cluster_name,
        name_changes.n_renames
    from clustered
    inner join name_changes
        on
            clustered.report_id = name_changes.report_id
            and clustered.version = name_changes.version
    left join patterns on clustered.cluster_id = patterns.cluster_id
    left join patterns as runners_up on clustered.runner_up_cluster_id = runners_up.cluster_id

)

select * from final
