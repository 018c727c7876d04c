with

report_ticks as (

    select * from {{ ref('sales_report_ticks') }}

),

-- Listed as they come and sorted afterwards: an aggregate that keeps an order sets aside room for
-- two thousand ticks a report.
listed as (

    select
        report_id,
        list_sort(list(struct_pack(
            n_ticks := n_ticks,
            units := cast(units as double),
            baseline := cast(expected_units as double),
            tick_local := tick_local
        ))) as all_ticks
    from report_ticks
    group by report_id

),

cut as (

    select
        report_id,
        {{ list_where('all_ticks', 'x.n_ticks >= 1') }} as window_ticks,
        {{ list_where('all_ticks', 'x.n_ticks < 1') }} as lead_in_ticks
    from listed

),

windows as (

    select
        report_id,
        {{ list_map('window_ticks', 'x.units') }} as units,
        {{ list_map('window_ticks', 'x.baseline') }} as baseline,
        {{ list_map('window_ticks', 'x.tick_local') }} as tick_locals,
        case when len(lead_in_ticks) > 0 then {{ list_map('lead_in_ticks', 'x.units') }} end
            as lead_in_units,
        case when len(lead_in_ticks) > 0 then {{ list_map('lead_in_ticks', 'x.baseline') }} end
            as lead_in_baseline
    from cut

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
        windows.lead_in_units,
        windows.lead_in_baseline
    from written
    inner join windows on written.report_id = windows.report_id

)

select * from final
