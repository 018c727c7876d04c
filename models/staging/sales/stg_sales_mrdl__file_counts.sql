with

files as (

    select * from {{ ref('stg_sales_mrdl__files') }}

),

supplied_rows as (

    select * from {{ ref('stg_sales_mrdl__judged_rows') }}

),

counted as (

    select
        file_name,
        sum(n_rows + n_rows_duplicate) as n_rows,
        sum(n_rows) filter (where reason is null) as n_rows_used,
        {%- for reason in supplied_report_reasons() if reason != 'duplicate' %}
        sum(n_rows) filter (where reason = '{{ reason }}') as n_rows_{{ reason }},
        {%- endfor %}
        sum(n_rows_duplicate) + count(*) filter (where reason = 'duplicate') as n_rows_duplicate,
        min(window_start) filter (where reason is null) as first_at,
        max(window_end) filter (where reason is null) as last_at
    from supplied_rows
    group by file_name

),

final as (

    select
        files.file_name,
        -- The footer of a Parquet file counts its rows, so that one lost in reading is missed.
        coalesce(
            case when files.reason is null then files.n_rows end, cast(counted.n_rows as bigint), 0
        ) as n_rows,
        coalesce(cast(counted.n_rows_used as bigint), 0) as n_rows_used,
        {%- for reason in supplied_report_reasons() %}
        coalesce(cast(counted.n_rows_{{ reason }} as bigint), 0) as n_rows_{{ reason }},
        {%- endfor %}
        counted.first_at,
        counted.last_at
    from files
    left join counted on files.file_name = counted.file_name

)

select * from final
