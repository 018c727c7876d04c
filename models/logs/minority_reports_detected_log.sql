with

slices as (

    select * from {{ ref('anomaly_slices') }}

),

clock as (

    select * from {{ ref('stg_sales__clock') }}

),

in_range as (

    select
        slices.*,
        clock.run_id
    from slices
    inner join clock on slices.written_at >= clock.replay_from

),

final as (

    select
        report_id,
        version,
        store_id,
        sku,
        first_detected_from,
        window_start,
        window_end,
        severity_score,
        impact_estimate,
        case when is_ended then 'ended' else 'open' end as report_status,
        written_at,
        run_id,
        attributed_sales_total,
        baseline_sales_total,
        sign,
        n_ticks,
        quiet_ticks
    from in_range
    {% if is_incremental() %}
    where
        not exists (
            select 1 from {{ this }} as logged
            where
                logged.report_id = in_range.report_id
                and logged.version = in_range.version
        )
    {% endif %}

)

select * from final
