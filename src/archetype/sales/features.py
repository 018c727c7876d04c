"""The names and places of the 26 components, as `anomaly_feature_names` lists them for SQL."""

FEATURE_NAMES = (
    *(f"profile_{point:02d}" for point in range(1, 13)),
    "log_uplift",
    "sign",
    "slope",
    "volatility",
    "peak_position",
    "kurtosis",
    "skewness",
    "peak_to_mean",
    "near_zero_share",
    "log_duration",
    "amplitude",
    "hour_sin",
    "hour_cos",
    "weekend_share",
)

N_FEATURES = len(FEATURE_NAMES)
TIME_FEATURES = tuple(
    FEATURE_NAMES.index(name) for name in ("hour_sin", "hour_cos", "weekend_share")
)
