{#-
    One row with a table's name, row count and content hash: the md5 of its rows' md5s in their own
    order, taken in 256 buckets so that no single text grows with the table. The order and the place
    of the rows do not matter, nor does the sign of a zero: DuckDB's compression of doubles drops it
    in some copies of a table.
-#}
{% macro content_hash(relation, table_name, left_out=[]) -%}
    select
        '{{ table_name }}' as table_name,
        cast(coalesce(sum(bucket.n_rows), 0) as bigint) as row_count,
        md5(coalesce(string_agg(bucket.bucket_md5, '' order by bucket.bucket_key), ''))
            as content_hash
    from (
        select
            left(row_md5, 2) as bucket_key,
            count(*) as n_rows,
            md5(string_agg(row_md5, '' order by row_md5)) as bucket_md5
        from (
            select md5({{ row_text('content_row') }}) as row_md5
            from (
                select * {% if left_out %}exclude ({{ left_out | join(', ') }}){% endif %}
                from {{ relation }}
            ) as content_row
        ) as hashed
        group by bucket_key
    ) as bucket
{%- endmacro %}
