with

anomalies as (

    select * from {{ ref('stg_sales_truth__anomalies') }}

),

reports as (

    select * from {{ ref('detection_reports') }}

),

match_scores as (

    select * from {{ ref('detection_match_scores') }}

),

classified as (

    select * from {{ ref('anomaly_classifier_model_prediction_log') }}

),

patterns as (

    select 'all' as pattern
    union
    select pattern from anomalies

),

scopes as (

    select
        patterns.pattern,
        moments.moment
    from patterns
    cross join {{ detection_moments() }} as moments (moment)

),

detected as (

    select
        scopes.pattern,
        scopes.moment,
        count(anomalies.anomaly_id) as n_planted,
        count(reports.report_id) as n_detected,
        median(reports.delay_ticks) as median_delay_ticks
    from scopes
    left join anomalies on scopes.pattern in ('all', anomalies.pattern)
    left join reports
        on
            anomalies.anomaly_id = reports.anomaly_id
            and reports.report_role = 'first'
            and reports.first_detected_from <= case scopes.moment
                when 'quarter' then anomalies.quarter_at
                when 'half' then anomalies.half_at
                else reports.first_detected_from
            end
    group by scopes.pattern, scopes.moment

),

-- A false report is of no pattern: it speaks about detection as a whole.
reported as (

    select
        'all' as pattern,
        count(*) as n_reports,
        count(*) filter (where report_role = 'first') as n_true,
        count(*) filter (where report_role = 'false') as n_false,
        (select count(*) from classified) as n_ticks
    from reports

),

final as (

    select
        detected.pattern,
        detected.moment,
        detected.n_planted,
        detected.n_detected,
        cast(detected.n_detected as double) / nullif(detected.n_planted, 0) as recall,
        detected.median_delay_ticks,
        reported.n_reports,
        reported.n_true,
        reported.n_false,
        cast(reported.n_true as double) / nullif(reported.n_true + reported.n_false, 0)
            as precision,
        1e3 * reported.n_reports / nullif(reported.n_ticks, 0) as reports_per_1000_ticks,
        coalesce(match_scores.n_matched, 0) as n_matched,
        match_scores.match_accuracy,
        match_scores.unmatched_share,
        match_scores.expected_calibration_error
    from detected
    left join reported on detected.pattern = reported.pattern
    left join match_scores
        on
            detected.pattern = match_scores.pattern
            and detected.moment = match_scores.moment

)

select * from final
