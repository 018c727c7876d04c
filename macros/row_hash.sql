{#-
    The first 128 bits of the SHA-256 of a row's text: what the ledger keeps of a logged row. As a
    number of fixed size it takes a fourth of the memory of its digits.
-#}
{% macro row_hash(row) -%}
    {{- return(adapter.dispatch('row_hash', 'archetype')(row)) -}}
{%- endmacro %}

{% macro default__row_hash(row) -%}
    cast(left(sha256({{ row_text(row) }}), 32) as uuid)
{%- endmacro %}
