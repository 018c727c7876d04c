{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

with

tallies as (

    select * from {{ ref('stg_sales__tallies') }}
    where reason is null

),

clock as (

    select * from {{ ref('stg_sales__clock') }}

),

final as (

    select
        tallies.file_name,
        tallies.store_id,
        tallies.sku,
        tallies.tick_local,
        tallies.written_at,
        tallies.units,
        tallies.revenue,
        tallies.n_rows,
        clock.tick_minutes
    from tallies
    inner join clock
        on
            tallies.written_at <= clock.as_of_at
            and tallies.written_at > coalesce(clock.processed_to, timestamp '1900-01-01 00:00:00')
    {% if is_incremental() %}
    where
        not exists (
            select 1 from {{ this }} as kept
            where
                kept.file_name = tallies.file_name
                and kept.store_id = tallies.store_id
                and kept.sku = tallies.sku
                and kept.tick_local = tallies.tick_local
        )
    {% endif %}

)

select * from final
