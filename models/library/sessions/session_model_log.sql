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
    -- A model that was not fitted on top of the latest one would break the chain of versions.
    where
        fitted.parent_version is not distinct from (
            select logged.model_version from {{ this }} as logged
            order by logged.version_number desc
            limit 1
        )
    {% endif %}

)

select * from final
