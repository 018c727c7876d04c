{%- set columns = sales_score_columns() -%}

with

scored as (

    select * from {{ ref('sales_scored_ticks') }}

),

pending as (

    select * from {{ ref('sales_pending_ticks') }}

),

supplied as (

    select
        *,
        {{ sales_report_id('store_id', 'sku', 'window_start') }} as report_id
    from {{ ref('stg_sales_mrdl__reports') }}

),

logged as (

    {{ earlier_rows('anomaly_classifier_model_prediction_log', dict(
        columns, run_started_at='timestamp', above_started_at='timestamp',
        below_started_at='timestamp'
    )) }}

),

ended as (

    {{ earlier_rows(
        'minority_event_ended_log', {'report_id': 'varchar', 'written_at': 'timestamp'}
    ) }}

),

first_pending as (

    select min(written_at) as written_at from pending

),

-- Ticks that a killed build logged are pending still.
finished as (

    select logged.*
    from logged
    cross join first_pending
    where logged.written_at < first_pending.written_at

),

last_numbers as (

    select
        store_id,
        sku,
        max(tick_number) as tick_number
    from finished
    group by store_id, sku

),

last_ticks as (

    select finished.*
    from finished
    inner join last_numbers
        on
            finished.store_id = last_numbers.store_id
            and finished.sku = last_numbers.sku
            and finished.tick_number = last_numbers.tick_number

),

-- Where the window begins that each series stands in: that of an open report or a run of flags.
open_windows as (

    select
        store_id,
        sku,
        least(above_started_at, below_started_at, run_started_at) as started_at
    from last_ticks
    union all
    select
        supplied.store_id,
        supplied.sku,
        supplied.window_start as started_at
    from supplied
    cross join first_pending
    anti join ended
        on
            supplied.report_id = ended.report_id
            and first_pending.written_at > ended.written_at

),

-- The tick at which that window starts, or the first pending one.
starts as (

    select
        finished.store_id,
        finished.sku,
        coalesce(
            min(finished.tick_number) filter (
                where finished.written_at > open_windows.started_at
            ),
            max(finished.tick_number) + 1
        ) as tick_number
    from finished
    left join open_windows
        on finished.store_id = open_windows.store_id and finished.sku = open_windows.sku
    group by finished.store_id, finished.sku

),

final as (

    select
        {% for column in columns %}
        scored.{{ column }},
        {% endfor %}
        true as is_pending
    from scored
    union all
    select
        {% for column in columns %}
        finished.{{ column }},
        {% endfor %}
        false as is_pending
    from finished
    inner join starts
        on finished.store_id = starts.store_id and finished.sku = starts.sku
    where finished.tick_number >= starts.tick_number - {{ var('close_ticks') }}

)

select * from final
