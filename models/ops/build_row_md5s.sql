{{ config(materialized='view') }}

with

final as (

    {% for table_name, left_out in published_tables().items() %}
    select
        {{ loop.index }} as table_number,
        cast(md5({{ row_text('content_row') }}) as uuid) as row_md5
    from (
        select * {% if left_out %}exclude ({{ left_out | join(', ') }}){% endif %}
        from {{ ref(table_name) }}
    ) as content_row
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select * from final
