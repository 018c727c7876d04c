{#- Every field of a raw event that staging reads, whichever dialect spells it. -#}
{% macro session_event_fields() %}
    {{- return({
        'timestamp': 'varchar',
        'type': 'varchar',
        'event_type': 'varchar',
        'movement_type': 'varchar',
        'action': 'varchar',
        'original_type': 'varchar',
        'event_family': 'varchar',
        'structural_role': 'varchar',
        'price_level': 'varchar',
        'price': 'varchar',
        'absolute_price': 'varchar',
        'magnitude': 'varchar',
        'archaeological_significance': 'varchar',
        'htf_regime': 'varchar',
        'htf_confluence': 'varchar',
    }) -}}
{% endmacro %}
