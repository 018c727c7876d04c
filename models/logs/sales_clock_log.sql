-- depends_on: {{ ref('baseline_sales_model_prediction_log') }}
-- depends_on: {{ ref('anomaly_classifier_model_prediction_log') }}
-- depends_on: {{ ref('minority_event_ended_log') }}
-- depends_on: {{ ref('anomaly_vectors') }}
-- depends_on: {{ ref('minority_reports_clustered_log') }}
-- depends_on: {{ ref('minority_report_map') }}

with

clock as (

    select * from {{ ref('stg_sales__clock') }}

),

moved as (

    select * from clock
    where as_of_at > coalesce(processed_to, timestamp '1900-01-01 00:00:00')

),

final as (

    select
        as_of_at as processed_to,
        tick_minutes,
        time_zone,
        replay_from,
        run_id
    from moved
    {% if is_incremental() %}
    where
        not exists (
            select 1 from {{ this }} as logged
            where logged.processed_to = moved.as_of_at
        )
    {% endif %}

)

select * from final
