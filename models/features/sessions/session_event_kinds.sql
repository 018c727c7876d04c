with

read_events as (

    select * from {{ ref('session_read_events') }}
    where is_object

),

phase_rules as (

    select * from {{ ref('session_phase_rules') }}

),

-- Few kinds, many events: rules are tried once a kind, and texts are carried no further.
kinds as (

    select distinct
        event_type,
        original_type,
        event_family,
        structural_role
    from read_events

),

worded as (

    select
        *,
        lower(concat_ws(chr(10), event_type, original_type, event_family, structural_role))
            as phase_text
    from kinds

),

matched as (

    select
        worded.event_type,
        worded.original_type,
        worded.event_family,
        worded.structural_role,
        worded.phase_text != '' as has_phase_text,
        min_by(phase_rules.phase, phase_rules.rule_order) as phase
    from worded
    left join phase_rules on regexp_matches(worded.phase_text, phase_rules.pattern)
    group by all

),

final as (

    select
        event_type,
        original_type,
        event_family,
        structural_role,
        has_phase_text,
        rank() over (order by event_type asc nulls last) as type_number,
        {{ text_key('structural_role') }} as role_key,
        coalesce(phase, 'other') as phase,
        cast(coalesce(list_position({{ session_phases() }}, phase), 0) as integer) as phase_number
    from matched

)

select * from final
