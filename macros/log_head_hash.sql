{#-
    The head of the chain after a build: the SHA-256 over the hashes of the build's checkpoints, in
    the order of the logs' names. The checkpoints of the next build hold it, so who writes down one
    head has a hold on every row of every log before it.
-#}
{% macro log_head_hash() -%}
    sha256(string_agg(checkpoint_hash, '' order by log_name))
{%- endmacro %}
