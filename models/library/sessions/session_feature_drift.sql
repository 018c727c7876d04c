with

champion as (

    select * from {{ ref('session_champion') }}

),

drift_bins as (

    select * from {{ ref('session_drift_bins') }}

),

features as (

    select
        unnest({{ session_feature_names() }}) as feature_name,
        unnest(range(1, {{ session_feature_names() | length }} + 1)) as feature_number

),

-- Half a session more in every bin keeps an empty one from making the index infinite.
bin_shares as (

    select
        feature_number,
        n_bins,
        sum(n_fitted) over each_feature as n_fitted,
        sum(n_new) over each_feature as n_new,
        (n_fitted + 0.5) / (sum(n_fitted) over each_feature + 0.5 * n_bins) as fitted_share,
        (n_new + 0.5) / (sum(n_new) over each_feature + 0.5 * n_bins) as new_share
    from drift_bins
    window each_feature as (partition by feature_number)

),

measured as (

    select
        feature_number,
        cast(max(n_bins) as integer) as n_bins,
        cast(max(n_fitted) as bigint) as n_sessions_fitted,
        cast(max(n_new) as bigint) as n_sessions_new,
        {{ exact_sum('(new_share - fitted_share) * ln(new_share / fitted_share)') }} as psi
    from bin_shares
    group by feature_number

),

final as (

    select
        features.feature_number,
        features.feature_name,
        champion.model_version,
        measured.n_bins,
        coalesce(measured.n_sessions_fitted, 0) as n_sessions_fitted,
        coalesce(measured.n_sessions_new, 0) as n_sessions_new,
        case when measured.n_sessions_new > 0 then measured.psi end as psi,
        case
            when measured.n_sessions_new > 0 and measured.n_bins > 1
                then
                    {{ chi_square_quantile_999('measured.n_bins - 1') }}
                    * (1e0 / measured.n_sessions_fitted + 1e0 / measured.n_sessions_new)
        end as psi_noise
    from features
    left join measured on features.feature_number = measured.feature_number
    left join champion on true

)

select * from final
