-- No row is lost from staging to marts: the events that the log calls kept are those that the
-- 100 % vector was made of.
with

logged as (

    select
        session_id,
        n_events_kept
    from {{ ref('session_processing_log') }}
    where n_events_kept > 0

),

counted as (

    select
        selection.session_id,
        count(*) as n_events
    from {{ ref('session_events') }} as events
    inner join {{ ref('session_selection') }} as selection
        on events.session_hash = selection.session_hash
    where events.is_in_session and selection.reason is null
    group by selection.session_id

),

described as (

    select
        session_id,
        n_events
    from {{ ref('session_fingerprints') }}
    where checkpoint_pct = 100

)

select
    logged.session_id,
    logged.n_events_kept,
    counted.n_events as n_events_in_session,
    described.n_events as n_events_described
from logged
full join counted on logged.session_id = counted.session_id
full join described on logged.session_id = described.session_id
where
    logged.n_events_kept is distinct from counted.n_events
    or logged.n_events_kept is distinct from described.n_events
