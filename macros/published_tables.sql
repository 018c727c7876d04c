{#-
    The tables that publish copies, and the columns that their content hash leaves out: a raw file's
    name says where a row came from, not what it says, so renamed files hash alike.
-#}
{% macro published_tables() %}
    {{- return({
        'session_processing_log': ['session_key', 'file_name', 'superseded_by'],
        'session_fingerprints': [],
        'session_relative_ranges': [],
        'session_models': [],
        'session_archetypes': [],
        'session_trials': [],
        'session_assignments': [],
        'session_drift': [],
        'session_early_callers': [],
        'session_early_call_scores': [],
        'session_early_call_reliability': [],
        'session_early_calls': [],
        'session_minidash': [],
        'sessions': [],
        'sales_processing_log': ['file_name'],
        'baseline_sales_model_prediction_log': [],
        'anomaly_classifier_model_prediction_log': [],
        'minority_reports_detected_log': [],
        'minority_event_ended_log': [],
        'anomaly_vectors': [],
        'minority_reports_clustered_log': [],
        'minority_map_anchors': [],
        'minority_report_map': [],
        'minority_reports': [],
        'cluster_library': [],
        'cluster_library_candidates': [],
    }) -}}
{% endmacro %}
