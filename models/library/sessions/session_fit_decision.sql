with

champion as (

    select * from {{ ref('session_champion') }}

),

drift as (

    select * from {{ ref('session_feature_drift') }}

),

champions as (

    select
        count(*) = 0 as is_first,
        count(*) filter (where feature_schema != '{{ session_feature_schema() }}') > 0
            as is_outdated
    from champion

),

drifted as (

    select
        count(*) filter (where psi >= {{ var('drift_psi_threshold') }} and psi > psi_noise)
            as n_drifted,
        max(n_sessions_new) as n_sessions_new
    from drift

),

judged as (

    select
        champions.*,
        drifted.*,
        drifted.n_drifted >= {{ var('drift_min_features') }}
        and drifted.n_sessions_new >= {{ var('drift_min_sessions') }} as is_drifted
    from champions
    cross join drifted

),

final as (

    select
        is_first or is_outdated or is_drifted or {{ var('refit') }} as is_due,
        case
            when is_first then 'first model'
            when is_outdated then 'the definitions of the features have changed'
            when is_drifted
                then
                    'drift: ' || n_drifted || ' of 30 features have a stability index of '
                    || {{ var('drift_psi_threshold') }} || ' or more over ' || n_sessions_new
                    || ' new sessions'
            when {{ var('refit') }} then 'asked for by the variable refit'
            else 'no refit: no drift over ' || n_sessions_new || ' new sessions'
        end as reason
    from judged

)

select * from final
