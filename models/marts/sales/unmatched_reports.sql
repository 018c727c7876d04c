{#- Grouping takes time by the square of the reports: four seconds for as many as these. -#}
{%- set sample_max = 10000 -%}
with

clustered as (

    select * from {{ ref('minority_reports_clustered_log') }}

),

ended as (

    select * from {{ ref('minority_event_ended_log') }}

),

unmatched as (

    select
        clustered.report_id,
        clustered.store_id,
        clustered.sku,
        clustered.feature_vector,
        clustered.written_at,
        row_number() over (order by md5(clustered.report_id), clustered.report_id) as draw_number
    from clustered
    inner join ended
        on
            clustered.report_id = ended.report_id
            and clustered.written_at = ended.written_at
    where clustered.cluster_id is null

),

final as (

    select
        report_id,
        store_id,
        sku,
        cast(feature_vector as double[]) as feature_vector,
        written_at
    from unmatched
    where draw_number <= {{ sample_max }}

)

select * from final
