with

features as (

    select * from {{ ref('session_window_features') }}

),

final as (

    select
        session_id,
        cast(checkpoint_pct as integer) as checkpoint_pct,
        session_type,
        started_at,
        as_of_at,
        relative_range
    from features
    where relative_range is not null

)

select * from final
