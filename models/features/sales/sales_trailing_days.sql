with

profiles as (

    select * from {{ ref('sales_profiles') }}

),

store_ticks as (

    select * from {{ ref('sales_store_ticks') }}

),

store_days as (

    select
        store_id,
        sold_on
    from store_ticks
    group by store_id, sold_on

),

weekdays as (

    select
        store_id,
        scored_on,
        isodow,
        day_weight
    from profiles
    group by store_id, scored_on, isodow, day_weight

),

offsets as (

    select {{ each_integer(1, var('baseline_days')) }} as n_days_ago

),

trailing_days as (

    select
        weekdays.store_id,
        weekdays.scored_on,
        weekdays.day_weight,
        weekdays.scored_on - offsets.n_days_ago as sold_on
    from weekdays
    inner join offsets
        on weekdays.isodow = isodow(weekdays.scored_on - offsets.n_days_ago)

),

final as (

    select
        trailing_days.store_id,
        trailing_days.scored_on,
        trailing_days.sold_on,
        trailing_days.day_weight,
        cast(
            row_number() over (
                partition by trailing_days.store_id, trailing_days.scored_on
                order by trailing_days.sold_on desc
            ) as integer
        ) as n_days_left
    from trailing_days
    inner join store_days
        on
            trailing_days.store_id = store_days.store_id
            and trailing_days.sold_on = store_days.sold_on

)

select * from final
