with

model_log as (

    select * from {{ ref('session_model_log') }}

),

trained as (

    select
        model_version,
        unnest(training, recursive := false) as trained
    from model_log
    where {{ session_fingerprinting() }}

),

final as (

    select
        model_version,
        trained.session_id,
        trained.feature_vector
    from trained

)

select * from final
