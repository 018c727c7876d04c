with

supplied_rows as (

    select * from {{ ref('stg_sales_mrdl__rows') }}

),

series as (

    select distinct
        store_id,
        sku
    from {{ ref('stg_sales__ticks') }}

),

known as (

    select
        store_id,
        sku
    from series
    union
    select
        store_id,
        '*' as sku
    from series
    union
    select
        '*' as store_id,
        sku
    from series

),

known_stores as (

    select distinct store_id
    from known

),

judged as (

    select
        supplied_rows.* exclude (reason),
        case
            when supplied_rows.reason is not null then supplied_rows.reason
            when known_stores.store_id is null then 'unknown_store'
            when known.sku is null then 'unknown_sku'
        end as reason
    from supplied_rows
    left join known_stores on supplied_rows.store_id = known_stores.store_id
    left join known
        on supplied_rows.store_id = known.store_id and supplied_rows.sku = known.sku

),

-- A report is named by its store, sku and start: of several the one detected first is used.
ranked as (

    select
        *,
        row_number() over (
            partition by store_id, sku, window_start, reason is null
            order by
                first_detected_from asc nulls last, window_end desc, sign desc nulls last,
                severity_score desc nulls last, file_name asc, raw_row_md5 asc
        ) as place
    from judged

),

final as (

    select
        file_name,
        store_id,
        sku,
        sign,
        window_start,
        window_end,
        first_detected_from,
        severity_score,
        n_rows,
        n_rows_duplicate,
        case when reason is null and place > 1 then 'duplicate' else reason end as reason
    from ranked

)

select * from final
