{#-
    What an append-only log held before this build, or no rows of the given columns. The log is not
    named by ref: it lies downstream of the models that ask what it holds already.
-#}
{% macro earlier_rows(log_name, columns) -%}
    {%- set log = none -%}
    {#- A unit test is parsed without a database. -#}
    {%- if execute -%}
        {%- set log = load_relation(api.Relation.create(
            database=this.database, schema=this.schema, identifier=log_name
        )) -%}
    {%- endif -%}
    {%- if log is none -%}
        select {{ null_columns(columns) }} where false
    {%- else -%}
        select {{ columns | join(', ') }} from {{ log }}
    {%- endif -%}
{%- endmacro %}
