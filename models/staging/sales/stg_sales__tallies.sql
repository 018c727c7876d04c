{{ config(
    pre_hook="{{ forget_unreadable_rows() }}",
    post_hook="{{ add_unreadable_rows(ref('stg_sales__files')) }}"
) }}
{%- set mapping = sales_mapping() -%}
{%- set rules = var('sales_rules') %}

with

files as (

    select * from {{ ref('stg_sales__files') }}

),

raw_rows as (

    select
        cast(null as varchar) as raw_file_path,
        cast(null as varchar) as raw_row_md5,
        cast(null as varchar) as store_text,
        cast(null as varchar) as sku_text,
        cast(null as varchar) as instant_text,
        cast(null as decimal(18, 3)) as units,
        cast(null as decimal(18, 4)) as revenue
    where false
    {%- for layout in sales_layouts(ref('stg_sales__files')) %}
    union all
    {{ read_sales_layout(ref('stg_sales__files'), layout, mapping) }}
    {%- endfor %}

),

-- Copies of a row agree in every column, so that any of them stands for all.
distinct_rows as (

    select
        raw_file_path,
        raw_row_md5,
        any_value(store_text) as store_text,
        any_value(sku_text) as sku_text,
        any_value(instant_text) as instant_text,
        any_value(units) as units,
        any_value(revenue) as revenue,
        count(*) as n_copies
    from raw_rows
    group by raw_file_path, raw_row_md5

),

timed as (

    select
        *,
        {{ sales_instant('instant_text') }} as sold_at,
        coalesce({{ sales_has_zone('instant_text') }}, false) as has_zone,
        coalesce(not list_contains({{ sql_text_list(var('sales_stores')) }}, store_text), false)
        {{ '' if var('sales_stores') else 'and false' }} as is_unknown_store,
        {{ 'n_copies' if rules['duplicates'] == 'keep' else '1' }} as n_rows
    from distinct_rows

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
            {%- if rules['returns'] == 'ignore' %}
            when units < 0 then 'returned'
            {%- endif %}
            {%- if rules['zero_price'] == 'ignore' %}
            when units != 0 and revenue = 0 then 'zero_price'
            {%- endif %}
            {%- if rules['unknown_stores'] == 'ignore' %}
            when is_unknown_store then 'unknown_store'
            {%- endif %}
        end as reason,
        {{ local_time('sold_at', "'" ~ var('sales_time_zone') ~ "'") }} as sold_local
    from timed

),

grouped as (

    select
        raw_file_path,
        reason,
        case when reason is null then store_text end as store_id,
        case when reason is null then sku_text end as sku,
        case when reason is null then {{ sales_tick_start('sold_local') }} end as tick_local,
        sum(n_rows) as n_rows,
        sum(n_copies - n_rows) as n_rows_duplicate,
        sum(units * n_rows) filter (where reason is null) as units,
        sum(revenue * n_rows) filter (where reason is null and abs(revenue) <= 1e11) as revenue,
        coalesce(sum(n_copies) filter (where units < 0), 0) as n_returns,
        coalesce(sum(n_copies) filter (where units != 0 and revenue = 0), 0) as n_zero_price,
        sum(n_copies - 1) as n_duplicates,
        coalesce(sum(n_copies) filter (where is_unknown_store), 0) as n_unknown_stores,
        coalesce(sum(n_copies) filter (where sold_at is not null and not has_zone), 0)
            as n_rows_without_zone,
        coalesce(sum(n_copies) filter (where revenue is null or abs(revenue) > 1e11), 0)
            as n_rows_without_revenue,
        min(sold_at) filter (where reason is null) as first_at,
        max(sold_at) filter (where reason is null) as last_at
    from judged
    group by all

),

final as (

    select
        files.file_name,
        grouped.reason,
        grouped.store_id,
        grouped.sku,
        grouped.tick_local,
        {{ sales_tick_end('grouped.tick_local') }} as written_at,
        cast(grouped.units as decimal(18, 3)) as units,
        cast(grouped.revenue as decimal(18, 4)) as revenue,
        grouped.first_at,
        grouped.last_at,
        cast(grouped.n_rows as bigint) as n_rows,
        cast(grouped.n_rows_duplicate as bigint) as n_rows_duplicate,
        {%- for name in sales_observations() %}
        cast(grouped.{{ name }} as bigint) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from grouped
    inner join files on grouped.raw_file_path = files.file_path

)

select * from final
