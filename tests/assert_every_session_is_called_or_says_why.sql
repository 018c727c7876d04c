-- A session that is silently not called makes every share of right calls look better than it is.
with

sessions as (

    select * from {{ ref('sessions') }}

),

checkpoints as (

    select unnest({{ var('checkpoints') }}) as checkpoint_pct

),

calls as (

    select * from {{ ref('session_early_calls') }}

),

final as (

    select
        sessions.session_id,
        checkpoints.checkpoint_pct
    from sessions
    cross join checkpoints
    left join calls
        on
            sessions.session_id = calls.session_id
            and sessions.model_version = calls.model_version
            and checkpoints.checkpoint_pct = calls.checkpoint_pct
    where
        {{ session_fingerprinting() }}
        and (
            calls.session_id is null
            or (calls.status = 'called') != (calls.archetype_id is not null)
            or (calls.status = 'called') != (calls.reason = 'called')
        )

)

select * from final
