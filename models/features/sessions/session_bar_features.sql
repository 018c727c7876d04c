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
        elapsed_us // {{ microseconds(minutes, 'minute') }} as bar,
        price
    from events

),

-- Grouped and joined back: over hundreds of millions of rows a window would sort them all.
{{ bar }}_bars as (

    select
        session_id,
        checkpoint_pct,
        bar,
        min(price) as low,
        max(price) as high
    from {{ bar }}_events
    group by session_id, checkpoint_pct, bar

),

{{ bar }}_placed as (

    select
        bars.session_id,
        bars.checkpoint_pct,
        case
            when bars.high = bars.low then 0.5
            else (priced.price - bars.low) / (bars.high - bars.low)
        end as bar_position
    from {{ bar }}_events as priced
    inner join {{ bar }}_bars as bars using (session_id, checkpoint_pct, bar)

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
