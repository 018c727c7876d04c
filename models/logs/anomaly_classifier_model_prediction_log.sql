with

scored as (

    select * from {{ ref('sales_scored_ticks') }}

),

report_ticks as (

    select * from {{ ref('sales_report_ticks') }}

),

runs as (

    select * from {{ ref('sales_flag_runs') }}

),

clock as (

    select * from {{ ref('stg_sales__clock') }}

),

open_reports as (

    select
        store_id,
        sku,
        written_at,
        min(window_start) filter (where sign = 1) as above_started_at,
        min(window_start) filter (where sign = -1) as below_started_at
    from report_ticks
    where is_pending and version >= 1 and not is_ended
    group by store_id, sku, written_at

),

final as (

    select
        {% for column in sales_score_columns() %}
        scored.{{ column }},
        {% endfor %}
        round(abs(scored.z_score) / {{ var('z_threshold') }}, 6) as severity_score,
        runs.run_started_at,
        open_reports.above_started_at,
        open_reports.below_started_at,
        clock.run_id
    from scored
    left join runs
        on
            scored.store_id = runs.store_id
            and scored.sku = runs.sku
            and scored.tick_number = runs.tick_number
    left join open_reports
        on
            scored.store_id = open_reports.store_id
            and scored.sku = open_reports.sku
            and scored.written_at = open_reports.written_at
    cross join clock
    {% if is_incremental() %}
    where
        not exists (
            select 1 from {{ this }} as logged
            where
                logged.store_id = scored.store_id
                and logged.sku = scored.sku
                and logged.written_at = scored.written_at
        )
    {% endif %}

)

select * from final
