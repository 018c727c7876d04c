-- No silent skip: what was read from a file is kept or counted under the reason it was dropped for.
select *
from {{ ref('session_processing_log') }}
where
    n_events_read
    != n_events_kept
    + n_events_not_an_object
    + n_events_duplicate
    + n_events_outside_session
    + n_events_of_skipped_session
