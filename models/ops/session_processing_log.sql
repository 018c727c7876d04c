with

files as (

    select * from {{ ref('list_session_files') }}

),

json_files as (

    select * from {{ ref('stg_session_json__files') }}

),

selection as (

    select * from {{ ref('session_selection') }}

),

reasons as (

    select * from {{ ref('session_reasons') }}

),

read_counts as (

    select * from {{ ref('session_read_counts') }}

),

checkpoints as (

    select
        selection.session_key,
        list_sort(list(prints.checkpoint_pct)) as described_at,
        max(prints.n_events) filter (where prints.checkpoint_pct = 100) as n_events,
        bool_or(prints.is_low_information) filter (where prints.checkpoint_pct = 100)
            as is_low_information
    from {{ ref('session_fingerprints') }} as prints
    inner join selection on prints.session_id = selection.session_id
    where selection.reason is null
    group by selection.session_key

),

logged as (

    select
        files.*,
        selection.* exclude (file_name, session_key, reason),
        coalesce(selection.session_key, files.file_name) as session_key,
        case when files.file_format = 'parquet' then 'parquet' else json_files.dialect end
            as dialect,
        coalesce(files.reason, json_files.reason, selection.reason) as skip_reason,
        -- Counted in the raw document, so that an event lost in staging is missed.
        coalesce(json_files.n_events, read_counts.n_events_read, 0) as n_events_listed,
        coalesce(read_counts.n_events_read, 0) as n_events_read,
        coalesce(read_counts.n_objects, 0) as n_objects
    from files
    left join json_files on files.file_name = json_files.file_name
    left join selection on files.file_name = selection.file_name
    left join read_counts on selection.session_key = read_counts.session_key

),

judged as (

    select
        logged.*,
        checkpoints.described_at,
        case
            when logged.skip_reason is not null then logged.skip_reason
            when checkpoints.is_low_information then 'low_information'
            when checkpoints.n_events < {{ var('min_events_to_fit') }} then 'too_few_events_to_fit'
            else 'eligible_to_fit'
        end as judged_reason
    from logged
    left join checkpoints on logged.session_key = checkpoints.session_key

),

final as (

    select
        judged.session_key,
        judged.file_name,
        judged.file_md5,
        judged.dialect,
        judged.session_id,
        reasons.status,
        judged.judged_reason as reason,
        reasons.message || coalesce(' (' || judged.detail || ')', '') as message,
        judged.superseded_by,
        judged.n_events_listed as n_events_read,
        case when judged.skip_reason is null then judged.n_events_kept else 0 end as n_events_kept,
        judged.n_events_read - judged.n_objects as n_events_not_an_object,
        case when judged.has_window then judged.n_objects - judged.n_events_distinct else 0 end
            as n_events_duplicate,
        coalesce(judged.n_events_distinct - judged.n_events_kept, 0) as n_events_outside_session,
        case
            when judged.skip_reason is null then 0
            when judged.has_window then judged.n_events_kept
            else judged.n_events_listed - judged.n_events_read + judged.n_objects
        end as n_events_of_skipped_session,
        coalesce(judged.n_events_time_imputed, 0) as n_events_time_imputed,
        case when judged.skip_reason is null then judged.n_events_without_price else 0 end
            as n_events_without_price,
        list_filter(
            {{ var('checkpoints') }},
            lambda pct: not list_contains(coalesce(judged.described_at, [pct]), pct)
        ) as checkpoints_not_described
    from judged
    left join reasons on judged.judged_reason = reasons.reason

)

select * from final
