with

store_ticks as (

    select * from {{ ref('sales_store_ticks') }}

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

opened as (

    select
        store_days.store_id,
        trailing_days.scored_on,
        min(store_days.sold_on) as first_on
    from store_days
    inner join trailing_days on store_days.sold_on = trailing_days.sold_on
    group by store_days.store_id, trailing_days.scored_on

),

final as (

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

)

select * from final
