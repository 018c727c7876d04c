{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

with

fitted as (

    select * from {{ ref('fit_session_archetypes') }}

),

final as (

    select {{ typed_columns(session_model_columns()) }}
    from fitted
    {% if is_incremental() %}
    where
        not exists (
            select 1 from {{ this }} as logged
            where logged.model_version = fitted.model_version
        )
    {% endif %}

)

select * from final
