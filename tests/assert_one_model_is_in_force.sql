-- Dashboards join on the champion: there is exactly one, and each model ends when the next begins.
with

models as (

    select * from {{ ref('session_models') }}

)

select 'champions' as problem
from models
having count(*) filter (where status = 'champion') != 1

union all

select 'validity of ' || model_version as problem
from models
where (status = 'champion') != (valid_to is null) or valid_to < valid_from
