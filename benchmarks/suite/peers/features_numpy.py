"""The 30 features in plain NumPy: sorted arrays, reduced between the places where sessions end.

Files are read by pyarrow, texts as codes. NaN stands for null.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from suite.peers.features import (
    BARS_US,
    HOUR_US,
    IMPUTED,
    MIN_EVENTS,
    N_ROLES,
    NAMES,
    ORDER,
    PEER_DAYS,
    PHASES,
    clocked,
)

TEXTS = ["session_id", "phase", "structural_role"]
DAY_US = 24 * HOUR_US


def run(**arguments) -> dict[str, object]:
    """Time it; see `clocked`."""
    return clocked(describe, pq.write_table, arguments)


def describe(events: str, sessions: str, checkpoints: Sequence[int]) -> pa.Table:
    """Give one row a session and checkpoint."""
    given = read(events, sessions)
    parts = [describe_at(given, checkpoint) for checkpoint in checkpoints]
    return pa.concat_tables(part for part in parts if part is not None)


def read(events_path: str, sessions_path: str) -> dict[str, np.ndarray]:
    """Read both files as arrays; `at` is the place of an event's session."""
    sessions = pq.read_table(sessions_path)
    table = pq.read_table(events_path, read_dictionary=TEXTS).unify_dictionaries()
    columns = {name: table[name].combine_chunks() for name in table.column_names}
    given = {
        name: column.to_numpy(zero_copy_only=False)
        for name, column in columns.items()
        if name not in TEXTS
    }
    codes = columns["session_id"].indices.to_numpy()
    given["at"] = np.cumsum(np.diff(codes, prepend=codes[:1]) != 0)
    phases = columns["phase"].dictionary.to_pylist()
    number = np.array([PHASES.index(p) if p in PHASES else len(PHASES) for p in phases])
    given["phase"] = number[columns["phase"].indices.to_numpy()]
    roles = columns["structural_role"]
    given["role"] = roles.indices.fill_null(len(roles.dictionary)).to_numpy()
    in_order = np.lexsort([given[name] for name in reversed(("at", *ORDER))])
    given = {name: values[in_order] for name, values in given.items()}
    given["n_roles"] = np.array(len(roles.dictionary) + 1)
    given["id"] = sessions["session_id"].combine_chunks()
    for name in ("duration_us", "has_scheduled_end"):
        given[name] = sessions[name].to_numpy()
    given["started_us"] = sessions["started_at"].to_numpy().astype("datetime64[us]").astype(int)
    given["type"] = sessions["session_type"].combine_chunks().dictionary_encode().indices.to_numpy()
    return given


class Groups:
    """Rows that lie together by group; a group may have none."""

    def __init__(self, at: np.ndarray, n: int) -> None:
        self.at, self.n = at, n
        self.counts = np.bincount(at, minlength=n)
        self.filled = np.flatnonzero(self.counts)
        self.starts = (np.cumsum(self.counts) - self.counts)[self.filled]

    def reduce(self, ufunc: np.ufunc, values: np.ndarray) -> np.ndarray:
        """Reduce each group; NaN where it has no row."""
        out = np.full(self.n, np.nan)
        if len(values):
            out[self.filled] = ufunc.reduceat(values, self.starts)
        return out

    def total(self, values: np.ndarray) -> np.ndarray:
        """Add up each group; 0 where it has no row."""
        return np.bincount(self.at, values, self.n)

    def mean(self, values: np.ndarray) -> np.ndarray:
        """Give each group's mean."""
        return self.total(values) / self.counts

    def std(self, values: np.ndarray) -> np.ndarray:
        """Give each group's population deviation."""
        return np.sqrt(self.mean((values - self.mean(values)[self.at]) ** 2))

    def cv(self, values: np.ndarray) -> np.ndarray:
        """Give each group's deviation over its mean, 0 where that is 0."""
        mean = self.mean(values)
        return np.where(mean == 0, 0.0, self.std(values) / mean)

    def pick(self, values: np.ndarray, *, last: bool) -> np.ndarray:
        """Give each group's first or last value."""
        out = np.full(self.n, np.nan)
        places = self.starts + (self.counts[self.filled] - 1 if last else 0)
        out[self.filled] = values[places]
        return out

    def position(self) -> np.ndarray:
        """Give the place of each row in its group, from 0."""
        first = np.cumsum(self.counts) - self.counts
        return np.arange(len(self.at)) - first[self.at]


def describe_at(given: dict[str, np.ndarray], checkpoint: int) -> pa.Table | None:
    """Describe every session at one checkpoint."""
    horizon = given["duration_us"] * checkpoint / 100
    is_seen = given["elapsed_us"] <= horizon[given["at"]]
    counts = np.bincount(given["at"][is_seen], minlength=len(horizon))
    is_kept = (counts > 0) & (given["has_scheduled_end"] | (checkpoint == 100))
    is_seen &= is_kept[given["at"]]
    place = np.cumsum(is_kept) - 1
    at = place[given["at"][is_seen]]
    n = int(is_kept.sum())
    if n == 0:
        return None
    own = {name: given[name][is_seen] for name in ("elapsed_us", "phase", "htf_regime", "role")}
    own |= {name: given[name][is_seen] for name in ("price", "magnitude", "significance")}
    events = Groups(at, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        features = composition(events, own)
        features |= timing(events, own["elapsed_us"], horizon[is_kept])
        features |= context(events, own, int(given["n_roles"]))
        prices, ranges = price(at, n, own)
        features |= prices
        features["range_vs_median"] = against_peers(
            ranges, given["type"][is_kept], given["started_us"][is_kept]
        )
    for name, value in IMPUTED.items():
        features[name] = np.where(np.isnan(features[name]), value, features[name])
    keys = {
        "session_id": given["id"].filter(pa.array(is_kept)),
        "checkpoint_pct": np.full(n, checkpoint, np.int32),
    }
    # Peers of few events count as peers, but have no vector.
    table = pa.table(keys | {name: features[name] for name in NAMES})
    return table.filter(pa.array(events.counts >= MIN_EVENTS))


def composition(events: Groups, own: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Count phases and regimes."""
    width = len(PHASES) + 1
    phases = np.bincount(events.at * width + own["phase"], minlength=events.n * width)
    phases = phases.reshape(events.n, width)
    regimes = np.bincount(events.at * 3 + own["htf_regime"], minlength=events.n * 3)
    regimes = regimes.reshape(events.n, 3)
    switch = (np.diff(own["phase"], prepend=-1) != 0) & (events.position() > 0)
    return {
        **{f"rate_{p}": 100 * phases[:, i] / events.counts for i, p in enumerate(PHASES)},
        **{f"htf_regime_{i}": regimes[:, i] / events.counts for i in range(3)},
        "phase_switch_rate": events.total(switch) / (events.counts - 1),
    }


def timing(events: Groups, elapsed: np.ndarray, horizon: np.ndarray) -> dict[str, np.ndarray]:
    """Say when events come."""
    share = elapsed / horizon[events.at]
    later = events.position() > 0
    gaps = Groups(events.at[later], events.n)
    tenth = np.minimum(9, np.floor(10 * elapsed / horizon[events.at]).astype(np.int64))
    tenths = np.bincount(events.at * 10 + tenth, minlength=10 * events.n).reshape(events.n, 10)
    span = events.pick(elapsed, last=True) - events.pick(elapsed, last=False)
    return {
        "time_std": events.std(share),
        "spacing_regularity": 1 / (1 + gaps.cv(np.diff(elapsed, prepend=0)[later].astype(float))),
        "active_span_ratio": span / horizon,
        "time_cluster_cv": tenths.std(axis=1) / tenths.mean(axis=1),
        "burst_intensity": tenths.max(axis=1) / events.counts,
        "time_center": events.mean(share),
        "event_density": np.log(1 + events.counts / (horizon / HOUR_US)),
    }


def context(events: Groups, own: dict[str, np.ndarray], n_roles: int) -> dict[str, np.ndarray]:
    """Describe magnitudes, roles and significance."""
    has = ~np.isnan(own["magnitude"])
    roles = np.bincount(events.at * n_roles + own["role"], minlength=events.n * n_roles)
    shares = roles.reshape(events.n, n_roles) / events.counts[:, None]
    logs = np.log2(shares, out=np.zeros_like(shares), where=shares > 0)
    return {
        "magnitude_cv": Groups(events.at[has], events.n).cv(np.abs(own["magnitude"][has])),
        "role_coherence": 1 + (shares * logs).sum(axis=1) / np.log2(N_ROLES),
        "significance_mean": events.mean(np.nan_to_num(own["significance"])),
    }


def price(
    at: np.ndarray, n: int, own: dict[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Describe prices, and give each session's range over its median price."""
    has = ~np.isnan(own["price"])
    p, elapsed, prices = own["price"][has], own["elapsed_us"][has], Groups(at[has], n)
    ordered = p[np.lexsort((p, prices.at))]
    median = np.full(n, np.nan)
    low = prices.starts + (prices.counts[prices.filled] - 1) // 2
    high = prices.starts + prices.counts[prices.filled] // 2
    median[prices.filled] = ordered[low] + (ordered[high] - ordered[low]) * 0.5
    is_new = (np.diff(ordered, prepend=np.nan) != 0) | (prices.position() == 0)
    spread = prices.reduce(np.maximum, p) - prices.reduce(np.minimum, p)

    place = prices.position()
    before = [np.concatenate([np.full(min(k, len(p)), np.nan), p[:-k]]) for k in (1, 2, 3)]
    moved = place > 0
    trailing = np.select(
        [place == 1, place == 2], [p - before[0], (p - before[1]) / 2], (p - before[2]) / 3
    )[moved]
    d, moves = (p - before[0])[moved], Groups(prices.at[moved], n)
    std, path = moves.std(d), moves.total(np.abs(d))
    turns = np.sign(d[d != 0])
    turning = Groups(moves.at[d != 0], n)
    is_turn = (np.diff(turns, prepend=0) != 0) & (turning.position() > 0)
    is_positive = median > 0
    features = {
        "volatility": np.where(is_positive, np.log(1 + 1e4 * std / median), np.nan),
        "momentum_smoothness": np.where(
            std > 1e-12 * np.abs(median), moves.std(trailing) / std, np.nan
        ),
        "level_revisit_rate": 1 - prices.total(is_new) / prices.counts,
        "net_move_ratio": _over(prices.pick(p, last=True) - prices.pick(p, last=False), spread),
        "range_efficiency": _over(spread, path),
        "step_to_range": _over(path / moves.counts, spread),
        "direction_change_rate": _over(turning.total(is_turn), turning.counts - 1.0),
    }
    for name, length in BARS_US.items():
        bar = elapsed // length
        starts = (np.diff(bar, prepend=-1) != 0) | (place == 0)
        bars = Groups(np.cumsum(starts) - 1, int(starts.sum()))
        lowest = bars.reduce(np.minimum, p)[bars.at]
        height = bars.reduce(np.maximum, p)[bars.at] - lowest
        where = np.divide(p - lowest, height, out=np.full(len(p), 0.5), where=height > 0)
        features[name] = prices.mean(where)
    return features, np.where(is_positive, spread / median, np.nan)


def _over(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Divide; undefined where there is nothing to divide by."""
    return np.divide(above, below, out=np.full(len(below), np.nan), where=below > 0)


def against_peers(ranges: np.ndarray, kind: np.ndarray, started_us: np.ndarray) -> np.ndarray:
    """Compare each range with the median of its type's in the days before it."""
    usual = np.full(len(ranges), np.nan)
    has = ~np.isnan(ranges)
    for one in np.unique(kind):
        rows = np.flatnonzero(has & (kind == one))
        rows = rows[np.argsort(started_us[rows], kind="stable")]
        times, values = started_us[rows], ranges[rows]
        # Of the sessions that begin at one instant, all have the same peers.
        starts, of_start = np.unique(times, return_inverse=True)
        lows = np.searchsorted(times, starts - PEER_DAYS * DAY_US, "left")
        highs = np.searchsorted(times, starts, "left")
        medians = [
            np.median(values[low:high]) if high > low else np.nan
            for low, high in zip(lows, highs, strict=True)
        ]
        usual[rows] = np.array(medians)[of_start]
    is_defined = (ranges > 0) & (usual > 0)
    return np.log(ranges / usual, out=np.full(len(ranges), np.nan), where=is_defined)
