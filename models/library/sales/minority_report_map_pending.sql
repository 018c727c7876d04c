with

slices as (

    select * from {{ ref('anomaly_slices') }}

),

vectors as (

    select * from {{ ref('slice_vectors') }}
    where report_id is not null

),

clock as (

    select * from {{ ref('stg_sales__clock') }}

),

versions as (

    select distinct library_version from {{ ref('cluster_library') }}

),

placed as (

    {{ earlier_rows('minority_report_map', {'report_id': 'varchar'}) }}

),

final as (

    select
        slices.report_id,
        slices.store_id,
        slices.sku,
        versions.library_version,
        cast(vectors.feature_vector as double[]) as feature_vector,
        slices.written_at,
        clock.run_id
    from slices
    inner join vectors
        on slices.report_id = vectors.report_id and slices.version = vectors.version
    cross join versions
    cross join clock
    anti join placed on slices.report_id = placed.report_id
    where
        slices.written_at >= clock.replay_from
        -- What the row says decides, not what was logged before: a replay finds the same tick.
        and (
            slices.version = {{ var('map_ticks') }}
            or (slices.is_ended and slices.version < {{ var('map_ticks') }})
        )

)

select * from final
