{{ config(pre_hook=[
    "{{ set_file_list('session_json_documents', ref('stg_session_json__files'), 'reason is null') }}",
    "set variable session_json_largest = (select coalesce(max(n_bytes), 0) + 1048576 from {{ ref('stg_session_json__files') }})",
]) }}
{%- set texts = dict.fromkeys(session_event_fields(), 'varchar') %}

with

documents as (

    {% if has_rows(ref('stg_session_json__files'), 'reason is null') %}
    select * from {{ source('session_json', 'documents') }}
    {% else %}
    select
        cast(null as json) as events,
        cast(null as json) as price_movements,
        cast(null as json) as session_liquidity_events,
        cast(null as varchar) as filename
    where false
    {% endif %}

),

files as (

    select * from {{ ref('stg_session_json__files') }}

),

event_lists as (

    select
        files.file_name,
        case
            when files.dialect = 'adapted' then json_extract(documents.events, '$[*]')
            else list_concat(
                json_extract(documents.price_movements, '$[*]'),
                json_extract(documents.session_liquidity_events, '$[*]')
            )
        end as events
    from documents
    inner join files on documents.filename = files.file_path

),

listed as (

    select
        file_name,
        unnest(events) as event,
        generate_subscripts(events, 1) as position_in_file
    from event_lists

),

objects as (

    select
        file_name,
        position_in_file,
        coalesce(json_type(event) = 'OBJECT', false) as is_object,
        case
            when json_type(event) = 'OBJECT'
                then json_transform(event, '{{ tojson(texts) }}')
        end as field,
        case when json_type(event) = 'OBJECT' then {{ json_sorted_text('event') }} end
            as sorted_text
    from listed

),

final as (

    select
        file_name as session_key,
        position_in_file,
        is_object,
        {{ session_event_columns('field') }},
        {{ text_key('sorted_text') }} as event_hash
    from objects

)

select * from final
