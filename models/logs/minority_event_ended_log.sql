with

reports as (

    select * from {{ ref('minority_reports_detected_log') }}
    where report_status = 'ended'

),

final as (

    select
        report_id,
        store_id,
        sku,
        window_start,
        window_end,
        first_detected_from,
        written_at,
        run_id,
        version as n_versions
    from reports
    {% if is_incremental() %}
    where
        not exists (
            select 1 from {{ this }} as logged
            where logged.report_id = reports.report_id
        )
    {% endif %}

)

select * from final
