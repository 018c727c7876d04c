with

supplied_rows as (

    select * from {{ ref('stg_sales_mrdl__judged_rows') }}

),

final as (

    select
        store_id,
        sku,
        sign,
        window_start,
        window_end,
        first_detected_from,
        severity_score,
        file_name
    from supplied_rows
    where reason is null

)

select * from final
