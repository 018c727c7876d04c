{#- The SHA-256 over a checkpoint's other columns: who changes one of them breaks it. -#}
{% macro log_checkpoint_hash() -%}
    sha256(concat_ws(
        ',', build_id, log_name, checkpoint_number, started_at, row_count, n_new_rows, content_hash,
        previous_hash
    ))
{%- endmacro %}
