with

spans as (

    select * from {{ ref('sales_report_spans') }}

),

ticks as (

    select * from {{ ref('sales_window_ticks') }}

),

numbers as (

    select
        *,
        {{ each_integer(
            'start_number - ' ~ var('close_ticks'), 'last_number + ' ~ var('close_ticks')
        ) }} as tick_number
    from spans

),

report_ticks as (

    select
        numbers.report_id,
        numbers.store_id,
        numbers.sku,
        numbers.sign,
        numbers.window_start,
        numbers.opened_number,
        ticks.tick_number,
        ticks.tick_local,
        ticks.written_at,
        ticks.units,
        ticks.expected_units,
        ticks.is_pending,
        abs(ticks.z_score) as magnitude,
        cast(numbers.tick_number - numbers.start_number + 1 as integer) as n_ticks,
        numbers.tick_number between numbers.start_number and numbers.last_number
        {%- if not env_var('ARCHETYPE_MRDL', '') %} and ticks.flag = numbers.sign{% endif %}
            as is_flagged
    from numbers
    inner join ticks
        on
            numbers.store_id = ticks.store_id
            and numbers.sku = ticks.sku
            and numbers.tick_number = ticks.tick_number

),

running as (

    select
        *,
        cast(
            sum(units) filter (where n_ticks >= 1) over so_far as decimal(38, 3)
        ) as units_so_far,
        cast(
            sum(expected_units) filter (where n_ticks >= 1) over so_far as decimal(38, 6)
        ) as expected_so_far
    from report_ticks
    window so_far as (
        partition by report_id
        order by tick_number
        rows between unbounded preceding and current row
    )

),

-- Both running sums only grow, so their largest value at a flag is that at the last flag.
as_of_tick as (

    select
        *,
        max(case when is_flagged then tick_number end) over so_far as last_flag_number,
        max(case when is_flagged then written_at end) over so_far as window_end,
        max(case when is_flagged then units_so_far end) over so_far as window_units,
        max(case when is_flagged then expected_so_far end) over so_far as window_expected,
        max(case when is_flagged then magnitude end) over so_far as magnitude_so_far
    from running
    window so_far as (
        partition by report_id
        order by tick_number
        rows between unbounded preceding and current row
    )

),

final as (

    select
        report_id,
        store_id,
        sku,
        coalesce(sign, case when window_units < window_expected then -1 else 1 end) as sign,
        cast(tick_number - opened_number + 1 as integer) as version,
        n_ticks,
        cast(tick_number - last_flag_number as integer) as quiet_ticks,
        tick_number - last_flag_number >= {{ var('close_ticks') }} as is_ended,
        min(case when tick_number = opened_number then written_at end) over (
            partition by report_id
        ) as first_detected_from,
        window_start,
        window_end,
        tick_local,
        written_at,
        units,
        expected_units,
        window_units,
        window_expected,
        round(magnitude_so_far / {{ var('z_threshold') }}, 6) as severity_score,
        is_pending
    from as_of_tick

)

select * from final
