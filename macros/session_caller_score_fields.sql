{#- The fields of one score of an early caller inside session_early_caller_log, with their types. -#}
{% macro session_caller_score_fields() %}
    {{- return({
        'caller': 'varchar',
        'metric': 'varchar',
        'confidence_method': 'varchar',
        'scaler': 'varchar',
        'checkpoint_pct': 'integer',
        'n_sessions': 'bigint',
        'n_called': 'bigint',
        'coverage': 'double',
        'accuracy': 'double',
        'majority_accuracy': 'double',
        'session_type_accuracy': 'double',
        'brier': 'double',
        'brier_gap_error': 'double',
        'expected_calibration_error': 'double',
        'earliness': 'double',
        'earliness_accuracy': 'double',
        'validation': 'varchar',
        'is_recommended': 'boolean',
        'recommendation': 'varchar',
    }) -}}
{% endmacro %}
