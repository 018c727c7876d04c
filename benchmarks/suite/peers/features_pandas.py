"""The 30 features in pandas: grouped and vectorized, no function of our own per group or row."""

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
    PEER_DAYS,
    PHASES,
    clocked,
)


def run(**arguments) -> dict[str, object]:
    """Time it; see `clocked`."""
    return clocked(describe, lambda table, path: table.to_parquet(path, index=False), arguments)


def describe(events_path: str, sessions_path: str, checkpoints: Sequence[int]) -> pd.DataFrame:
    """Give one row a session and checkpoint."""
    sessions = pd.read_parquet(sessions_path).set_index("session_id")
    events = pd.read_parquet(events_path)
    events["session_id"] = pd.Categorical(events["session_id"], categories=sessions.index)
    events["at"] = events["session_id"].cat.codes
    events["phase"] = events["phase"].astype("category")
    events["structural_role"] = events["structural_role"].fillna("").astype("category")
    events = events.sort_values(["at", *ORDER], ignore_index=True)
    events = events.drop(columns=["session_id", "type_number", "event_hash"])
    sessions = sessions.reset_index()
    return pd.concat(
        [describe_at(events, sessions, checkpoint) for checkpoint in checkpoints],
        ignore_index=True,
    )


def describe_at(events: pd.DataFrame, sessions: pd.DataFrame, checkpoint: int) -> pd.DataFrame:
    """Describe every session at one checkpoint."""
    horizon = sessions["duration_us"] * checkpoint / 100
    events = events.assign(horizon=horizon.to_numpy()[events["at"]])
    events = events[events["elapsed_us"] <= events["horizon"]]
    if checkpoint != 100:
        events = events[sessions["has_scheduled_end"].to_numpy()[events["at"]]]
    counts = events.groupby("at").size()
    vectors = sessions.loc[counts.index].assign(checkpoint_pct=checkpoint)
    vectors = vectors.join(composition(events)).join(timing(events)).join(context(events))
    vectors = vectors.join(price(events[events["price"].notna()]))
    # Peers of few events count as peers, but have no vector.
    vectors["range_vs_median"] = against_peers(vectors)
    vectors = vectors[counts >= MIN_EVENTS]
    vectors = vectors.fillna(IMPUTED)
    return vectors[[*KEYS, *NAMES]]


def composition(events: pd.DataFrame) -> pd.DataFrame:
    """Count phases and regimes."""
    at, n = events["at"], events.groupby("at").size()
    phases = events.groupby(["at", "phase"], observed=True).size().unstack(fill_value=0)
    regimes = events.groupby(["at", "htf_regime"]).size().unstack(fill_value=0)
    phases = phases.reindex(columns=PHASES, fill_value=0).mul(100 / n, axis=0)
    regimes = regimes.reindex(columns=range(3), fill_value=0).div(n, axis=0)
    code = events["phase"].cat.codes
    is_switch = (code != code.shift()) & (at == at.shift())
    out = phases.add_prefix("rate_").join(regimes.add_prefix("htf_regime_"))
    return out.assign(phase_switch_rate=is_switch.groupby(at).sum() / (n - 1))


def timing(events: pd.DataFrame) -> pd.DataFrame:
    """Say when events come."""
    at = events["at"]
    share = events["elapsed_us"] / events["horizon"]
    gaps = events["elapsed_us"].diff().where(at == at.shift()).groupby(at)
    shares, elapsed = share.groupby(at), events.groupby("at")["elapsed_us"]
    n, horizon = shares.size(), events.groupby("at")["horizon"].first()
    tenth = np.floor(10 * events["elapsed_us"] / events["horizon"]).clip(upper=9)
    tenths = events.groupby([at, tenth.rename("tenth")]).size().unstack(fill_value=0)
    tenths = tenths.reindex(columns=range(10), fill_value=0)
    mean_gap = gaps.mean()
    gap_cv = (gaps.std(ddof=0) / mean_gap).where(mean_gap != 0, 0)
    return pd.DataFrame(
        {
            "time_std": shares.std(ddof=0),
            "spacing_regularity": 1 / (1 + gap_cv),
            "active_span_ratio": (elapsed.last() - elapsed.first()) / horizon,
            "time_cluster_cv": tenths.std(axis=1, ddof=0) / tenths.mean(axis=1),
            "burst_intensity": tenths.max(axis=1) / n,
            "time_center": shares.mean(),
            "event_density": np.log(1 + n / (horizon / HOUR_US)),
        }
    )


def context(events: pd.DataFrame) -> pd.DataFrame:
    """Describe magnitudes, roles and significance."""
    at = events["at"]
    magnitude = events["magnitude"].abs().groupby(at)
    mean = magnitude.mean()
    share = events.groupby(["at", "structural_role"], observed=True).size()
    share = share / share.groupby("at").transform("sum")
    entropy = -(share * np.log2(share)).groupby("at").sum()
    return pd.DataFrame(
        {
            "magnitude_cv": (magnitude.std(ddof=0) / mean).where(mean != 0, 0).where(mean.notna()),
            "role_coherence": 1 - entropy / np.log2(N_ROLES),
            "significance_mean": events["significance"].fillna(0).groupby(at).mean(),
        }
    )


def price(priced: pd.DataFrame) -> pd.DataFrame:
    """Describe prices, and give each session's range over its median price."""
    at, p = priced["at"], priced["price"]
    prices = p.groupby(at)
    back = [p.shift(k).where(at == at.shift(k)) for k in (1, 2, 3)]
    d = p - back[0]
    trailing = ((p - back[2]) / 3).fillna((p - back[1]) / 2).fillna(d)
    median, spread = prices.median(), prices.max() - prices.min()
    std, path = d.groupby(at).std(ddof=0), d.abs().groupby(at).sum()
    moves = d[d.notna() & (d != 0)]
    turns, turn_at = np.sign(moves), at[moves.index]
    is_turn = (turns != turns.shift()).where(turn_at == turn_at.shift())
    wide = spread.where(spread > 0)
    out = pd.DataFrame(
        {
            "volatility": np.log(1 + 1e4 * std / median.where(median > 0)),
            "momentum_smoothness": (trailing.groupby(at).std(ddof=0) / std).where(
                std > 1e-12 * median.abs()
            ),
            "level_revisit_rate": 1 - prices.nunique() / prices.size(),
            "net_move_ratio": (prices.last() - prices.first()) / wide,
            "range_efficiency": spread / path.where(path > 0),
            "step_to_range": path / d.groupby(at).count() / wide,
            "direction_change_rate": is_turn.astype(float).groupby(turn_at).mean(),
            "relative_range": spread / median.where(median > 0),
        }
    )
    for name, length in BARS_US.items():
        bars = p.groupby([at, priced["elapsed_us"] // length])
        low = bars.transform("min")
        height = bars.transform("max") - low
        out[name] = ((p - low) / height).where(height > 0, 0.5).groupby(at).mean()
    return out


def against_peers(vectors: pd.DataFrame) -> pd.Series:
    """Compare each range with the median of its type's in the days before it."""
    ranged = vectors.loc[vectors["relative_range"].notna()]
    ranged = ranged[["session_type", "started_at", "relative_range"]]
    ranged = ranged.reset_index(names="at").sort_values(["session_type", "started_at"])
    usual = (
        ranged.groupby("session_type")
        .rolling(f"{PEER_DAYS}D", on="started_at", closed="left")["relative_range"]
        .median()
    )
    # Of the sessions that begin at one instant, the first has all peers and no other.
    ranged["usual"] = usual.to_numpy()
    moment = ["session_type", "started_at"]
    firsts = ranged.drop_duplicates(moment)[[*moment, "usual"]]
    ranged = ranged.drop(columns="usual").merge(firsts, on=moment)
    ranged = ranged.set_index("at")
    own = ranged["relative_range"]
    return np.log(own.where(own > 0) / ranged["usual"].where(ranged["usual"] > 0))
