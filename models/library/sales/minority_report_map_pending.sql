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

logged as (

    {{ earlier_rows('anomaly_vectors', {
        'report_id': 'varchar',
        'version': 'integer',
        'store_id': 'varchar',
        'sku': 'varchar',
        'feature_vector': 'double[26]',
        'is_ended': 'boolean',
        'written_at': 'timestamp',
    }) }}

),

placed as (

    {{ earlier_rows('minority_report_map', {'report_id': 'varchar'}) }}

),

-- Earlier vectors too, for when map_ticks has become less; where the log has grown by this build
-- already, union leaves one of two equal rows.
described as (

    select * from logged
    union
    select
        slices.report_id,
        slices.version,
        slices.store_id,
        slices.sku,
        vectors.feature_vector,
        slices.is_ended,
        slices.written_at
    from slices
    inner join vectors
        on slices.report_id = vectors.report_id and slices.version = vectors.version
    cross join clock
    where slices.written_at >= clock.replay_from

),

final as (

    select
        described.report_id,
        described.store_id,
        described.sku,
        versions.library_version,
        cast(described.feature_vector as double[]) as feature_vector,
        described.written_at,
        clock.run_id
    from described
    cross join versions
    cross join clock
    anti join placed on described.report_id = placed.report_id
    where
        described.version = {{ var('map_ticks') }}
        or (described.is_ended and described.version < {{ var('map_ticks') }})

)

select * from final
