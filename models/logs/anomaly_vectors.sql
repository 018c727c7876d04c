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

described as (

    select
        reports.report_id,
        reports.version,
        reports.store_id,
        reports.sku,
        vectors.feature_vector,
        reports.is_ended,
        reports.n_ticks,
        reports.written_at,
        clock.run_id
    from reports
    inner join vectors
        on reports.report_id = vectors.report_id and reports.version = vectors.version
    cross join clock
    where clock.replay_from is null or reports.written_at >= clock.replay_from

),

final as (

    select
        report_id,
        version,
        store_id,
        sku,
        feature_vector,
        is_ended,
        n_ticks,
        written_at,
        run_id
    from described
    {% if is_incremental() %}
    where
        not exists (
            select 1 from {{ this }} as logged
            where
                logged.report_id = described.report_id
                and logged.written_at = described.written_at
        )
    {% endif %}

)

select * from final
