{{ config(materialized='view') }}

with

reports as (

    select * from {{ ref('anomaly_slices') }}

),

exemplars as (

    select * from {{ ref('exemplar_slices') }}

),

slices as (

    select
        report_id,
        version,
        cast(null as varchar) as exemplar_id,
        cast(null as integer) as draw,
        cast(null as varchar) as prefix,
        n_ticks,
        units,
        baseline,
        tick_locals,
        lead_in_units,
        lead_in_baseline
    from reports
    union all
    select
        cast(null as varchar) as report_id,
        cast(null as integer) as version,
        exemplar_id,
        draw,
        prefix,
        n_ticks,
        units,
        baseline,
        tick_locals,
        lead_in_units,
        lead_in_baseline
    from exemplars

),

compared as (

    select
        *,
        {{ list_relative_deviations('units', 'baseline') }} as deviations,
        {{ list_relative_deviations('lead_in_units', 'lead_in_baseline') }} as lead_in,
        {{ list_map('deviations', 'abs(x)') }} as magnitudes
    from slices

),

measured as (

    select
        *,
        list_max(magnitudes) as largest,
        {{ list_total('magnitudes') }} / n_ticks as mean_magnitude,
        coalesce({{ list_total('lead_in') }} / nullif(len(lead_in), 0), 0) as lead_in_mean
    from compared

),

shaped as (

    select
        *,
        -- Every tick at its baseline has no shape: flat.
        case
            when largest > 0 then {{ list_map('deviations', 'x / largest') }}
            else deviations
        end as shape,
        coalesce(lead_in_mean / nullif(largest, 0), 0) as shape_before
    from measured

),

entered as (

    select
        *,
        [shape_before] || shape as shape_from_before
    from shaped

),

final as (

    select
        report_id,
        version,
        exemplar_id,
        draw,
        prefix,
        n_ticks,
        units,
        baseline,
        tick_locals,
        deviations,
        magnitudes,
        largest,
        mean_magnitude,
        shape,
        shape_before,
        -- The first step leads into the window.
        {{ list_steps('shape_from_before', 'n_ticks + 1') }} as steps,
        (shape[n_ticks] - shape_before) / n_ticks as mean_step
    from entered

)

select * from final
