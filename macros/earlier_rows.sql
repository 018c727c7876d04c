{#-
    What an append-only log held before this build, or no rows of the given columns. The log is not
    named by ref: it lies downstream of the models that ask what it holds already.
-#}
{% macro earlier_rows(log_name, columns) -%}
    {%- set log = none -%}
    {%- if execute -%}
        {#- A unit test knows no relation that is its own. -#}
        {%- set log = load_relation(api.Relation.create(
            database=target.database, schema=target.schema, identifier=log_name
        )) -%}
    {%- endif -%}
    {%- if log is none -%}
        select {{ null_columns(columns) }} where false
    {%- else -%}
        select {{ columns | join(', ') }} from {{ log }}
    {%- endif -%}
{%- endmacro %}
