{#-
    What an append-only log held before this build, or no rows of the given columns. The log is not
    named by ref: it lies downstream of the models that ask what it holds already.
-#}
{% macro earlier_rows(log_name, columns) -%}
    {%- set log = api.Relation.create(
        database=target.database, schema=target.schema, identifier=log_name
    ) -%}
    {%- set log = load_relation(log) if execute else none -%}
    {%- if log is none -%}
        select {{ null_columns(columns) }} where false
    {%- else -%}
        select {{ columns | join(', ') }} from {{ log }}
    {%- endif -%}
{%- endmacro %}
