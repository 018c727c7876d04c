"""The 30 features in pandas as they are mostly written: a function applied to each session."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from suite.peers.features import (
    BARS_US,
    HOUR_US,
    IMPUTED,
    KEYS,
    MIN_EVENTS,
    N_ROLES,
    NAMES,
    ORDER,
    PHASES,
    clocked,
)
from suite.peers.features_pandas import against_peers

COLUMNS = (*NAMES, "n_events", "relative_range")


def run(**arguments) -> dict[str, object]:
    """Time it; see `clocked`."""
    return clocked(describe, lambda table, path: table.to_parquet(path, index=False), arguments)


def describe(events_path: str, sessions_path: str, checkpoints: Sequence[int]) -> pd.DataFrame:
    """Give one row a session and checkpoint."""
    sessions = pd.read_parquet(sessions_path)
    events = pd.read_parquet(events_path).sort_values(["session_id", *ORDER])
    return pd.concat(
        [describe_at(events, sessions, checkpoint) for checkpoint in checkpoints],
        ignore_index=True,
    )


def describe_at(events: pd.DataFrame, sessions: pd.DataFrame, checkpoint: int) -> pd.DataFrame:
    """Describe every session at one checkpoint."""
    if checkpoint != 100:
        sessions = sessions[sessions["has_scheduled_end"]]
    sessions = sessions.assign(horizon=sessions["duration_us"] * checkpoint / 100)
    events = events.merge(sessions[["session_id", "horizon"]], on="session_id")
    events = events[events["elapsed_us"] <= events["horizon"]]
    vectors = events.groupby("session_id")[list(events.columns)].apply(describe_session)
    vectors = sessions.merge(vectors.reset_index(), on="session_id")
    vectors["checkpoint_pct"] = checkpoint
    vectors["range_vs_median"] = against_peers(vectors)
    vectors = vectors[vectors["n_events"] >= MIN_EVENTS]
    return vectors.fillna(IMPUTED)[[*KEYS, *NAMES]]


def describe_session(events: pd.DataFrame) -> pd.Series:
    """Describe one session's events, in their order."""
    n, horizon = len(events), events["horizon"].iloc[0]
    phases, regimes = events["phase"].value_counts(), events["htf_regime"].value_counts()
    share, gaps = events["elapsed_us"] / horizon, events["elapsed_us"].diff()
    tenths = np.bincount(np.floor(10 * share).clip(upper=9).astype(int), minlength=10)
    roles = events["structural_role"].value_counts(normalize=True, dropna=False)
    return pd.Series(
        {f"rate_{phase}": 100 * phases.get(phase, 0) / n for phase in PHASES}
        | {f"htf_regime_{regime}": regimes.get(regime, 0) / n for regime in range(3)}
        | {
            "n_events": n,
            "time_std": share.std(ddof=0),
            "spacing_regularity": 1 / (1 + variation(gaps)),
            "active_span_ratio": gaps.sum() / horizon,
            "time_cluster_cv": tenths.std() / tenths.mean(),
            "burst_intensity": tenths.max() / n,
            "time_center": share.mean(),
            "event_density": np.log(1 + n / (horizon / HOUR_US)),
            "phase_switch_rate": (events["phase"] != events["phase"].shift()).iloc[1:].mean(),
            "magnitude_cv": variation(events["magnitude"].abs()),
            "role_coherence": 1 + (roles * np.log2(roles)).sum() / np.log2(N_ROLES),
            "significance_mean": events["significance"].fillna(0).mean(),
        }
        | describe_prices(events[events["price"].notna()]),
        index=COLUMNS,
    )


def describe_prices(events: pd.DataFrame) -> dict[str, float]:
    """Describe the prices of one session; nothing where it has none."""
    if events.empty:
        return {}
    prices = events["price"]
    changes = prices.diff()
    trailing = (prices.diff(3) / 3).fillna(prices.diff(2) / 2).fillna(changes)
    turns = np.sign(changes[changes.notna() & (changes != 0)])
    median, spread = prices.median(), prices.max() - prices.min()
    std, path = changes.std(ddof=0), changes.abs().sum()
    wide = spread if spread > 0 else np.nan
    told = {
        "volatility": np.log(1 + 1e4 * std / median) if median > 0 else np.nan,
        "momentum_smoothness": (
            trailing.std(ddof=0) / std if std > 1e-12 * abs(median) else np.nan
        ),
        "level_revisit_rate": 1 - prices.nunique() / len(prices),
        "net_move_ratio": (prices.iloc[-1] - prices.iloc[0]) / wide,
        "range_efficiency": spread / path if path > 0 else np.nan,
        "step_to_range": path / changes.count() / wide if len(prices) > 1 else np.nan,
        "direction_change_rate": (turns != turns.shift()).iloc[1:].mean(),
        "relative_range": spread / median if median > 0 else np.nan,
    }
    for name, length in BARS_US.items():
        bars = prices.groupby(events["elapsed_us"] // length)
        low = bars.transform("min")
        height = bars.transform("max") - low
        told[name] = ((prices - low) / height).where(height > 0, 0.5).mean()
    return told


def variation(values: pd.Series) -> float:
    """Give the coefficient of variation: 0 where the mean is 0, none where there are no values."""
    mean = values.mean()
    return 0.0 if mean == 0 else values.std(ddof=0) / mean
