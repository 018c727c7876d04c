{% macro session_feature_names() %}
    {{- return([
        'rate_fvg_interaction', 'rate_expansion_phase', 'rate_consolidation_phase', 'rate_retracement_event',
        'rate_reversal_signal', 'rate_liquidity_sweep', 'htf_regime_0', 'htf_regime_1', 'htf_regime_2',
        'range_vs_median', 'volatility', 'momentum_smoothness', 'level_revisit_rate', 'net_move_ratio',
        'range_efficiency', 'step_to_range', 'direction_change_rate', 'bar_position_m15', 'bar_position_h1',
        'time_std', 'spacing_regularity', 'active_span_ratio', 'time_cluster_cv', 'burst_intensity', 'time_center',
        'event_density', 'phase_switch_rate', 'magnitude_cv', 'role_coherence', 'significance_mean',
    ]) -}}
{% endmacro %}
