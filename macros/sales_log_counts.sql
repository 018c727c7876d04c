{#- The counts of a file in sales_processing_log: rows, rows by reason, observations. -#}
{% macro sales_log_counts() %}
    {%- set names = ['n_rows', 'n_rows_used', 'n_rows_withdrawn'] -%}
    {%- for reason in sales_row_reasons() + supplied_report_reasons() -%}
        {%- do names.append('n_rows_' ~ reason) -%}
    {%- endfor -%}
    {{- return(names | unique | list + sales_observations()) -}}
{% endmacro %}
