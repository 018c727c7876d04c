{%- set mapping = sales_mapping() -%}
with

files as (

    select * from {{ ref('list_sales_files') }}

),

wanted as (

    {{ sales_wanted_columns(mapping) }}

),

missing as (

    select
        files.file_name,
        string_agg(
            distinct wanted.column_name || ' (' || wanted.field || ')',
            ', ' order by wanted.column_name || ' (' || wanted.field || ')'
        ) as column_names
    from files
    cross join wanted
    where
        files.column_names is not null
        and not list_contains(
            list_transform(files.column_names, lambda name: lower(name)),
            lower(wanted.column_name)
        )
    group by files.file_name

),

-- A mapping that does not fit the types of a file is told before anything is read.
bound as (

    select
        file_name,
        {{ sales_binding_error('column_names', 'column_types', mapping) }} as binding_error
    from files
    where
        column_names is not null
        and reason is null
        and file_name not in (select missing.file_name from missing)

),

judged as (

    select
        files.*,
        missing.column_names as missing_names,
        bound.binding_error
    from files
    left join missing on files.file_name = missing.file_name
    left join bound on files.file_name = bound.file_name

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
            when missing_names is not null then 'missing_columns'
            when binding_error is not null then 'wrong_columns'
        end as reason,
        case
            when reason is not null then detail
            when missing_names is not null
                then
                    'missing: ' || missing_names || '; it has: '
                    || left(array_to_string(column_names, ', '), 500)
            else binding_error
        end as detail
    from judged

)

select * from final
