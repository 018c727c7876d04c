with

exemplars as (

    select * from {{ ref('cluster_library_exemplars') }}

),

numbers as (

    select
        exemplar_id,
        cluster_id,
        starts_at,
        quiet_ticks,
        {{ list_numbers('units') }} as units,
        {{ list_numbers('baseline') }} as baseline
    from exemplars

),

measured as (

    select
        *,
        len(units) as n_listed,
        len(units) - quiet_ticks as n_active,
        greatest({{ var('close_ticks') }} - quiet_ticks, 0) as n_added,
        {{ list_map('range(' ~ var('close_ticks') ~ ')', 'baseline[len(baseline)]') }} as quiet
    from numbers

),

cut as (

    {% for prefix in [25, 50, 75, 100] %}
    select
        exemplar_id,
        cluster_id,
        '{{ prefix }}' as prefix,
        starts_at,
        units[1:(n_active * {{ prefix }} + 99) // 100] as units,
        baseline[1:(n_active * {{ prefix }} + 99) // 100] as baseline
    from measured
    union all
    {% endfor %}
    -- A report ends with its quiet ticks: those that the curve lists, then plain baseline.
    select
        exemplar_id,
        cluster_id,
        'ended' as prefix,
        starts_at,
        units[1:least(n_listed, n_active + {{ var('close_ticks') }})] || quiet[1:n_added] as units,
        baseline[1:least(n_listed, n_active + {{ var('close_ticks') }})] || quiet[1:n_added]
            as baseline
    from measured

),

final as (

    select
        exemplar_id,
        cluster_id,
        prefix,
        cast(len(units) as integer) as n_ticks,
        units,
        baseline,
        {{ list_map(
            'range(len(units))', after_microseconds('starts_at', 'x * ' ~ microseconds(60, 'minute'))
        ) }} as tick_locals
    from cut

)

select * from final
