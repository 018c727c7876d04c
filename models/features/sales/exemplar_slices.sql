with

draws as (

    select * from {{ ref('exemplar_draws') }}

),

cut as (

    {% for prefix in [25, 50, 75, 100] %}
    select
        exemplar_id,
        draw,
        '{{ prefix }}' as prefix,
        starts_at,
        units[1:(n_window * {{ prefix }} + 99) // 100] as units,
        baseline[1:(n_window * {{ prefix }} + 99) // 100] as baseline,
        lead_in_units,
        lead_in_baseline
    from draws
    union all
    {% endfor %}
    -- A report ends with its quiet ticks.
    select
        exemplar_id,
        draw,
        'ended' as prefix,
        starts_at,
        units,
        baseline,
        lead_in_units,
        lead_in_baseline
    from draws

),

final as (

    select
        exemplar_id,
        draw,
        prefix,
        cast(len(units) as integer) as n_ticks,
        units,
        baseline,
        {{ list_map(
            'range(len(units))', after_microseconds('starts_at', 'x * ' ~ microseconds(60, 'minute'))
        ) }} as tick_locals,
        lead_in_units,
        lead_in_baseline
    from cut

)

select * from final
