with

sales_files as (

    select * from {{ ref('stg_sales__files') }}

),

sales_counts as (

    select * from {{ ref('stg_sales__file_counts') }}

),

logged_files as (

    select * from {{ ref('stg_sales__logged_files') }}

),

report_files as (

    select * from {{ ref('stg_sales_mrdl__files') }}

),

report_counts as (

    select * from {{ ref('stg_sales_mrdl__file_counts') }}

),

reasons as (

    select * from {{ ref('sales_reasons') }}

),

nothing as (

    select {{ null_columns(sales_log_columns()) }}
    where false

),

-- A file that no build need open again keeps the counts of the build that read it last.
described as (

    select
        *,
        null as file_reason,
        null as detail
    from nothing
    union all by name
    select
        'sales' as file_kind,
        sales_files.file_md5,
        sales_files.reason as file_reason,
        sales_files.detail,
        sales_counts.*
    from sales_files
    inner join sales_counts on sales_files.file_name = sales_counts.file_name
    union all by name
    select
        'sales' as file_kind,
        case when sales_files.file_name is null then 'file_gone' end as file_reason,
        logged_files.* exclude (status, is_finished)
    from logged_files
    left join sales_files on logged_files.file_name = sales_files.file_name
    where
        sales_files.is_finished
        or (
            sales_files.file_name is null
            and logged_files.n_rows_used + logged_files.n_rows_withdrawn > 0
        )
    union all by name
    select
        'reports' as file_kind,
        report_files.file_md5,
        report_files.reason as file_reason,
        report_files.detail,
        report_counts.*
    from report_files
    inner join report_counts on report_files.file_name = report_counts.file_name

),

judged as (

    select
        *,
        case
            when file_reason is not null then file_reason
            when n_rows = 0 then 'no_rows'
            when n_rows_used > 0 then 'rows_used'
            when n_rows_tick_not_complete > 0 then 'rows_waiting'
            else 'no_usable_rows'
        end as judged_reason
    from described

),

final as (

    select
        judged.file_kind,
        judged.file_name,
        judged.file_md5,
        reasons.status,
        judged.judged_reason as reason,
        reasons.message || coalesce(' (' || judged.detail || ')', '') as message,
        {%- for name in sales_log_counts() %}
        coalesce(judged.{{ name }}, 0) as {{ name }},
        {%- endfor %}
        judged.first_at,
        judged.last_at
    from judged
    left join reasons on judged.judged_reason = reasons.reason

)

select * from final
