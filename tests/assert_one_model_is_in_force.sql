-- Dashboards join on the champion: there is exactly one, each model ends when the next begins, and
-- each was fitted on top of the one before it.
with

models as (

    select * from {{ ref('session_models') }}

),

chained as (

    select
        model_version,
        version_number,
        parent_version,
        valid_from,
        lag(version_number) over (order by version_number) as number_before,
        lag(model_version) over (order by version_number) as version_before,
        lag(valid_from) over (order by version_number) as valid_before
    from models

),

champions as (

    select count(*) filter (where status = 'champion') as n_champions from models

)

select 'champions: ' || n_champions as problem
from champions
where n_champions != 1

union all

select 'chain at ' || model_version as problem
from chained
where
    version_number != coalesce(number_before, 0) + 1
    or parent_version is distinct from version_before
    or valid_from < valid_before
