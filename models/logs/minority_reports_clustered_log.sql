with

matches as (

    select * from {{ ref('match_minority_reports') }}

),

pending as (

    select * from {{ ref('minority_reports_clustered_pending') }}

),

patterns as (

    select * from {{ ref('cluster_library_patterns') }}

),

final as (

    select
        pending.report_id,
        pending.store_id,
        pending.sku,
        matches.cluster_id,
        coalesce(patterns.cluster_name, 'Unmatched') as cluster_name,
        matches.similarity_score,
        matches.cluster_match_confidence,
        cast(pending.feature_vector as double[26]) as feature_vector,
        pending.written_at,
        pending.run_id,
        matches.distance,
        matches.runner_up_cluster_id,
        matches.library_version,
        pending.version,
        matches.match_score
    from matches
    inner join pending
        on matches.report_id = pending.report_id and matches.written_at = pending.written_at
    left join patterns on matches.cluster_id = patterns.cluster_id
    {% if is_incremental() %}
    where
        not exists (
            select 1 from {{ this }} as logged
            where
                logged.report_id = matches.report_id
                and logged.written_at = matches.written_at
        )
    {% endif %}

)

select * from final
