{#- The fields of one early caller inside a row of session_early_caller_log, with their types. -#}
{% macro session_caller_fields() %}
    {{- return({
        'caller': 'varchar',
        'metric': 'varchar',
        'confidence_method': 'varchar',
        'scaler': 'varchar',
        'checkpoint_pct': 'integer',
        'is_recommended': 'boolean',
        'is_chosen': 'boolean',
        'n_sessions': 'bigint',
        'archetype_ids': 'integer[]',
        'scaler_centre': 'double[]',
        'scaler_scale': 'double[]',
        'clip': 'double',
        'projection': 'double[][]',
        'intercept': 'double[]',
        'prototypes': 'double[][]',
        'log_priors': 'double[]',
        'noise': 'double[][]',
        'temperature': 'double',
        'knots_x': 'double[]',
        'knots_y': 'double[]',
        'note': 'varchar',
    }) -}}
{% endmacro %}
