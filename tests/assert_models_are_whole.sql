-- A model is appended in one piece: as many archetypes as k, every session it was fitted on, and
-- one recommended trial.
with

archetypes as (

    select
        model_version,
        count(*) as n_archetypes,
        sum(size) as n_sessions
    from {{ ref('session_archetypes') }}
    group by model_version

),

trials as (

    select
        model_version,
        count(*) filter (where is_recommended) as n_recommended
    from {{ ref('session_trials') }}
    group by model_version

)

select models.model_version
from {{ ref('session_models') }} as models
left join archetypes on models.model_version = archetypes.model_version
left join trials on models.model_version = trials.model_version
where
    archetypes.n_archetypes is distinct from models.k
    or archetypes.n_sessions is distinct from models.n_sessions
    or trials.n_recommended is distinct from 1
