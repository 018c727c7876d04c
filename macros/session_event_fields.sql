{#- Every field of a raw event that staging reads, whichever dialect spells it, with its type. -#}
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
        'price_level': 'double',
        'price': 'double',
        'absolute_price': 'double',
        'magnitude': 'double',
        'archaeological_significance': 'double',
        'htf_regime': 'double',
        'htf_confluence': 'double',
    }) -}}
{% endmacro %}
