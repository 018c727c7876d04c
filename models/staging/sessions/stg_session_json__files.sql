{{ config(
    pre_hook="{{ set_file_list('session_json_files', ref('list_session_files'), \"file_format = 'json' and reason is null\") }}"
) }}
{%- set paths = "['$', '$.events', '$.price_movements', '$.session_liquidity_events']" %}

with

files as (

    select * from {{ ref('list_session_files') }}

),

contents as (

    select
        filename as file_path,
        -- Windows exports begin with a byte order mark, which is no JSON; a second one is no mark.
        regexp_replace(try(decode(content)), '^\x{FEFF}', '') as body
    from {{ source('session_json', 'files') }}

),

-- Each of these functions parses the document and holds it: of a large one every call counts.
parsed as (

    select
        file_path,
        body,
        regexp_full_match(body, '\s*') as is_blank,
        case when json_valid(body) then json_type(body, {{ paths }}) end as path_types,
        case when json_valid(body) then json_array_length(body, {{ paths }}) end as path_lengths,
        case
            when json_valid(body)
                then len(json_keys(body)) > len(list_distinct(json_keys(body)))
        end as has_duplicate_key,
        case when json_valid(body) then json_extract(body, '$.session_metadata') end as metadata
    from contents

),

named as (

    select
        *,
        path_types[1] as document_type,
        path_types[2] as events_type,
        path_types[3] as movements_type,
        path_types[4] as liquidity_type,
        coalesce(path_lengths[2], 0) as n_events,
        coalesce(path_lengths[3], 0) + coalesce(path_lengths[4], 0) as n_movements
    from parsed

),

final as (

    select
        files.file_path,
        files.file_name,
        files.n_bytes,
        files.file_md5,
        case
            when named.n_events > 0 then 'adapted'
            when 'ARRAY' in (named.movements_type, named.liquidity_type) then 'enhanced'
            when named.events_type = 'ARRAY' then 'adapted'
        end as dialect,
        case
            when files.reason is not null then files.reason
            when named.body is null then 'not_utf8'
            when named.is_blank then 'empty_file'
            when named.document_type is null then 'invalid_json'
            when named.document_type != 'OBJECT' then 'not_an_object'
            when named.has_duplicate_key then 'duplicate_key'
            when regexp_matches(named.body, '{{ lookahead_pattern() }}') then 'lookahead_field'
            when
                'ARRAY' not in (
                    coalesce(named.events_type, ''),
                    coalesce(named.movements_type, ''),
                    coalesce(named.liquidity_type, '')
                )
                then 'not_a_session'
        end as reason,
        files.detail,
        cast(
            case when named.n_events > 0 then named.n_events else named.n_movements end as bigint
        ) as n_events,
        json_extract_string(named.metadata, '$.symbol') as symbol,
        json_extract_string(named.metadata, '$.session_type') as session_type,
        coalesce(
            json_extract_string(named.metadata, '$.session_date'),
            json_extract_string(named.metadata, '$.date')
        ) as session_date,
        coalesce(
            json_extract_string(named.metadata, '$.session_start'),
            json_extract_string(named.metadata, '$.start_time')
        ) as session_start,
        json_extract_string(named.metadata, '$.session_end') as session_end,
        json_extract_string(named.metadata, '$.session_duration') as session_duration,
        json_extract_string(named.metadata, '$.timezone') as time_zone
    from files
    left join named on files.file_path = named.file_path
    where files.file_format = 'json'

)

select * from final
