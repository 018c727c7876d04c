with

ordered_events as (

    select * from {{ ref('session_ordered_events') }}

),

compared as (

    select
        *,
        elapsed_us - lag(elapsed_us) over by_event as gap_us,
        phase != lag(phase) over by_event as is_phase_switch,
        row_number() over by_price_event as price_number,
        price - lag(price) over by_price_event as price_change,
        lag(price, 2) over by_price_event as price_2_before,
        lag(price, 3) over by_price_event as price_3_before
    from ordered_events
    window
        by_event as (partition by session_id order by event_number),
        -- Events without a price stand in a partition of their own, so a lag skips them.
        by_price_event as (partition by session_id, price is null order by event_number)

),

moved as (

    select
        *,
        case
            when price is null or price_number = 1 then null
            when price_number = 2 then price_change
            when price_number = 3 then (price - price_2_before) / 2
            else (price - price_3_before) / 3
        end as price_change_mean_3,
        sign(price_change) as direction,
        lag(sign(price_change)) over (
            partition by session_id, coalesce(price_change, 0) = 0 order by event_number
        ) as previous_direction
    from compared

),

final as (

    select
        session_id,
        event_number,
        elapsed_us,
        event_type,
        phase,
        is_phase_switch,
        has_phase_text,
        htf_regime,
        has_regime,
        structural_role,
        magnitude,
        significance,
        gap_us,
        price,
        price_number,
        price_change,
        price_change_mean_3,
        case when direction != 0 then direction != previous_direction end as is_direction_change
    from moved

)

select * from final
