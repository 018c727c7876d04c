{#- Every field of a raw event that staging reads, whichever dialect spells it. -#}
{% macro session_event_fields() %}
    {%- set fields = {} -%}
    {%- for name in [
        'timestamp', 'type', 'event_type', 'movement_type', 'action', 'original_type', 'event_family', 'structural_role',
        'price_level', 'price', 'absolute_price', 'magnitude', 'archaeological_significance', 'htf_regime', 'htf_confluence',
    ] -%}
        {%- do fields.update({name: 'VARCHAR'}) -%}
    {%- endfor -%}
    {{- return(fields) -}}
{% endmacro %}
