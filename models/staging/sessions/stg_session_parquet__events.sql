with

raw_events as (

    {{ session_parquet_rows(ref('list_session_files'), of_events=true) }}

),

final as (

    select
        session_key,
        file_row_number + 1 as position_in_file,
        true as is_object,
        {{ session_event_columns('raw_events') }},
        event_hash
    from raw_events

)

select * from final
