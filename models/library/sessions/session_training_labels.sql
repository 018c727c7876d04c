with

model_log as (

    select * from {{ ref('session_model_log') }}

),

labels as (

    select
        model_version,
        unnest(training, recursive := false) as label
    from model_log

),

final as (

    select
        model_version,
        label.session_id,
        label.archetype_id,
        label.distance,
        label.vector_md5
    from labels

)

select * from final
