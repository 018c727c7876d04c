{#- The fields of one bin of confidence inside session_early_caller_log, with their types. -#}
{% macro session_caller_reliability_fields() %}
    {{- return({
        'caller': 'varchar',
        'metric': 'varchar',
        'confidence_method': 'varchar',
        'scaler': 'varchar',
        'checkpoint_pct': 'integer',
        'bin_low': 'double',
        'bin_high': 'double',
        'n_calls': 'bigint',
        'mean_confidence': 'double',
        'accuracy': 'double',
    }) -}}
{% endmacro %}
