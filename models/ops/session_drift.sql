with

drift as (

    select * from {{ ref('session_feature_drift') }}

),

final as (

    select
        feature_number,
        feature_name,
        model_version,
        n_bins,
        n_sessions_fitted,
        n_sessions_new,
        psi,
        psi_noise,
        cast({{ var('drift_psi_threshold') }} as double) as psi_threshold,
        case
            when model_version is null then 'no_model'
            when n_sessions_new < {{ var('drift_min_sessions') }} then 'too_few_new_sessions'
            when psi >= {{ var('drift_psi_threshold') }} and psi > psi_noise then 'drifted'
            else 'stable'
        end as status
    from drift

)

select * from final
