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

final as (

    select
        report_id,
        version,
        exemplar_id,
        prefix,
        n_ticks,
        units,
        baseline,
        tick_locals,
        deviations,
        magnitudes,
        largest,
        mean_magnitude,
        -- Every tick at its baseline has no shape: flat.
        case
            when largest > 0 then {{ list_map('deviations', 'x / largest') }}
            else deviations
        end as shape
    from measured

)

select * from final
