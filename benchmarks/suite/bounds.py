"""What issue 6 asks for, as bounds on the figures: each is met, missed or was not measured."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from suite.harness import OURS, Row
from suite.work import one_tick, sales_detection, session_features

SIGNS = {operator.ge: "at least", operator.le: "at most", operator.lt: "less than"}
LIMIT_MIB = 4096
LARGEST_SALES = 50_000_000
LARGEST_SESSIONS = 1_000_000
WARM = "ours: warm, nothing new"
TSFRESH, OURS_WINDOWS = "tsfresh, efficient set", "ours: SQL"
FEATURES = "session_features"
ONE, SIX = session_features.CHECKPOINTS


@dataclass(frozen=True)
class Bound:
    """A bound and what was measured.

    Parameters
    ----------
    claim : str
        What is bounded, with its unit.
    is_met : callable
        `operator.ge`, `operator.le` or `operator.lt`.
    limit : float
        What the figure is compared with.
    figure : float or None
        What was measured, if it was.
    at : str
        On what.
    """

    claim: str
    is_met: Callable[[float, float], bool]
    limit: float
    figure: float | None
    at: str

    @property
    def verdict(self) -> str:
        """`met`, `MISSED` or `not measured`."""
        if self.figure is None:
            return "not measured"
        return "met" if self.is_met(self.figure, self.limit) else "MISSED"


class Figures:
    """Finds rows."""

    def __init__(self, rows: Iterable[Row]) -> None:
        rows = list(rows)
        self._rows = [row for row in rows if row["runs"]]
        own = (row for row in rows if row["failure"] and row["by"].startswith(OURS))
        self._failed = {(row["work"], row["size"]) for row in own}

    def failure(self, work: str, size: int) -> float | None:
        """Give a figure that meets no upper bound where we failed at a size."""
        return float("inf") if (work, size) in self._failed else None

    def find(self, work: str, by: str, size: int | None, case: str | None = None) -> Row | None:
        """Give the row of a size, if there is one."""
        for row in self._rows:
            if (row["work"], row["by"]) != (work, by) or case not in (None, row["case"]):
                continue
            if size in (None, row["size"]):
                return row
        return None

    def largest(self, work: str, *wanted: tuple[str, str]) -> int | None:
        """Give the largest size at which all of some (by, case) were measured."""
        sizes = [
            {row["size"] for row in self._rows if (row["work"], row["by"], row["case"]) == key}
            for key in ((work, by, case) for by, case in wanted)
        ]
        return max(set.intersection(*sizes), default=None)

    def times(
        self, work: str, above: tuple[str, str], below: tuple[str, str], what: str = "engine_s"
    ) -> tuple[float | None, int | None]:
        """Give how many times one (by, case) takes another's figure, at the largest common size."""
        size = self.largest(work, above, below)
        if size is None:
            return None, None
        over, under = (self.find(work, by, size, case) for by, case in (above, below))
        return over[what] / under[what], size


def check(rows: Iterable[Row]) -> list[Bound]:
    """Compare figures with every bound.

    Parameters
    ----------
    rows : iterable of dict
        Rows of all works, as `in_turn` gives them.

    Returns
    -------
    list of Bound
        In the order of the issue.
    """
    figures = Figures(rows)
    return [
        *_features(figures),
        *_matching(figures),
        *_sales(figures),
        *_sample(figures),
        *_windows(figures),
    ]


def _features(figures: Figures) -> list[Bound]:
    bounds = []
    dbt, sql, floor = session_features.DBT, session_features.SQL, session_features.FLOOR
    for by in (dbt, sql):
        who = by.removeprefix("ours: ")
        size = figures.largest(FEATURES, (by, ONE))
        row = figures.find(FEATURES, by, size, ONE) if size else None
        rate = row["n_items"] / row["engine_s"] / 1e6 if row else None
        claim = f"features at 100 %, {who}: million events a second"
        bounds.append(Bound(claim, operator.ge, 1.0, rate, _sessions(size)))
    for by in (dbt, sql):
        who = by.removeprefix("ours: ")
        ratio, size = figures.times(FEATURES, (by, ONE), (floor, ONE))
        claim = f"features at 100 %, {who}: times DuckDB's floor"
        bounds.append(Bound(claim, operator.le, 8, ratio, _sessions(size)))
    for by in (dbt, sql):
        who = by.removeprefix("ours: ")
        ratio, size = figures.times(FEATURES, (by, SIX), (by, ONE))
        claim = f"all six checkpoints, {who}: times the single one"
        bounds.append(Bound(claim, operator.le, 3, ratio, _sessions(size)))
    for by in ("pandas", session_features.APPLIED):
        ratio, size = figures.times(FEATURES, (by, ONE), (sql, ONE))
        claim = f"features at 100 %: times as fast as {by}"
        bounds.append(Bound(claim, operator.ge, 10, ratio, _sessions(size)))
    ratio, size = figures.times(FEATURES, (sql, ONE), ("Polars", ONE))
    bounds.append(
        Bound("features at 100 %: of the time of Polars", operator.lt, 1, ratio, _sessions(size))
    )
    for by in (dbt, sql):
        who = by.removeprefix("ours: ")
        pair = [figures.find(FEATURES, by, size, ONE) for size in (100_000, LARGEST_SESSIONS)]
        growth = pair[1]["engine_s"] / pair[0]["engine_s"] if all(pair) else None
        claim = f"features at 100 %, {who}: growth of time from 1e5 to 1e6 sessions, fold"
        bounds.append(Bound(claim, operator.le, 11, growth, _sessions(LARGEST_SESSIONS)))
    row = figures.find(FEATURES, dbt, LARGEST_SESSIONS, SIX)
    peak = row["peak_mib"] if row else figures.failure(FEATURES, LARGEST_SESSIONS)
    claim = "all six checkpoints, dbt, raw Parquet, end, having held at most: MiB"
    return [*bounds, Bound(claim, operator.le, LIMIT_MIB, peak, _sessions(LARGEST_SESSIONS))]


def _matching(figures: Figures) -> list[Bound]:
    pairs = {
        "points to labels": ("ours: nearest_centroids", "scikit-learn KMeans.predict"),
        "vectors to labels": ("ours: assign_vectors", "scikit-learn pipeline"),
    }
    bounds = []
    for case, (ours, theirs) in pairs.items():
        ratio, size = figures.times("matching", (ours, case), (theirs, case))
        claim = f"matching, {case}: of the time of scikit-learn's predict"
        bounds.append(Bound(claim, operator.le, 1, ratio, f"{size:,} vectors" if size else ""))
    return bounds


def _sales(figures: Figures) -> list[Bound]:
    row = figures.find("sales_detection", "ours: dbt", LARGEST_SALES)
    peak = row["peak_mib"] if row else figures.failure("sales_detection", LARGEST_SALES)
    at = f"{LARGEST_SALES:,} rows, {sales_detection.DAYS} days"
    claim = "detection and matching of sales end, having held at most: MiB"
    bounds = [Bound(claim, operator.le, LIMIT_MIB, peak, at)]
    times = max(one_tick.TIMES.values())
    case = f"{times} times the history"
    ratio, size = figures.times(
        "one_tick", (f"ours: {times} times the history", case), ("ours: short history", case)
    )
    at = f"{size} and {times * size} days" if size else ""
    claim = "one more tick on the longer history: times that on the short one"
    return [*bounds, Bound(claim, operator.le, 1.5, ratio, at)]


def _sample(figures: Figures) -> list[Bound]:
    row = figures.find("sample_build", WARM, None)
    claim = "a warm build of the sample, outside dbt's own start, parse and tests: s"
    return [Bound(claim, operator.le, 2, row["outside_s"] if row else None, "the sample")]


def _windows(figures: Figures) -> list[Bound]:
    case = "windows to vectors"
    pair = ((TSFRESH, case), (OURS_WINDOWS, case))
    ratio, size = figures.times("anomaly_vectors", *pair)
    at = f"{size:,} windows" if size else ""
    bounds = [Bound("anomaly vectors: times cheaper than tsfresh", operator.ge, 5, ratio, at)]
    theirs, ours = (figures.find("anomaly_vectors", by, size, of) for by, of in pair)
    for name in ("accuracy_logistic", "accuracy_centroid"):
        gain = None
        if theirs and ours and name in theirs and name in ours:
            gain = ours[name] - theirs[name]
            at = f"{ours['n_labelled']} labelled windows"
        claim = f"anomaly vectors: match accuracy less tsfresh's, {name.split('_')[1]}"
        bounds.append(Bound(claim, operator.ge, 0, gain, at))
    return bounds


def _sessions(size: int | None) -> str:
    return f"{size:,} sessions" if size else ""
