with

windows as (

    select * from {{ ref('session_windows') }}

),

prices as (

    select * from {{ ref('session_price_features') }}

),

final as (

    select
        windows.session_id,
        cast(windows.checkpoint_pct as integer) as checkpoint_pct,
        windows.session_type,
        windows.started_at,
        windows.as_of_at,
        prices.relative_range
    from windows
    inner join prices
        on
            windows.session_id = prices.session_id
            and windows.checkpoint_pct = prices.checkpoint_pct
    where prices.relative_range is not null

)

select * from final
