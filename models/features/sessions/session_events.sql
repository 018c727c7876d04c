with

placed_events as (

    select * from {{ ref('session_placed_events') }}

),

compared as (

    select
        *,
        row_number() over in_order as event_number,
        elapsed_us - lag(elapsed_us) over in_order as gap_us,
        phase_number != lag(phase_number) over in_order as is_phase_switch,
        -- An event without a price is skipped by these.
        lag(price, 1 ignore nulls) over in_order as price_before,
        lag(price, 2 ignore nulls) over in_order as price_2_before,
        lag(price, 3 ignore nulls) over in_order as price_3_before
    from placed_events
    window in_order as (
        partition by session_hash, is_in_session
        order by
            elapsed_us asc,
            event_type asc nulls last,
            price asc nulls last,
            event_md5 asc
    )

),

moved as (

    select
        *,
        price - price_before as price_change,
        case
            when price_2_before is null then price - price_before
            when price_3_before is null then (price - price_2_before) / 2
            else (price - price_3_before) / 3
        end as price_change_mean_3,
        nullif(sign(price - price_before), 0) as direction
    from compared

),

turned as (

    select
        *,
        direction != lag(direction ignore nulls) over (
            partition by session_hash, is_in_session order by event_number
        ) as is_direction_change
    from moved

),

{% for bar, minutes in session_bars().items() %}
{{ bar }}_placed as (

    select
        *,
        {{ session_bar_position(
            'price',
            'min(price) over bar',
            'max(price) over bar'
        ) }} as position_{{ bar }}
    from {{ 'turned' if loop.first else loop.previtem[0] ~ '_placed' }}
    window bar as (
        partition by
            session_hash,
            is_in_session,
            elapsed_us // {{ microseconds(minutes, 'minute') }}
    )

),

{% endfor %}
final as (

    select
        session_hash,
        position_in_file,
        is_in_session,
        is_time_imputed,
        duration_declared_us,
        event_number,
        elapsed_us,
        gap_us,
        phase_number,
        is_phase_switch,
        has_phase_text,
        htf_regime,
        has_regime,
        structural_role,
        magnitude,
        significance,
        price,
        price_change,
        price_change_mean_3,
        is_direction_change,
        position_m15,
        position_h1
    from h1_placed

)

select * from final
