-- The mart holds every report that was ever detected, and no other.
with

detected as (

    select distinct report_id
    from {{ ref('minority_reports_detected_log') }}

),

reported as (

    select report_id
    from {{ ref('minority_reports') }}

)

select
    detected.report_id as detected_report,
    reported.report_id as mart_report
from detected
full join reported on detected.report_id = reported.report_id
where detected.report_id is null or reported.report_id is null
