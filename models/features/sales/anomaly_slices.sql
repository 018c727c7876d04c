with

report_ticks as (

    select * from {{ ref('sales_report_ticks') }}

),

windows as (

    select
        report_id,
        {{ ordered_list('cast(units as double)', 'n_ticks') }} as units,
        {{ ordered_list('cast(expected_units as double)', 'n_ticks') }} as baseline,
        {{ ordered_list('tick_local', 'n_ticks') }} as tick_locals
    from report_ticks
    where n_ticks >= 1
    group by report_id

),

lead_ins as (

    select
        report_id,
        {{ ordered_list('cast(units as double)', 'n_ticks') }} as units,
        {{ ordered_list('cast(expected_units as double)', 'n_ticks') }} as baseline
    from report_ticks
    where n_ticks < 1
    group by report_id

),

written as (

    select * from report_ticks
    where is_pending and version >= 1

),

final as (

    select
        written.report_id,
        written.version,
        written.store_id,
        written.sku,
        written.sign,
        written.first_detected_from,
        written.window_start,
        written.window_end,
        written.written_at,
        written.is_ended,
        written.quiet_ticks,
        written.n_ticks,
        written.severity_score,
        cast(written.window_units as double) as attributed_sales_total,
        cast(written.window_expected as double) as baseline_sales_total,
        cast(written.window_units - written.window_expected as double) as impact_estimate,
        {{ list_prefix('windows.units', 'written.n_ticks') }} as units,
        {{ list_prefix('windows.baseline', 'written.n_ticks') }} as baseline,
        {{ list_prefix('windows.tick_locals', 'written.n_ticks') }} as tick_locals,
        lead_ins.units as lead_in_units,
        lead_ins.baseline as lead_in_baseline
    from written
    inner join windows on written.report_id = windows.report_id
    left join lead_ins on written.report_id = lead_ins.report_id

)

select * from final
