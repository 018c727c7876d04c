{#-
    Every table that only grows, with the columns that name a row of it: its primary key. Rows are
    logged in `log_row_hashes` by the hooks of the project, so a table that lacks here cannot be
    appended to.
-#}
{% macro append_only_tables() %}
    {{- return({
        'stg_sales__ticks': ['file_name', 'store_id', 'sku', 'tick_local'],
        'session_model_log': ['model_version'],
        'session_early_caller_log': ['caller_version'],
        'minority_map_anchors': ['library_version', 'exemplar_id', 'prefix'],
        'session_assignments': ['session_id', 'model_version'],
        'session_early_calls': ['session_id', 'checkpoint_pct', 'model_version'],
        'session_minidash': ['session_id', 'checkpoint_pct', 'model_version'],
        'baseline_sales_model_prediction_log': ['store_id', 'sku', 'written_at'],
        'anomaly_classifier_model_prediction_log': ['store_id', 'sku', 'written_at'],
        'minority_reports_detected_log': ['report_id', 'written_at'],
        'minority_event_ended_log': ['report_id'],
        'anomaly_vectors': ['report_id', 'written_at'],
        'minority_reports_clustered_log': ['report_id', 'written_at'],
        'minority_report_map': ['report_id'],
        'sales_clock_log': ['processed_to'],
        'build_runs': ['build_id'],
        'log_checkpoints': ['build_id', 'log_name'],
    }) -}}
{% endmacro %}
