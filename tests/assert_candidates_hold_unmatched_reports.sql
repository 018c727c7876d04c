-- Every report of a candidate has ended without a name, and belongs to that candidate alone.
with

members as (

    select
        candidate_id,
        unnest(report_ids) as report_id
    from {{ ref('cluster_library_candidates') }}

)

select
    members.report_id,
    count(*) as n_candidates
from members
left join {{ ref('minority_reports') }} as reports on members.report_id = reports.report_id
group by members.report_id
having
    count(*) > 1
    or bool_or(reports.report_status is distinct from 'ended')
    or bool_or(reports.cluster_name is distinct from 'Unmatched')
