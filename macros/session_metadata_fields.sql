{#- Every field of a session's metadata that staging reads, whichever dialect spells it. -#}
{% macro session_metadata_fields() %}
    {{- return({
        'symbol': 'varchar',
        'session_type': 'varchar',
        'session_date': 'varchar',
        'date': 'varchar',
        'session_start': 'varchar',
        'start_time': 'varchar',
        'session_end': 'varchar',
        'session_duration': 'varchar',
        'timezone': 'varchar',
    }) -}}
{% endmacro %}
