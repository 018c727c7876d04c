-- The log never changes, so a raw file that changed after its session was assigned leaves an
-- assignment of the old vector. That is a fact to know, not a fault: the next model assigns the
-- session anew.
{{ config(severity='warn') }}

select
    session_id,
    model_version
from {{ ref('sessions') }}
where is_assignment_stale
