-- The callers of a version are compared as wholes: of those that the Brier score cannot tell from
-- the best, the one of the least calibration error is recommended, and the table says why.
with

scores as (

    select * from {{ ref('session_early_call_scores') }}

),

callers as (

    select
        caller_version,
        concat_ws('/', caller, metric, confidence_method, scaler) as caller_name,
        bool_and(is_recommended) as is_recommended,
        bool_and(is_recommended = (recommendation is not null)) as is_said_why,
        avg(brier) as mean_brier,
        avg(brier_gap_error) as gap_error,
        avg(expected_calibration_error) as mean_error
    from scores
    group by all

),

compared as (

    select
        *,
        mean_brier - min(mean_brier) over (partition by caller_version) <= gap_error + 1e-12
            as is_alike
    from callers

),

final as (

    select
        caller_version,
        count(*) filter (where is_recommended) as n_recommended,
        min(mean_error) filter (where is_alike) as least_error,
        min(mean_error) filter (where is_recommended) as recommended_error
    from compared
    group by caller_version
    having
        count(*) filter (where is_recommended) != 1
        or not bool_and(is_said_why)
        or not bool_and(is_alike) filter (where is_recommended)
        or min(mean_error) filter (where is_recommended)
        > min(mean_error) filter (where is_alike) + 1e-12

)

select * from final
