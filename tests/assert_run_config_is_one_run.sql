-- The seed names one run: with none, or with several, no row could say which one wrote it.
with

counted as (

    select count(*) as n_rows from {{ ref('run_config') }}

)

select n_rows
from counted
where n_rows != 1
