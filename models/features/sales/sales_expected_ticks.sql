with

own_levels as (

    select * from {{ ref('sales_own_levels') }}

),

sku_levels as (

    select * from {{ ref('sales_sku_levels') }}

),

store_levels as (

    select * from {{ ref('sales_store_levels') }}

),

profiles as (

    select * from {{ ref('sales_profiles') }}

),

pending as (

    select * from {{ ref('sales_pending_ticks') }}

),

levels as (

    select * from own_levels
    union all
    select * from sku_levels
    union all
    select * from store_levels

),

final as (

    select
        levels.store_id,
        levels.sku,
        pending.scored_on,
        pending.tick_of_day,
        pending.tick_local,
        pending.started_at,
        pending.written_at,
        levels.n_days,
        levels.level_units,
        profiles.profile,
        cast(
            greatest(round(levels.level_units * profiles.profile, 6), 0.001) as decimal(18, 6)
        ) as expected_units,
        levels.is_thick
    from levels
    inner join pending on levels.scored_on = pending.scored_on
    inner join profiles
        on
            levels.store_id = profiles.store_id
            and pending.scored_on = profiles.scored_on
            and pending.isodow = profiles.isodow
            and pending.tick_of_day = profiles.tick_of_day
    where levels.is_followed

)

select * from final
