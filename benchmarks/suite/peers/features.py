"""What the feature peers share: the names, and the clock around them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

PHASES = (
    "fvg_interaction",
    "expansion_phase",
    "consolidation_phase",
    "retracement_event",
    "reversal_signal",
    "liquidity_sweep",
)
NAMES = (
    *(f"rate_{phase}" for phase in PHASES),
    *(f"htf_regime_{regime}" for regime in range(3)),
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
IMPUTED = {
    **dict.fromkeys(
        (
            "range_vs_median",
            "volatility",
            "momentum_smoothness",
            "level_revisit_rate",
            "net_move_ratio",
            "step_to_range",
            "direction_change_rate",
            "magnitude_cv",
        ),
        0.0,
    ),
    "range_efficiency": 1.0,
    "bar_position_m15": 0.5,
    "bar_position_h1": 0.5,
}
"""What stands where a feature is undefined."""
BARS_US = {"bar_position_m15": 15 * 60_000_000, "bar_position_h1": 60 * 60_000_000}
MIN_EVENTS = 5
PEER_DAYS = 30
N_ROLES = 9
HOUR_US = 3_600_000_000
KEYS = ("session_id", "checkpoint_pct")
ORDER = ("elapsed_us", "type_number", "price", "event_hash")
"""What a session's events are ordered by, missing prices last."""


def clocked(describe: Callable, write: Callable, arguments: dict[str, object]) -> dict[str, object]:
    """Time a peer: from files of cleaned events to a table of vectors in memory.

    Parameters
    ----------
    describe : callable
        Takes paths of events and sessions, and checkpoints in per cent; gives the table.
    write : callable
        Writes the table to a Parquet file.
    arguments : dict
        `events`, `sessions`, `checkpoints` and, where the vectors are wanted, `out`.

    Returns
    -------
    dict
        `engine_s` without what was written, and `result_rows`.
    """
    events, sessions = str(arguments["events"]), str(arguments["sessions"])
    checkpoints: Sequence[int] = arguments["checkpoints"]
    started = time.perf_counter()
    table = describe(events, sessions, checkpoints)
    seconds = time.perf_counter() - started
    if arguments.get("out"):
        write(table, arguments["out"])
    return {"engine_s": seconds, "result_rows": len(table)}
