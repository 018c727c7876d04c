with

ticks as (

    select * from {{ ref('sales_ticks') }}

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

-- The chain is the store of those series that are rolled up over stores.
store_ticks as (

    select
        store_id,
        sold_on,
        tick_of_day,
        cast(sum(units) as double) as units
    from ticks
    group by store_id, sold_on, tick_of_day
    union all
    select
        '*' as store_id,
        sold_on,
        tick_of_day,
        cast(sum(units) as double) as units
    from ticks
    group by sold_on, tick_of_day

),

store_days as (

    select
        store_id,
        sold_on,
        cast(sum(units) as double) as units
    from ticks
    group by store_id, sold_on
    having sum(units) > 0
    union all
    select
        '*' as store_id,
        sold_on,
        cast(sum(units) as double) as units
    from ticks
    group by sold_on
    having sum(units) > 0

),

opened as (

    select
        store_days.store_id,
        trailing_days.scored_on,
        min(store_days.sold_on) as first_on
    from store_days
    inner join trailing_days on store_days.sold_on = trailing_days.sold_on
    group by store_days.store_id, trailing_days.scored_on

),

weekdays as (

    select
        opened.store_id,
        opened.scored_on,
        cast(isodow(trailing_days.sold_on) as integer) as isodow,
        count(*) as n_days,
        count(store_days.units) as n_trading_days,
        {{ trimmed_mean('store_days.units') }} as day_units
    from opened
    inner join trailing_days
        on
            opened.scored_on = trailing_days.scored_on
            and opened.first_on <= trailing_days.sold_on
    left join store_days
        on
            opened.store_id = store_days.store_id
            and trailing_days.sold_on = store_days.sold_on
    group by opened.store_id, opened.scored_on, isodow(trailing_days.sold_on)

),

slot_shares as (

    select
        store_ticks.store_id,
        trailing_days.scored_on,
        cast(isodow(store_ticks.sold_on) as integer) as isodow,
        store_ticks.tick_of_day,
        store_ticks.units / store_days.units as day_share
    from store_ticks
    inner join store_days
        on store_ticks.store_id = store_days.store_id and store_ticks.sold_on = store_days.sold_on
    inner join trailing_days on store_ticks.sold_on = trailing_days.sold_on
    where store_ticks.units > 0

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
