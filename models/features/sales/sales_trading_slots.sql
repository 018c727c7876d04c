with

store_ticks as (

    select * from {{ ref('sales_store_ticks') }}

),

weekdays as (

    select * from {{ ref('sales_weekdays') }}

),

pending as (

    select * from {{ ref('sales_pending_ticks') }}

),

trailing_days as (

    select
        scored_on,
        scored_on - {{ each_integer(1, var('baseline_days')) }} as sold_on
    from pending
    group by scored_on

),

store_days as (

    select
        store_id,
        sold_on,
        cast(sum(units) as double) as units
    from store_ticks
    group by store_id, sold_on

),

slot_shares as (

    select
        store_ticks.store_id,
        trailing_days.scored_on,
        cast(isodow(store_ticks.sold_on) as integer) as isodow,
        store_ticks.tick_of_day,
        cast(store_ticks.units as double) / store_days.units as day_share
    from store_ticks
    inner join store_days
        on store_ticks.store_id = store_days.store_id and store_ticks.sold_on = store_days.sold_on
    inner join trailing_days on store_ticks.sold_on = trailing_days.sold_on

),

slots as (

    select
        slot_shares.store_id,
        slot_shares.scored_on,
        slot_shares.isodow,
        slot_shares.tick_of_day,
        weekdays.day_units,
        {{ trimmed_mean('slot_shares.day_share', 'any_value(weekdays.n_trading_days)') }}
            as day_share
    from slot_shares
    inner join weekdays
        on
            slot_shares.store_id = weekdays.store_id
            and slot_shares.scored_on = weekdays.scored_on
            and slot_shares.isodow = weekdays.isodow
    group by
        slot_shares.store_id,
        slot_shares.scored_on,
        slot_shares.isodow,
        slot_shares.tick_of_day,
        weekdays.day_units,
        weekdays.n_days
    -- Two sales make an hour a trading hour, if it sells on every other such day at least.
    having count(*) >= 2 and 2 * count(*) >= weekdays.n_days

),

final as (

    select
        store_id,
        scored_on,
        isodow,
        tick_of_day,
        day_units,
        day_share
    from slots
    where day_share > 0

)

select * from final
