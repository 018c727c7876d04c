{#- What stands in a feature's place where its definition gives no value. -#}
{% macro session_imputed_values() %}
    {{- return({
        'range_vs_median': 0,
        'volatility': 0,
        'momentum_smoothness': 0,
        'level_revisit_rate': 0,
        'net_move_ratio': 0,
        'range_efficiency': 1,
        'step_to_range': 0,
        'direction_change_rate': 0,
        'bar_position_m15': 0.5,
        'bar_position_h1': 0.5,
        'spacing_regularity': 1,
        'phase_switch_rate': 0,
        'magnitude_cv': 0,
    }) -}}
{% endmacro %}
