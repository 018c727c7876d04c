{%- set bars = {'m15': 15, 'h1': 60} -%}

with

events as (

    select * from {{ ref('session_window_events') }}
    where price is not null

),

{% for bar, minutes in bars.items() %}
{{ bar }}_events as (

    select
        session_id,
        checkpoint_pct,
        price,
        min(price) over bar as low,
        max(price) over bar as high
    from events
    window bar as (
        partition by session_id, checkpoint_pct, elapsed_us // {{ microseconds(minutes, 'minute') }}
    )

),

{{ bar }}_placed as (

    select
        session_id,
        checkpoint_pct,
        case when high = low then 0.5 else (price - low) / (high - low) end as bar_position
    from {{ bar }}_events

),

{{ bar }}_positions as (

    select
        session_id,
        checkpoint_pct,
        {{ exact_avg('bar_position') }} as bar_position_{{ bar }}
    from {{ bar }}_placed
    group by session_id, checkpoint_pct

),

{% endfor %}
final as (

    select
        m15_positions.session_id,
        m15_positions.checkpoint_pct,
        m15_positions.bar_position_m15,
        h1_positions.bar_position_h1
    from m15_positions
    inner join h1_positions
        on
            m15_positions.session_id = h1_positions.session_id
            and m15_positions.checkpoint_pct = h1_positions.checkpoint_pct

)

select * from final
