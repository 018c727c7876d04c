with

ticks as (

    select * from {{ ref('sales_window_ticks') }}

),

flagged as (

    select
        store_id,
        sku,
        flag,
        tick_number,
        started_at,
        is_strong,
        tick_number - lag(tick_number) over (
            partition by store_id, sku, flag
            order by tick_number
        ) as distance
    from ticks
    where flag <> 0

),

numbered as (

    select
        *,
        count(*) filter (where coalesce(distance, 2) > 1) over (
            partition by store_id, sku, flag
            order by tick_number
            rows between unbounded preceding and current row
        ) as run_number,
        count(*) filter (
            where coalesce(distance, {{ var('close_ticks') + 1 }}) > {{ var('close_ticks') }}
        ) over (
            partition by store_id, sku, flag
            order by tick_number
            rows between unbounded preceding and current row
        ) as chain_number
    from flagged

),

final as (

    select
        store_id,
        sku,
        flag,
        tick_number,
        is_strong,
        chain_number,
        row_number() over (
            partition by store_id, sku, flag, run_number
            order by tick_number
        ) as run_ticks,
        min(tick_number) over (partition by store_id, sku, flag, run_number) as run_start_number,
        min(started_at) over (partition by store_id, sku, flag, run_number) as run_started_at,
        max(tick_number) over (partition by store_id, sku, flag, chain_number) as last_number
    from numbered

)

select * from final
