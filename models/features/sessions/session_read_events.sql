{{ config(materialized='view') }}

with

json_events as (

    select * from {{ ref('stg_session_json__events') }}

),

parquet_events as (

    select * from {{ ref('stg_session_parquet__events') }}

),

final as (

    select
        session_key,
        position_in_file,
        is_object,
        event_time,
        event_type,
        original_type,
        event_family,
        structural_role,
        price,
        magnitude,
        significance,
        htf_regime_given,
        htf_confluence,
        event_hash
    from json_events
    union all
    select
        session_key,
        position_in_file,
        is_object,
        event_time,
        event_type,
        original_type,
        event_family,
        structural_role,
        price,
        magnitude,
        significance,
        htf_regime_given,
        htf_confluence,
        event_hash
    from parquet_events

)

select * from final
