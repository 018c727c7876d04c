{{ config(
    pre_hook="{{ forget_unreadable_rows() }}",
    post_hook="{{ add_unreadable_rows(ref('stg_sales__files'), sales_tally_counts()) }}"
) }}

with

files as (

    select * from {{ ref('stg_sales__files') }}

),

raw_rows as (

    {{ sales_raw_rows(ref('stg_sales__files'), sales_mapping()) }}

),

-- Copies of a row agree in every column. All of them are grouped by, not one md5 of them with any
-- value of the rest: texts that an aggregate keeps cannot be spilled to disk, a group's key can.
distinct_rows as (

    select
        raw_file_path,
        raw_row_md5,
        store_text,
        sku_text,
        instant_text,
        units,
        case when abs(revenue) <= 1e11 then revenue end as revenue,
        count(*) as n_copies
    from raw_rows
    group by all

),

timed as (

    select
        distinct_rows.*,
        files.file_name,
        {{ sales_instant('instant_text') }} as sold_at,
        coalesce({{ sales_has_zone('instant_text') }}, false) as has_zone,
        coalesce(not list_contains({{ sql_text_list(var('sales_stores')) }}, store_text), false)
        {{ '' if var('sales_stores') else 'and false' }} as is_unknown_store,
        {{ 'n_copies' if sales_rule('duplicates') == 'keep' else '1' }} as n_used
    from distinct_rows
    inner join files on distinct_rows.raw_file_path = files.file_path

),

judged as (

    select
        *,
        case
            when store_text is null or store_text = '*' then 'missing_store'
            when sku_text is null or sku_text = '*' then 'missing_sku'
            when sold_at is null then 'unreadable_instant'
            when sold_at < '1990-01-01' or sold_at >= '2101-01-01' then 'instant_out_of_range'
            when units is null or abs(units) > 1e9 then 'unreadable_units'
            {%- if sales_rule('returns') == 'ignore' %}
            when units < 0 then 'returned'
            {%- endif %}
            {%- if sales_rule('zero_price') == 'ignore' %}
            when units != 0 and revenue = 0 then 'zero_price'
            {%- endif %}
            {%- if sales_rule('unknown_stores') == 'ignore' %}
            when is_unknown_store then 'unknown_store'
            {%- endif %}
        end as reason,
        {{ local_time('sold_at', sql_text(var('sales_time_zone'))) }} as sold_local
    from timed

),

grouped as (

    select
        file_name,
        reason,
        case when reason is null then store_text end as store_id,
        case when reason is null then sku_text end as sku,
        case when reason is null then {{ sales_tick_start('sold_local') }} end as tick_local,
        sum(n_used) as n_rows,
        sum(n_copies - n_used) as n_rows_duplicate,
        sum(units * n_used) filter (where reason is null) as units,
        sum(revenue * n_used) filter (where reason is null) as revenue,
        coalesce(sum(n_copies) filter (where units < 0), 0) as n_returns,
        coalesce(sum(n_copies) filter (where units != 0 and revenue = 0), 0) as n_zero_price,
        sum(n_copies - 1) as n_duplicates,
        coalesce(sum(n_copies) filter (where is_unknown_store), 0) as n_unknown_stores,
        coalesce(sum(n_copies) filter (where sold_at is not null and not has_zone), 0)
            as n_rows_without_zone,
        coalesce(sum(n_copies) filter (where revenue is null), 0) as n_rows_without_revenue,
        min(sold_at) filter (where reason is null) as first_at,
        max(sold_at) filter (where reason is null) as last_at
    from judged
    group by all

),

final as (

    select
        file_name,
        reason,
        store_id,
        sku,
        tick_local,
        {{ sales_tick_end('tick_local') }} as written_at,
        first_at,
        last_at,
        {{ typed_columns(sales_tally_measures()) }}
    from grouped

)

select * from final
