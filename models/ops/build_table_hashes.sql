with

digests as (

    select * from {{ ref('hash_public_tables') }}

),

published as (

    {% for table_name in published_tables() %}
    select
        {{ loop.index }} as table_number,
        '{{ table_name }}' as table_name
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

final as (

    select
        published.table_name,
        coalesce(digests.row_count, 0) as row_count,
        -- A table without rows has no row there.
        coalesce(digests.content_hash, md5('')) as content_hash
    from published
    left join digests on published.table_number = digests.table_number

)

select * from final
