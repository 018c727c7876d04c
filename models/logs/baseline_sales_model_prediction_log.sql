with

expected as (

    select * from {{ ref('sales_expected_ticks') }}

),

clock as (

    select * from {{ ref('stg_sales__clock') }}

),

final as (

    select
        expected.store_id,
        expected.sku,
        expected.scored_on,
        expected.tick_local,
        expected.written_at,
        expected.expected_units,
        expected.level_units,
        expected.profile,
        expected.n_days,
        expected.is_thick,
        clock.run_id
    from expected
    cross join clock
    {% if is_incremental() %}
    where
        not exists (
            select 1 from {{ this }} as logged
            where
                logged.store_id = expected.store_id
                and logged.sku = expected.sku
                and logged.written_at = expected.written_at
        )
    {% endif %}

)

select * from final
