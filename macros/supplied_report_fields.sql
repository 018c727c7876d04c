{#- The columns of a supplied file of reports that are read; the last three may be absent. -#}
{% macro supplied_report_fields() %}
    {{- return([
        'store_id',
        'sku',
        'window_start',
        'window_end',
        'first_detected_from',
        'sign',
        'severity_score',
    ]) -}}
{% endmacro %}
