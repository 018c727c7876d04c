with

{% if env_var('ARCHETYPE_MRDL', '') %}
ticks as (

    select * from {{ ref('sales_window_ticks') }}

),

supplied as (

    select * from {{ ref('stg_sales_mrdl__reports') }}

),

-- The ticks of a window that a user's own detector has found, as far as they have passed.
supplied_windows as (

    select
        supplied.store_id,
        supplied.sku,
        supplied.sign,
        supplied.window_start,
        min(ticks.tick_number) as start_number,
        min(ticks.tick_number) filter (
            where ticks.written_at >= coalesce(supplied.first_detected_from, ticks.written_at)
        ) as opened_number,
        max(ticks.tick_number) filter (where ticks.started_at < supplied.window_end)
            as last_number
    from supplied
    inner join ticks
        on supplied.store_id = ticks.store_id and supplied.sku = ticks.sku
    where ticks.written_at > supplied.window_start
    group by
        supplied.store_id,
        supplied.sku,
        supplied.sign,
        supplied.window_start

),

{% else %}
runs as (

    select * from {{ ref('sales_flag_runs') }}

),

openings as (

    select
        *,
        row_number() over (
            partition by store_id, sku, flag, chain_number
            order by tick_number
        ) as nth_opening
    from runs
    where run_ticks >= {{ var('open_ticks') }} or is_strong

),

{% endif %}
final as (

    {% if env_var('ARCHETYPE_MRDL', '') %}
    select
        {{ sales_report_id('store_id', 'sku', 'window_start') }} as report_id,
        store_id,
        sku,
        sign,
        window_start,
        start_number,
        opened_number,
        last_number
    from supplied_windows
    where opened_number is not null and last_number >= start_number
    {% else %}
    select
        {{ sales_report_id('store_id', 'sku', 'run_started_at') }} as report_id,
        store_id,
        sku,
        flag as sign,
        run_started_at as window_start,
        run_start_number as start_number,
        tick_number as opened_number,
        last_number
    from openings
    where nth_opening = 1
    {% endif %}

)

select * from final
