{#- The six phases that have a rate, in the order of the feature vector. -#}
{% macro session_phases() %}
    {{- return([
        'fvg_interaction',
        'expansion_phase',
        'consolidation_phase',
        'retracement_event',
        'reversal_signal',
        'liquidity_sweep',
    ]) -}}
{% endmacro %}
