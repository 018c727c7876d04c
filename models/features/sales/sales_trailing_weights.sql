with

trailing_days as (

    select * from {{ ref('sales_trailing_days') }}

),

offsets as (

    select {{ each_integer(1, var('baseline_days')) }} as n_days_ago

),

store_days as (

    select
        store_id,
        scored_on
    from trailing_days
    group by store_id, scored_on

),

final as (

    select
        store_days.store_id,
        store_days.scored_on,
        {{ ordered_list('trailing_days.day_weight', 'offsets.n_days_ago') }} as day_weights,
        {{ ordered_list('trailing_days.n_days_left', 'offsets.n_days_ago') }} as days_left
    from store_days
    cross join offsets
    left join trailing_days
        on
            store_days.store_id = trailing_days.store_id
            and store_days.scored_on = trailing_days.scored_on
            and store_days.scored_on - offsets.n_days_ago = trailing_days.sold_on
    group by store_days.store_id, store_days.scored_on

)

select * from final
