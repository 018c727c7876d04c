-- A build that describes nothing has lost its input: readers keep the last good build instead.
-- depends_on: {{ ref('session_training') }}
-- With that, the test holds up the fit and the publishing, but not the log that says why.

with

counted as (

    select count(*) as n_rows from {{ ref('session_fingerprints') }}

)

select n_rows
from counted
where n_rows = 0
