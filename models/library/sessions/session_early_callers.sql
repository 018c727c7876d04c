with

caller_log as (

    select * from {{ ref('session_early_caller_log') }}

),

unnested as (

    select
        caller_version,
        caller_number,
        model_version,
        unnest(callers, recursive := false) as caller
    from caller_log

),

final as (

    select
        caller_version,
        caller_number,
        model_version,
        {{ struct_fields('caller', session_caller_fields()) }}
    from unnested

)

select * from final
