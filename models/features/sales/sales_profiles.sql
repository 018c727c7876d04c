with

slots as (

    select * from {{ ref('sales_trading_slots') }}

),

weekdays as (

    select
        store_id,
        scored_on,
        isodow,
        day_units,
        count(*) as n_ticks
    from slots
    group by store_id, scored_on, isodow, day_units

),

weeks as (

    select
        store_id,
        scored_on,
        {{ exact_sum('day_units') }} / sum(n_ticks) as tick_units
    from weekdays
    group by store_id, scored_on

),

final as (

    select
        slots.store_id,
        slots.scored_on,
        slots.isodow,
        slots.tick_of_day,
        slots.day_units / weeks.tick_units as day_weight,
        slots.day_share * slots.day_units / weeks.tick_units as profile
    from slots
    inner join weeks
        on slots.store_id = weeks.store_id and slots.scored_on = weeks.scored_on

)

select * from final
