{{ config(
    pre_hook="{{ forget_unreadable_rows() }}",
    post_hook="{{ add_unreadable_rows(ref('stg_sales_mrdl__files'), ['n_rows_duplicate']) }}"
) }}

with

files as (

    select * from {{ ref('stg_sales_mrdl__files') }}

),

raw_rows as (

    {{ supplied_raw_rows(ref('stg_sales_mrdl__files')) }}

),

distinct_rows as (

    select
        raw_file_path,
        raw_row_md5,
        {%- for field in supplied_report_fields() %}
        any_value({{ field }}_text) as {{ field }}_text,
        {%- endfor %}
        count(*) - 1 as n_rows_duplicate
    from raw_rows
    group by raw_file_path, raw_row_md5

),

typed as (

    select
        *,
        store_id_text as store_id,
        sku_text as sku,
        {{ sales_instant('window_start_text') }} as window_start,
        {{ sales_instant('window_end_text') }} as window_end,
        {{ sales_instant('first_detected_from_text') }} as first_detected_from,
        case try_cast(sign_text as double) when 1 then 1 when -1 then -1 end as sign,
        {{ finite_number('severity_score_text') }} as severity_score
    from distinct_rows

),

final as (

    select
        files.file_name,
        typed.raw_row_md5,
        typed.store_id,
        typed.sku,
        typed.sign,
        typed.window_start,
        typed.window_end,
        typed.first_detected_from,
        typed.severity_score,
        1 as n_rows,
        typed.n_rows_duplicate,
        case
            when typed.store_id is null then 'missing_store'
            when typed.sku is null then 'missing_sku'
            when
                typed.window_start is null
                or typed.window_end is null
                or (first_detected_from_text is not null and typed.first_detected_from is null)
                then 'unreadable_instant'
            when
                least(typed.window_start, typed.first_detected_from) < '1990-01-01'
                or greatest(typed.window_end, typed.first_detected_from) >= '2101-01-01'
                then 'instant_out_of_range'
            when typed.window_end <= typed.window_start then 'window_ends_too_early'
            when typed.first_detected_from <= typed.window_start then 'detected_too_early'
            when typed.sign is null and typed.sign_text is not null then 'unreadable_sign'
            when typed.severity_score is null and typed.severity_score_text is not null
                then 'unreadable_severity'
        end as reason
    from typed
    inner join files on typed.raw_file_path = files.file_path

)

select * from final
