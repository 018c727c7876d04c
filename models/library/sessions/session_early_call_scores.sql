with

caller_log as (

    select * from {{ ref('session_early_caller_log') }}

),

unnested as (

    select
        caller_version,
        model_version,
        unnest(scores, recursive := false) as score
    from caller_log

),

final as (

    select
        caller_version,
        model_version,
        {{ struct_fields('score', session_caller_score_fields()) }}
    from unnested

)

select * from final
