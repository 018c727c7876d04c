with

model_log as (

    select * from {{ ref('session_model_log') }}

),

final as (

    select
        model_version,
        version_number,
        parent_version,
        case
            when lead(model_version) over by_version is null then 'champion'
            else 'retired'
        end as status,
        reason,
        feature_schema,
        training_hash,
        fit_hash,
        parameters,
        n_sessions,
        k,
        scaler,
        clip,
        n_components,
        distance,
        algorithm,
        random_state,
        n_init,
        scaler_centre,
        scaler_scale,
        component_mean,
        components,
        explained_variance,
        silhouette,
        calinski_harabasz,
        davies_bouldin,
        inertia,
        separation,
        stability,
        pipeline_stability,
        born_archetypes,
        died_archetypes,
        split_archetypes,
        valid_from,
        lead(valid_from) over by_version as valid_to
    from model_log
    window by_version as (order by version_number)

)

select * from final
