{{ config(materialized='view') }}

with

selection as (

    select * from {{ ref('session_selection') }}
    where reason is null

),

events as (

    select * from {{ ref('session_candidate_events') }}
    where is_in_session

),

phase_rules as (

    select * from {{ ref('session_phase_rules') }}

),

session_rows as (

    select
        selection.session_id,
        events.*,
        lower(
            concat_ws(
                chr(10),
                events.event_type,
                events.original_type,
                events.event_family,
                events.structural_role
            )
        ) as phase_text,
        row_number() over (
            partition by selection.session_id
            order by
                events.elapsed_us asc,
                events.event_type asc nulls last,
                events.price asc nulls last,
                events.event_md5 asc
        ) as event_number
    from events
    inner join selection
        on events.file_name = selection.file_name and events.session_key = selection.session_key

),

-- Few texts, many events: the rules are tried once a text.
phase_texts as (

    select distinct phase_text from session_rows

),

phase_matches as (

    select
        phase_texts.phase_text,
        phase_rules.phase,
        row_number() over (
            partition by phase_texts.phase_text order by phase_rules.rule_order
        ) as match_rank
    from phase_texts
    inner join phase_rules on regexp_matches(phase_texts.phase_text, phase_rules.pattern)

),

final as (

    select
        session_rows.session_id,
        session_rows.event_number,
        session_rows.elapsed_us,
        session_rows.event_type,
        session_rows.structural_role,
        session_rows.price,
        session_rows.magnitude,
        session_rows.significance,
        session_rows.phase_text != '' as has_phase_text,
        coalesce(phase_matches.phase, 'other') as phase,
        session_rows.htf_regime_given is not null
        or session_rows.htf_confluence is not null as has_regime,
        case
            when session_rows.htf_regime_given in (0, 1, 2)
                then cast(session_rows.htf_regime_given as integer)
            when session_rows.htf_confluence < 0.33 then 0
            when session_rows.htf_confluence < 0.67 then 1
            when session_rows.htf_confluence is not null then 2
            else 1
        end as htf_regime
    from session_rows
    left join phase_matches
        on session_rows.phase_text = phase_matches.phase_text and phase_matches.match_rank = 1

)

select * from final
