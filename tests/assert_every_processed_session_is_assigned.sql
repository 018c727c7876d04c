-- Sessions in are sessions assigned by the model in force plus those skipped with a reason: none
-- falls between.
with

processed as (

    select session_id
    from {{ ref('session_processing_log') }}
    where status = 'processed'

),

assigned as (

    select session_id
    from {{ ref('sessions') }}

)

select
    processed.session_id as processed_session,
    assigned.session_id as assigned_session
from processed
full join assigned on processed.session_id = assigned.session_id
where processed.session_id is null or assigned.session_id is null
