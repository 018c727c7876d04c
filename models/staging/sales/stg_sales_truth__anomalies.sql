with

anomalies as (

    select * from {{ source('sales_truth', 'anomalies') }}

),

final as (

    select
        anomaly_id,
        store_id,
        sku,
        pattern,
        cast(is_known as boolean) as is_known,
        cast(sign as integer) as sign,
        cast(window_start as timestamp) as window_start,
        cast(quarter_at as timestamp) as quarter_at,
        cast(half_at as timestamp) as half_at,
        cast(window_end as timestamp) as window_end,
        cast(n_ticks as integer) as n_ticks,
        cast(peak as double) as peak
    from anomalies

)

select * from final
