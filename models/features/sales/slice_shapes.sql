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
        tick_locals
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
        tick_locals
    from exemplars

),

compared as (

    select
        *,
        {{ list_relative_deviations('units', 'baseline') }} as deviations
    from slices

),

sized as (

    select
        *,
        {{ list_map('deviations', 'abs(x)') }} as magnitudes
    from compared

),

measured as (

    select
        *,
        list_max(magnitudes) as largest,
        {{ list_total('magnitudes') }} / n_ticks as mean_magnitude
    from sized

),

shaped as (

    select
        *,
        -- Every tick at its baseline has no shape: flat.
        case
            when largest > 0 then {{ list_map('deviations', 'x / largest') }}
            else deviations
        end as shape
    from measured

),

-- Every window begins at the baseline, so the first step leads into the first tick.
entered as (

    select
        *,
        [0e0] || shape as entered_shape
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
        {{ list_steps('entered_shape', 'n_ticks + 1') }} as steps,
        shape[n_ticks] / n_ticks as mean_step
    from entered

)

select * from final
