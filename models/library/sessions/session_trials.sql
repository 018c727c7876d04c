with

model_log as (

    select * from {{ ref('session_model_log') }}

),

trials as (

    select
        model_version,
        unnest(trials, recursive := false) as trial
    from model_log

),

final as (

    select
        model_version,
        trial.trial_id,
        trial.k,
        trial.scaler,
        trial.n_components,
        trial.distance,
        trial.silhouette,
        trial.calinski_harabasz,
        trial.davies_bouldin,
        trial.inertia,
        trial.separation,
        trial.stability,
        trial.chance_silhouette,
        trial.explained_variance,
        trial.score,
        trial.smallest_size,
        trial.largest_share,
        trial.rank as rank_at_k,
        trial.is_model,
        trial.is_recommended,
        trial.recommendation
    from trials

)

select * from final
