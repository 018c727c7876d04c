{#-
    The place of a row among those of its table in the order in which they were appended, from 1.
    DuckDB keeps the order in which rows were inserted, and so does a window over all of one table:
    https://duckdb.org/docs/stable/sql/dialect/order_preservation
-#}
{% macro log_position() -%}
    {{- return(adapter.dispatch('log_position', 'archetype')()) -}}
{%- endmacro %}

{% macro default__log_position() -%}
    row_number() over ()
{%- endmacro %}
