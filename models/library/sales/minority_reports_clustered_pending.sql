with

reports as (

    select * from {{ ref('anomaly_slices') }}

),

vectors as (

    select * from {{ ref('slice_vectors') }}
    where report_id is not null

),

clock as (

    select * from {{ ref('stg_sales__clock') }}

),

clustered as (

    {{ earlier_rows(
        'minority_reports_clustered_log', {'report_id': 'varchar', 'written_at': 'timestamp'}
    ) }}

),

final as (

    select
        reports.report_id,
        reports.version,
        reports.store_id,
        reports.sku,
        reports.is_ended,
        reports.n_ticks,
        cast(vectors.feature_vector as double[]) as feature_vector,
        reports.written_at,
        clock.run_id
    from reports
    inner join vectors
        on reports.report_id = vectors.report_id and reports.version = vectors.version
    cross join clock
    anti join clustered
        on
            reports.report_id = clustered.report_id
            and reports.written_at = clustered.written_at
    where clock.replay_from is null or reports.written_at >= clock.replay_from

)

select * from final
