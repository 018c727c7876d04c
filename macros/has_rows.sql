{#- DuckDB refuses to read an empty list of files, so a model asks before it reads. -#}
{% macro has_rows(relation, condition) %}
    {%- if not execute or load_relation(relation) is none -%}
        {{- return(false) -}}
    {%- endif -%}
    {%- set found = run_query('select 1 from ' ~ relation ~ ' where ' ~ condition ~ ' limit 1') -%}
    {{- return(found.rows | length > 0) -}}
{% endmacro %}
