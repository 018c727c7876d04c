{{ config(
    pre_hook="{{ set_file_list('session_json_files', ref('list_session_files'), \"file_format = 'json' and reason is null\") }}"
) }}

with

files as (

    select * from {{ ref('list_session_files') }}

),

contents as (

    select
        filename as file_path,
        -- Windows exports begin with a byte order mark, which is no JSON.
        ltrim(try(decode(content)), chr(65279)) as body
    from {{ source('session_json', 'files') }}

),

parsed as (

    select
        file_path,
        body,
        regexp_full_match(body, '\s*') as is_blank,
        case when json_valid(body) then json_type(body) end as document_type,
        case
            when json_valid(body)
                then len(json_keys(body)) > len(list_distinct(json_keys(body)))
        end as has_duplicate_key,
        case when json_valid(body) then json_extract(body, '$.session_metadata') end as metadata,
        case when json_valid(body) then json_type(body, '$.events') end as events_type,
        case when json_valid(body) then json_type(body, '$.price_movements') end as movements_type,
        case when json_valid(body) then json_type(body, '$.session_liquidity_events') end
            as liquidity_type,
        case when json_valid(body) then coalesce(json_array_length(body, '$.events'), 0) end
            as n_events,
        case
            when json_valid(body)
                then
                    coalesce(json_array_length(body, '$.price_movements'), 0)
                    + coalesce(json_array_length(body, '$.session_liquidity_events'), 0)
        end as n_movements
    from contents

),

final as (

    select
        files.file_path,
        files.file_name,
        files.n_bytes,
        files.file_md5,
        case
            when parsed.n_events > 0 then 'adapted'
            when 'ARRAY' in (parsed.movements_type, parsed.liquidity_type) then 'enhanced'
            when parsed.events_type = 'ARRAY' then 'adapted'
        end as dialect,
        case
            when files.reason is not null then files.reason
            when parsed.body is null then 'not_utf8'
            when parsed.is_blank then 'empty_file'
            when parsed.document_type is null then 'invalid_json'
            when parsed.document_type != 'OBJECT' then 'not_an_object'
            when parsed.has_duplicate_key then 'duplicate_key'
            when regexp_matches(parsed.body, '{{ lookahead_pattern() }}') then 'lookahead_field'
            when
                'ARRAY' not in (
                    coalesce(parsed.events_type, ''),
                    coalesce(parsed.movements_type, ''),
                    coalesce(parsed.liquidity_type, '')
                )
                then 'not_a_session'
        end as reason,
        files.detail,
        cast(
            case when parsed.n_events > 0 then parsed.n_events else parsed.n_movements end as bigint
        ) as n_events,
        json_extract_string(parsed.metadata, '$.symbol') as symbol,
        json_extract_string(parsed.metadata, '$.session_type') as session_type,
        coalesce(
            json_extract_string(parsed.metadata, '$.session_date'),
            json_extract_string(parsed.metadata, '$.date')
        ) as session_date,
        coalesce(
            json_extract_string(parsed.metadata, '$.session_start'),
            json_extract_string(parsed.metadata, '$.start_time')
        ) as session_start,
        json_extract_string(parsed.metadata, '$.session_end') as session_end,
        json_extract_string(parsed.metadata, '$.session_duration') as session_duration,
        json_extract_string(parsed.metadata, '$.timezone') as time_zone
    from files
    left join parsed on files.file_path = parsed.file_path
    where files.file_format = 'json'

)

select * from final
