-- The callers of a version are compared as wholes: one of them, at all its checkpoints, is the one
-- that the table recommends and says why of.
with

scores as (

    select * from {{ ref('session_early_call_scores') }}

),

callers as (

    select
        caller_version,
        concat_ws('/', caller, metric, confidence_method, scaler) as caller_name,
        bool_and(is_recommended) as is_recommended,
        count(distinct is_recommended) as n_opinions,
        bool_and(is_recommended = (recommendation is not null)) as is_said_why,
        avg(brier) as mean_brier
    from scores
    group by all

),

final as (

    select
        caller_version,
        count(*) filter (where is_recommended) as n_recommended,
        max(n_opinions) as n_opinions,
        bool_and(is_said_why) as is_said_why,
        min(mean_brier) as least_brier,
        min(mean_brier) filter (where is_recommended) as recommended_brier
    from callers
    group by caller_version
    having
        count(*) filter (where is_recommended) != 1
        or max(n_opinions) != 1
        or not bool_and(is_said_why)
        or min(mean_brier) filter (where is_recommended) > min(mean_brier) + 1e-12

)

select * from final
