{#-
    The descriptions of a relation and of its columns as comments, in one statement. dbt's own asks
    the warehouse first which columns there are; here a column that is described and is not there
    fails its model, as it should.
-#}
{% macro duckdb__persist_docs(relation, model, for_relation, for_columns) -%}
    {%- set about_relation = for_relation and config.persist_relation_docs() and model.description -%}
    {%- set about_columns = for_columns and config.persist_column_docs() and model.columns -%}
    {%- if about_relation or about_columns -%}
        {%- call statement('persist_docs') -%}
            {%- if about_relation -%}
                {{- alter_relation_comment(relation, model.description) -}}
            {%- endif -%}
            {%- if about_columns -%}
                {%- for column in model.columns.values() %}
        comment on column {{ relation }}.{{ adapter.quote(column.name) }}
        is {{ duckdb_escape_comment(column.description) }};
                {%- endfor -%}
            {%- endif -%}
        {%- endcall -%}
    {%- endif -%}
{%- endmacro %}
