{#- A break of a log in words, as a SQL expression over `log_breaks`: log, build and first key. -#}
{% macro log_break_text() -%}
    log_name || ', ' || coalesce('build ' || build_id, 'after the last build') || ': ' || problem
    || coalesce(' at ' || row_key, '')
{%- endmacro %}
