with

matches as (

    select * from {{ ref('match_session_assignments') }}

),

pending as (

    select * from {{ ref('session_assignments_pending') }}

),

final as (

    select
        matches.session_id,
        matches.model_version,
        matches.archetype_id,
        matches.distance,
        matches.second_best_archetype_id,
        matches.second_best_distance,
        matches.confidence,
        matches.method,
        matches.confidence_method,
        pending.is_low_information,
        pending.vector_md5,
        pending.as_of_at
    from matches
    inner join pending
        on matches.session_id = pending.session_id and matches.model_version = pending.model_version
    {% if is_incremental() %}
    where
        not exists (
            select 1 from {{ this }} as logged
            where
                logged.session_id = matches.session_id
                and logged.model_version = matches.model_version
        )
    {% endif %}

)

select * from final
