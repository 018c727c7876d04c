{#-
    Why a row of a supplied file of reports is not used, in the order in which the reasons are
    tried.
-#}
{% macro supplied_report_reasons() %}
    {{- return([
        'unreadable_row',
        'missing_store',
        'missing_sku',
        'unreadable_instant',
        'instant_out_of_range',
        'window_ends_too_early',
        'detected_too_early',
        'unreadable_sign',
        'unreadable_severity',
        'unknown_store',
        'unknown_sku',
        'duplicate',
    ]) -}}
{% endmacro %}
