-- A whole window is just the last checkpoint: what is called there is what the session is.
with

calls as (

    select * from {{ ref('session_early_calls') }}
    where checkpoint_pct = 100

),

assignments as (

    select * from {{ ref('session_assignments') }}

),

final as (

    select
        calls.session_id,
        calls.model_version,
        calls.archetype_id,
        assignments.archetype_id as assigned_id
    from calls
    left join assignments
        on
            calls.session_id = assignments.session_id
            and calls.model_version = assignments.model_version
            and calls.vector_md5 = assignments.vector_md5
    where
        calls.status = 'called'
        and (
            calls.archetype_id is distinct from assignments.archetype_id
            or calls.distance is distinct from assignments.distance
        )
        -- A file that changed after its session was assigned is another vector.
        and not exists (
            select 1 from assignments as logged
            where
                logged.session_id = calls.session_id
                and logged.model_version = calls.model_version
                and logged.vector_md5 != calls.vector_md5
        )

)

select * from final
