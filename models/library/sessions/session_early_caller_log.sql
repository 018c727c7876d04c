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

known as (

    select count(*) as n_versions from {{ ref('session_early_known_callers') }}

),

final as (

    select
        fitted.caller_version,
        cast(known.n_versions + 1 as integer) as caller_number,
        fitted.model_version,
        fitted.parameters,
        fitted.n_sessions,
        cast(fitted.callers as {{ struct_type(session_caller_fields()) }}[]) as callers,
        cast(fitted.scores as {{ struct_type(session_caller_score_fields()) }}[]) as scores,
        cast(fitted.reliability as {{ struct_type(session_caller_reliability_fields()) }}[])
            as reliability
    from fitted
    cross join known
    {% if is_incremental() %}
    where
        not exists (
            select 1 from {{ this }} as logged
            where logged.caller_version = fitted.caller_version
        )
    {% endif %}

)

select * from final
