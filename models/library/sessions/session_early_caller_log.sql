{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

with

fitted as (

    select * from {{ ref('fit_session_early_callers') }}

),

final as (

    select
        caller_version,
        model_version,
        parameters,
        n_sessions,
        cast(callers as {{ struct_type(session_caller_fields()) }}[]) as callers,
        cast(scores as {{ struct_type(session_caller_score_fields()) }}[]) as scores,
        cast(reliability as {{ struct_type(session_caller_reliability_fields()) }}[])
            as reliability
    from fitted
    {% if is_incremental() %}
    where
        not exists (
            select 1 from {{ this }} as logged
            where logged.caller_version = fitted.caller_version
        )
    {% endif %}

)

select * from final
