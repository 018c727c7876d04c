with

detected as (

    select * from {{ ref('minority_reports_detected_log') }}

),

ended as (

    select * from {{ ref('minority_event_ended_log') }}

),

matches as (

    select * from {{ ref('minority_report_matches') }}

),

map as (

    select * from {{ ref('minority_report_map') }}

),

candidates as (

    select
        candidate_id,
        unnest(report_ids) as report_id
    from {{ ref('cluster_library_candidates') }}

),

versions as (

    select
        *,
        row_number() over (partition by report_id order by version desc) as nth_latest
    from detected

),

final as (

    select
        versions.report_id,
        versions.store_id,
        versions.sku,
        case when versions.sign > 0 then 'above' else 'below' end as direction,
        versions.report_status,
        versions.window_start,
        versions.window_end,
        versions.first_detected_from,
        ended.written_at as ended_at,
        versions.written_at,
        versions.version,
        versions.n_ticks,
        versions.severity_score,
        versions.impact_estimate,
        versions.attributed_sales_total,
        versions.baseline_sales_total,
        matches.cluster_id,
        matches.cluster_name,
        matches.category,
        matches.similarity_score,
        matches.cluster_match_confidence,
        matches.runner_up_cluster_name,
        matches.first_cluster_name,
        matches.n_renames,
        candidates.candidate_id,
        map.x,
        map.y
    from versions
    left join ended on versions.report_id = ended.report_id
    left join matches on versions.report_id = matches.report_id
    left join candidates on versions.report_id = candidates.report_id
    left join map on versions.report_id = map.report_id
    where versions.nth_latest = 1

)

select * from final
