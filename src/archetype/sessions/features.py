"""The names and places of the 30 features, as `session_feature_names` lists them for SQL."""

PHASES = (
    "fvg_interaction",
    "expansion_phase",
    "consolidation_phase",
    "retracement_event",
    "reversal_signal",
    "liquidity_sweep",
)

FEATURE_NAMES = (
    *(f"rate_{phase}" for phase in PHASES),
    "htf_regime_0",
    "htf_regime_1",
    "htf_regime_2",
    "range_vs_median",
    "volatility",
    "momentum_smoothness",
    "level_revisit_rate",
    "net_move_ratio",
    "range_efficiency",
    "step_to_range",
    "direction_change_rate",
    "bar_position_m15",
    "bar_position_h1",
    "time_std",
    "spacing_regularity",
    "active_span_ratio",
    "time_cluster_cv",
    "burst_intensity",
    "time_center",
    "event_density",
    "phase_switch_rate",
    "magnitude_cv",
    "role_coherence",
    "significance_mean",
)

N_FEATURES = len(FEATURE_NAMES)
REGIME_FEATURES = slice(
    FEATURE_NAMES.index("htf_regime_0"), FEATURE_NAMES.index("htf_regime_2") + 1
)
VOLATILITY_FEATURE = FEATURE_NAMES.index("volatility")
