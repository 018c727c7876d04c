{#-
    A query of one row per log, checkpoint and chunk of 16,384 rows, with how many rows are in it and
    one hash of their hashes: SHA-256 over blocks of 16 rows, then over the blocks. A table of any
    length is hashed in its order, and nothing in memory grows by more than 32 bytes a row.
-#}
{% macro log_chunk_hashes(rows) -%}
    select
        log_name,
        checkpoint_number,
        block_start - (block_start - 1) % 16384 as chunk_start,
        sum(n_rows) as n_rows,
        sha256(string_agg(block_hash, '' order by block_start)) as chunk_hash
    from (
        select
            log_name,
            checkpoint_number,
            row_number - (row_number - 1) % 16 as block_start,
            count(*) as n_rows,
            sha256(concat_ws(
                ','
                {%- for place in range(16) %},
                cast(max(row_hash) filter (where (row_number - 1) % 16 = {{ place }}) as varchar)
                {%- endfor %}
            )) as block_hash
        from {{ rows }}
        group by log_name, checkpoint_number, block_start
    ) as blocks
    group by log_name, checkpoint_number, chunk_start
{%- endmacro %}
