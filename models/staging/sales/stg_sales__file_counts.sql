with

files as (

    select * from {{ ref('stg_sales__files') }}
    where not coalesce(is_finished, false)

),

tallies as (

    select * from {{ ref('stg_sales__tallies') }}

),

clock as (

    select * from {{ ref('stg_sales__clock') }}

),

stored as (

    select ticks.*
    from {{ ref('stg_sales__ticks') }} as ticks
    inner join files on ticks.file_name = files.file_name

),

stored_files as (

    select
        file_name,
        sum(n_rows) as n_rows_stored
    from stored
    group by file_name

),

-- What is stored came first: rows that came to its tick later are late.
placed as (

    select
        tallies.*,
        case when stored.file_name is null then 0 else least(tallies.n_rows, stored.n_rows) end
            as n_rows_used,
        case
            when tallies.reason is not null then tallies.reason
            when stored.file_name is not null then 'late'
            when tallies.written_at <= clock.as_of_at then 'late'
            else 'tick_not_complete'
        end as reason_not_used
    from tallies
    cross join clock
    left join stored
        on
            tallies.file_name = stored.file_name
            and tallies.store_id = stored.store_id
            and tallies.sku = stored.sku
            and tallies.tick_local = stored.tick_local

),

counted as (

    select
        file_name,
        sum(n_rows + n_rows_duplicate) as n_rows,
        sum(n_rows_used) as n_rows_used,
        {%- for reason in sales_row_reasons() if reason != 'duplicate' %}
        sum(n_rows - n_rows_used) filter (where reason_not_used = '{{ reason }}')
            as n_rows_{{ reason }},
        {%- endfor %}
        sum(n_rows_duplicate) as n_rows_duplicate,
        {%- for name in sales_observations() %}
        sum({{ name }}) as {{ name }},
        {%- endfor %}
        min(first_at) as first_at,
        max(last_at) as last_at
    from placed
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
        {%- for reason in sales_row_reasons() %}
        coalesce(cast(counted.n_rows_{{ reason }} as bigint), 0) as n_rows_{{ reason }},
        {%- endfor %}
        cast(
            coalesce(stored_files.n_rows_stored, 0) - coalesce(counted.n_rows_used, 0) as bigint
        ) as n_rows_withdrawn,
        {%- for name in sales_observations() %}
        coalesce(cast(counted.{{ name }} as bigint), 0) as {{ name }},
        {%- endfor %}
        counted.first_at,
        counted.last_at
    from files
    left join counted on files.file_name = counted.file_name
    left join stored_files on files.file_name = stored_files.file_name

)

select * from final
