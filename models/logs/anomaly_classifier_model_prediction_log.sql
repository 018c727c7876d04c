with

scored as (

    select * from {{ ref('sales_scored_ticks') }}

),

report_ticks as (

    select * from {{ ref('sales_report_ticks') }}

),

window_ticks as (

    select * from {{ ref('sales_window_ticks') }}

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

flag_changes as (

    select
        store_id,
        sku,
        written_at,
        started_at,
        flag,
        lag(flag, 1, 0) over (
            partition by store_id, sku
            order by tick_number
        ) as last_flag
    from window_ticks

),

runs as (

    select
        store_id,
        sku,
        written_at,
        max(case when flag <> last_flag then started_at end) over (
            partition by store_id, sku
            order by written_at
            rows between unbounded preceding and current row
        ) as run_started_at
    from flag_changes

),

final as (

    select
        {% for column in sales_score_columns() %}
        scored.{{ column }},
        {% endfor %}
        round(abs(scored.z_score) / {{ var('z_threshold') }}, 6) as severity_score,
        case when scored.flag <> 0 then runs.run_started_at end as run_started_at,
        open_reports.above_started_at,
        open_reports.below_started_at,
        clock.run_id
    from scored
    inner join runs
        on
            scored.store_id = runs.store_id
            and scored.sku = runs.sku
            and scored.written_at = runs.written_at
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
