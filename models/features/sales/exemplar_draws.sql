{#- How often each curve is drawn, and the scatter of counts beyond Poisson's. -#}
{%- set draws = 16 -%}
{%- set dispersion = 0.02 -%}

with

exemplars as (

    select * from {{ ref('cluster_library_exemplars') }}

),

numbers as (

    select
        exemplar_id,
        starts_at,
        {{ list_numbers('units') }} as curve_units,
        {{ list_numbers('baseline') }} as curve_baseline
    from exemplars

),

-- Before and after the curve lie quiet ticks at the baseline, for a report to rise from and end in.
lengthened as (

    select
        exemplar_id,
        starts_at,
        len(curve_units) as n_curve,
        len(curve_units) + 2 * {{ var('close_ticks') }} as n_listed,
        sign({{ list_total('curve_units') }} - {{ list_total('curve_baseline') }}) as sign,
        {{ list_map('range(' ~ var('close_ticks') ~ ')', 'curve_baseline[1]') }} as lead_in,
        {{ list_map('range(' ~ var('close_ticks') ~ ')', 'curve_baseline[len(curve_baseline)]') }}
            as lead_out,
        lead_in || curve_units || lead_out as expected_units,
        lead_in || curve_baseline || lead_out as baseline
    from numbers

),

spread as (

    select
        *,
        {{ list_map(
            'expected_units', 'sqrt(ln(1 + ' ~ dispersion ~ ' + 1 / greatest(x, 0.5)))'
        ) }} as scatter,
        {{ each_integer(1, draws) }} as draw
    from lengthened

),

drawn as (

    select
        *,
        {{ list_map(
            'range(1, n_listed + 1)',
            'round(expected_units[x] * exp(scatter[x] * '
            ~ md5_normal("exemplar_id || ' ' || draw || ' ' || x")
            ~ ' - scatter[x] * scatter[x] / 2))'
        ) }} as units
    from spread

),

flagged as (

    select
        *,
        {{ list_map(
            'range(1, n_listed + 1)',
            'sign * (' ~ negative_binomial_residual('units[x]', 'baseline[x]', dispersion)
            ~ ') >= ' ~ var('z_threshold') ~ ' and x > ' ~ var('close_ticks')
            ~ ' and x <= n_curve + ' ~ var('close_ticks')
        ) }} as flags
    from drawn

),

-- The window is that of a report: from the first of two ticks in a row that are flagged to the
-- last.
opened as (

    select
        *,
        {{ list_map('range(1, n_listed)', 'case when flags[x] and flags[x + 1] then x end') }}
            as openings,
        {{ list_map('range(1, n_listed + 1)', 'case when flags[x] then x end') }} as flagged_ticks,
        coalesce(list_min(openings), {{ var('close_ticks') }} + 1) as first_tick,
        coalesce(list_max(flagged_ticks), n_curve + {{ var('close_ticks') }}) as last_tick
    from flagged

),

final as (

    select
        exemplar_id,
        draw,
        starts_at,
        cast(last_tick - first_tick + 1 as integer) as n_window,
        units[first_tick:last_tick + {{ var('close_ticks') }}] as units,
        baseline[first_tick:last_tick + {{ var('close_ticks') }}] as baseline,
        units[first_tick - {{ var('close_ticks') }}:first_tick - 1] as lead_in_units,
        baseline[first_tick - {{ var('close_ticks') }}:first_tick - 1] as lead_in_baseline
    from opened

)

select * from final
