with

expected as (

    select * from {{ ref('sales_expected_ticks') }}

),

ticks as (

    select * from {{ ref('sales_ticks') }}

),

own_levels as (

    select * from {{ ref('sales_own_levels') }}
    -- What is thick but too young to be scored is rolled up with nothing.
    where is_followed or level_units >= {{ var('min_tick_units') }}

),

sku_levels as (

    select * from {{ ref('sales_sku_levels') }}
    -- What is thick but too young to be scored is rolled up with nothing.
    where is_followed or level_units >= {{ var('min_tick_units') }}

),

store_ticks as (

    select * from {{ ref('sales_store_ticks') }}

),

pending_ticks as (

    select
        ticks.store_id,
        ticks.sku,
        ticks.tick_local,
        ticks.units,
        own_levels.sku is not null as is_own,
        sku_levels.sku is not null as is_sku
    from ticks
    left join own_levels
        on
            ticks.store_id = own_levels.store_id
            and ticks.sku = own_levels.sku
            and ticks.sold_on = own_levels.scored_on
    left join sku_levels
        on ticks.sku = sku_levels.sku and ticks.sold_on = sku_levels.scored_on
    where ticks.tick_local >= (select min(expected.tick_local) from expected)

),

attributed_ticks as (

    select
        case when is_own or not is_sku then store_id else '*' end as store_id,
        case when is_own or is_sku then sku else '*' end as sku,
        tick_local,
        units
    from pending_ticks

),

series_ticks as (

    select
        store_id,
        sku,
        tick_local,
        sum(units) as units
    from attributed_ticks
    group by store_id, sku, tick_local

),

-- Nothing sold where three series or more were to sell ten units: the store was closed.
expected_stores as (

    select
        store_id,
        tick_local,
        count(*) as n_series,
        sum(expected_units) as units
    from expected
    where is_thick
    group by store_id, tick_local

),

final as (

    select
        expected.store_id,
        expected.sku,
        expected.scored_on,
        expected.tick_local,
        expected.started_at,
        expected.written_at,
        cast(greatest(coalesce(series_ticks.units, 0), 0) as decimal(28, 3)) as units,
        expected.expected_units,
        expected.is_thick
    from expected
    left join series_ticks
        on
            expected.store_id = series_ticks.store_id
            and expected.sku = series_ticks.sku
            and expected.tick_local = series_ticks.tick_local
    left join store_ticks
        on
            expected.store_id = store_ticks.store_id
            and expected.tick_local = store_ticks.tick_local
    left join expected_stores
        on
            expected.store_id = expected_stores.store_id
            and expected.tick_local = expected_stores.tick_local
    where
        store_ticks.tick_local is not null
        or coalesce(expected_stores.n_series, 0) < 3
        or expected_stores.units < 10

)

select * from final
