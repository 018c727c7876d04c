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

final as (

    select
        as_of_at as processed_to,
        tick_minutes,
        time_zone,
        replay_from,
        run_id
    from clock
    where
        as_of_at is not null
        and (processed_to is null or as_of_at > processed_to)
        {%- if is_incremental() %}
        and not exists (
            select 1 from {{ this }} as logged
            where logged.processed_to >= clock.as_of_at
        )
        {%- endif %}

)

select * from final
