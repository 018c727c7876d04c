with

matches as (

    select * from {{ ref('match_minority_report_map') }}

),

pending as (

    select * from {{ ref('minority_report_map_pending') }}

),

final as (

    select
        matches.report_id,
        pending.store_id,
        pending.sku,
        matches.x,
        matches.y,
        matches.library_version,
        pending.written_at,
        pending.run_id
    from matches
    inner join pending on matches.report_id = pending.report_id
    {% if is_incremental() %}
    where
        not exists (
            select 1 from {{ this }} as logged
            where logged.report_id = matches.report_id
        )
    {% endif %}

)

select * from final
