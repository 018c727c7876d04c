{#- Every reason for which a raw row of sales or of supplied reports is not used. -#}
{% macro sales_log_reasons() %}
    {{- return((sales_row_reasons() + supplied_report_reasons()) | unique | list) -}}
{% endmacro %}
