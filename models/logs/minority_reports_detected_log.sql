with

slices as (

    select * from {{ ref('anomaly_slices') }}

),

clock as (

    select * from {{ ref('stg_sales__clock') }}

),

final as (

    select
        slices.report_id,
        slices.version,
        slices.store_id,
        slices.sku,
        slices.first_detected_from,
        slices.window_start,
        slices.window_end,
        slices.severity_score,
        slices.impact_estimate,
        case when slices.is_ended then 'ended' else 'open' end as report_status,
        slices.written_at,
        clock.run_id,
        slices.attributed_sales_total,
        slices.baseline_sales_total,
        slices.sign,
        slices.n_ticks,
        slices.quiet_ticks
    from slices
    cross join clock
    where
        slices.written_at >= clock.replay_from
        {%- if is_incremental() %}
        and not exists (
            select 1 from {{ this }} as logged
            where
                logged.report_id = slices.report_id
                and logged.version = slices.version
        )
        {%- endif %}

)

select * from final
