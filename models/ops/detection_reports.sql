with

anomalies as (

    select * from {{ ref('stg_sales_truth__anomalies') }}

),

versions as (

    select * from {{ ref('minority_reports_detected_log') }}

),

-- A report may still begin in the quiet ticks that would have ended one.
scored_ticks as (

    select
        store_id,
        sku,
        written_at,
        row_number() over series as tick_number,
        lead(written_at, {{ var('close_ticks') }}, written_at) over series as quiet_until
    from {{ ref('anomaly_classifier_model_prediction_log') }}
    window series as (partition by store_id, sku order by written_at)

),

-- A report carries its window in every version; the last one says how far it reached.
reports as (

    select
        report_id,
        store_id,
        sku,
        sign,
        window_start,
        first_detected_from,
        max(window_end) as window_end
    from versions
    group by report_id, store_id, sku, sign, window_start, first_detected_from

),

reaches as (

    select
        anomalies.anomaly_id,
        anomalies.store_id,
        anomalies.sku,
        anomalies.sign,
        anomalies.window_start,
        count(*) filter (where scored_ticks.written_at <= anomalies.window_start)
            as n_ticks_before,
        max(scored_ticks.quiet_until) filter (where scored_ticks.written_at <= anomalies.window_end)
            as tail_end
    from anomalies
    inner join scored_ticks
        on anomalies.store_id = scored_ticks.store_id and anomalies.sku = scored_ticks.sku
    group by all

),

-- One anomaly a report: the earliest that it overlaps.
claims as (

    select
        reports.report_id,
        reaches.anomaly_id,
        reaches.n_ticks_before,
        row_number() over (
            partition by reports.report_id
            order by reaches.window_start, reaches.anomaly_id
        ) as anomaly_place
    from reports
    inner join reaches
        on
            reports.store_id = reaches.store_id
            and reports.sku = reaches.sku
            and reports.window_start < reaches.tail_end
            and reports.window_end > reaches.window_start
            and reaches.sign in (reports.sign, 0)

),

final as (

    select
        reports.report_id,
        reports.store_id,
        reports.sku,
        reports.sign,
        claims.anomaly_id,
        case
            when claims.anomaly_id is null then 'false'
            when row_number() over (
                partition by claims.anomaly_id
                order by reports.first_detected_from, reports.report_id
            ) = 1 then 'first'
            else 'further'
        end as report_role,
        reports.first_detected_from,
        case
            when claims.anomaly_id is not null
                then greatest(scored_ticks.tick_number - claims.n_ticks_before, 0)
        end as delay_ticks
    from reports
    left join claims on reports.report_id = claims.report_id and claims.anomaly_place = 1
    left join scored_ticks
        on
            reports.store_id = scored_ticks.store_id
            and reports.sku = scored_ticks.sku
            and reports.first_detected_from = scored_ticks.written_at

)

select * from final
