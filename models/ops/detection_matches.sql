with

reports as (

    select * from {{ ref('detection_reports') }}

),

anomalies as (

    select * from {{ ref('stg_sales_truth__anomalies') }}

),

clustered as (

    select * from {{ ref('minority_reports_clustered_log') }}

),

rows_of_reports as (

    select
        clustered.report_id,
        clustered.written_at,
        clustered.cluster_name,
        clustered.cluster_id is not null as is_named,
        clustered.cluster_match_confidence,
        reports.report_role,
        anomalies.pattern,
        coalesce(anomalies.is_known, false) as is_known,
        anomalies.quarter_at,
        anomalies.half_at
    from clustered
    inner join reports on clustered.report_id = reports.report_id
    left join anomalies on reports.anomaly_id = anomalies.anomaly_id

),

-- A false report has no share of an anomaly, only ticks and an end.
standing as (

    select
        rows_of_reports.*,
        moments.moment
    from rows_of_reports
    cross join {{ detection_moments() }} as moments (moment)
    where
        moments.moment in ('whole', 'every tick')
        or (
            rows_of_reports.report_role = 'first'
            and rows_of_reports.written_at <= case moments.moment
                when 'quarter' then rows_of_reports.quarter_at
                when 'half' then rows_of_reports.half_at
            end
        )

),

ranked as (

    select
        *,
        row_number() over (partition by moment, report_id order by written_at desc) as place
    from standing

),

final as (

    select
        moment,
        report_id,
        written_at,
        report_role,
        pattern,
        is_known,
        cluster_name,
        is_named,
        coalesce(is_known and is_named and cluster_name = pattern, false) as is_right,
        cluster_match_confidence
    from ranked
    where place = 1 or moment = 'every tick'

)

select * from final
