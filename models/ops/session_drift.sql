with

drift as (

    select * from {{ ref('session_feature_drift') }}

),

champion as (

    select * from {{ ref('session_models') }}
    where status = 'champion'

),

-- A model of this very build was fitted on all there is: what led to it stands in its reason.
compared as (

    select
        drift.feature_number,
        drift.feature_name,
        champion.model_version,
        champion.n_sessions as n_sessions_fitted,
        case when drift.model_version = champion.model_version then drift.n_sessions_new else 0 end
            as n_sessions_new,
        case when drift.model_version = champion.model_version then drift.psi end as psi,
        case when drift.model_version = champion.model_version then drift.psi_noise end as psi_noise
    from drift
    cross join champion

),

final as (

    select
        feature_number,
        feature_name,
        model_version,
        n_sessions_fitted,
        n_sessions_new,
        psi,
        psi_noise,
        cast({{ var('drift_psi_threshold') }} as double) as psi_threshold,
        case
            when n_sessions_new < {{ var('drift_min_sessions') }} then 'too_few_new_sessions'
            when psi >= {{ var('drift_psi_threshold') }} and psi > psi_noise then 'drifted'
            else 'stable'
        end as drift_status
    from compared

)

select * from final
