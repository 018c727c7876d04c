{#- A query of one row per log and checkpoint: how many rows it added, and the digest of them all. -#}
{% macro log_digests(chunks) -%}
    select
        log_name,
        checkpoint_number,
        sum(n_rows) as n_rows,
        sha256(string_agg(chunk_hash, '' order by chunk_start)) as digest
    from {{ chunks }}
    group by log_name, checkpoint_number
{%- endmacro %}
