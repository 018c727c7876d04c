{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

with

fitted as (

    select * from {{ ref('fit_minority_map_anchors') }}

),

final as (

    select
        library_version,
        exemplar_id,
        prefix,
        cluster_id,
        cast(feature_vector as double[26]) as feature_vector,
        x,
        y
    from fitted
    {% if is_incremental() %}
    where
        not exists (
            select 1 from {{ this }} as placed
            where placed.library_version = fitted.library_version
        )
    {% endif %}

)

select * from final
