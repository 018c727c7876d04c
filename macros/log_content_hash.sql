{#-
    The hash of all rows of a log so far, from the one before and the digest of the rows since; where
    there are none, it stays.
-#}
{% macro log_content_hash(before, digest) -%}
    coalesce(
        sha256(coalesce({{ before }}, {{ no_hash_yet() }}) || {{ digest }}),
        {{ before }},
        {{ no_hash_yet() }}
    )
{%- endmacro %}
