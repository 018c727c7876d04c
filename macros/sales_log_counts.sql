{#- The counts of a file in sales_processing_log: rows, rows by reason, observations. -#}
{% macro sales_log_counts() %}
    {%- set names = ['n_rows', 'n_rows_used'] -%}
    {%- for reason in sales_log_reasons() -%}
        {%- do names.append('n_rows_' ~ reason) -%}
    {%- endfor -%}
    {{- return(names + ['n_rows_withdrawn'] + sales_observations()) -}}
{% endmacro %}
