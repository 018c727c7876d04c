with

files as (

    select * from {{ ref('list_supplied_reports') }}

),

described as (

    select
        *,
        list_filter(
            ['store_id', 'sku', 'window_start', 'window_end'],
            lambda wanted: not list_contains(
                list_transform(column_names, lambda name: lower(name)), wanted
            )
        ) as missing_names
    from files

),

final as (

    select
        file_path,
        file_name,
        file_format,
        n_bytes,
        file_md5,
        is_finished,
        delimiter,
        column_names,
        column_types,
        n_rows,
        md5(to_json([[file_format, delimiter], column_names, column_types])) as layout_id,
        case
            when reason is not null then reason
            when len(missing_names) > 0 then 'missing_columns'
        end as reason,
        case
            when reason is not null then detail
            when len(missing_names) > 0
                then
                    'missing: ' || array_to_string(missing_names, ', ') || '; it has: '
                    || left(array_to_string(column_names, ', '), 500)
        end as detail
    from described

)

select * from final
