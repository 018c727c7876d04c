with

caller_log as (

    select * from {{ ref('session_early_caller_log') }}

),

unnested as (

    select
        caller_version,
        model_version,
        unnest(reliability, recursive := false) as bin
    from caller_log

),

final as (

    select
        caller_version,
        model_version,
        {{ struct_fields('bin', session_caller_reliability_fields()) }}
    from unnested

)

select * from final
