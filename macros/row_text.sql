{#-
    A row as text, every cell of it, but for the sign of a zero: DuckDB's compression of doubles
    drops it in some copies of a table.
-#}
{% macro row_text(row) -%}
    {{- return(adapter.dispatch('row_text', 'archetype')(row)) -}}
{%- endmacro %}

{% macro default__row_text(row) -%}
    regexp_replace(cast(to_json({{ row }}) as varchar), '-0\.0([,\]}])', '0.0\1', 'g')
{%- endmacro %}
