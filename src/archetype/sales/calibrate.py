"""What a match is worth: from its score to the share of such matches that are right.

The knots are learnt on simulated truth by ``scripts/calibrate_sales_matching.py`` and kept in the
seed `cluster_match_calibration`. A stage is an age of report: what a score is worth depends on how
much of the anomaly has been seen.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

# Stages of open reports by their least number of ticks; ended reports are a stage of their own.
OPEN_TICKS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 36)
# A line has so many knots at most, each for so many matches at least.
MOST_KNOTS = 20
LEAST_ROWS = 100

KNOT_SCHEMA = pa.schema(
    [
        ("is_ended", pa.bool_()),
        ("min_ticks", pa.int32()),
        ("score", pa.float64()),
        ("confidence", pa.float64()),
    ]
)


def fit_knots(
    is_ended: np.ndarray, n_ticks: np.ndarray, score: np.ndarray, is_right: np.ndarray
) -> pa.Table:
    """Learn what scores are worth, stage by stage.

    Parameters
    ----------
    is_ended : numpy.ndarray of bool, shape (n,)
        Whether the report had ended.
    n_ticks : numpy.ndarray of int, shape (n,)
        Ticks of its slice, 1 or more.
    score : numpy.ndarray, shape (n,)
        The match's score, in [0, 1]. Reports that were left unmatched have no place here.
    is_right : numpy.ndarray of bool, shape (n,)
        Whether the report was named rightly; a false report never was.

    Returns
    -------
    pyarrow.Table
        ``KNOT_SCHEMA``: for each stage that has rows a line of knots, neither score nor confidence
        ever falling. Both are rounded to four decimals.

    References
    ----------
    Zadrozny, Elkan (2002), Transforming classifier scores into accurate multiclass probability
    estimates, KDD, on isotonic calibration.
    """
    stages = np.where(is_ended, 0, _least_ticks(np.array(OPEN_TICKS), n_ticks))
    rows = []
    for stage in np.unique(stages).tolist():
        member = stages == stage
        line = _line(score[member], is_right[member])
        rows += [(stage == 0, stage, at, worth) for at, worth in line]
    columns = list(zip(*rows, strict=True))
    return pa.table(
        {name: columns[place] for place, name in enumerate(KNOT_SCHEMA.names)}, schema=KNOT_SCHEMA
    )


def _least_ticks(stages: np.ndarray, n_ticks: np.ndarray) -> np.ndarray:
    return stages[np.maximum(np.searchsorted(stages, n_ticks, side="right") - 1, 0)]


def _line(score: np.ndarray, is_right: np.ndarray) -> list[tuple[float, float]]:
    # Matching needs the knots alone and runs in every build; this import takes a second.
    from sklearn.isotonic import IsotonicRegression

    # A knot speaks for many rows: a single one at the edge, right or wrong, would be overrated.
    bins = np.array_split(
        np.lexsort((is_right, score)), np.clip(len(score) // LEAST_ROWS, 1, MOST_KNOTS)
    )
    places = np.round([score[rows].mean() for rows in bins], 4)
    shares = np.array([is_right[rows].mean() for rows in bins])
    worth = IsotonicRegression(y_min=0, y_max=1).fit_transform(
        places, shares, sample_weight=[len(rows) for rows in bins]
    )
    places, first = np.unique(places, return_index=True)
    worth = np.round(worth[first], 4)
    # Of a level its ends are enough.
    is_inner = np.zeros(len(worth), dtype=bool)
    is_inner[1:-1] = (worth[:-2] == worth[1:-1]) & (worth[1:-1] == worth[2:])
    return list(zip(places[~is_inner].tolist(), worth[~is_inner].tolist(), strict=True))


def apply_knots(
    knots: pa.Table, is_ended: np.ndarray, n_ticks: np.ndarray, score: np.ndarray
) -> np.ndarray:
    """Read confidence off the knots, on straight lines between them.

    Parameters
    ----------
    knots : pyarrow.Table
        ``KNOT_SCHEMA``. Any order.
    is_ended : numpy.ndarray of bool, shape (n,)
        Whether the report has ended.
    n_ticks : numpy.ndarray of int, shape (n,)
        Ticks of its slice.
    score : numpy.ndarray, shape (n,)
        The match's score.

    Returns
    -------
    numpy.ndarray, shape (n,)
        In [0, 1]; beyond the outermost knots, theirs.

    Raises
    ------
    ValueError
        There are no knots for open or for ended reports.
    """
    given = {name: np.array(knots[name].to_pylist()) for name in KNOT_SCHEMA.names}
    confidence = np.empty(len(score))
    for ended in (False, True):
        lines = np.unique(given["min_ticks"][given["is_ended"] == ended])
        if len(lines) == 0:
            raise ValueError(
                f"the calibration has no knots for {'ended' if ended else 'open'} reports"
            )
        stages = _least_ticks(lines, n_ticks)
        for line in lines:
            own = np.flatnonzero((given["is_ended"] == ended) & (given["min_ticks"] == line))
            own = own[np.lexsort((given["confidence"][own], given["score"][own]))]
            member = (is_ended == ended) & (stages == line)
            confidence[member] = np.interp(
                score[member], given["score"][own], given["confidence"][own]
            )
    return confidence


def calibration_error(confidence: np.ndarray, is_right: np.ndarray, *, n_bins: int = 5) -> float:
    """Measure the expected calibration error.

    Parameters
    ----------
    confidence : numpy.ndarray, shape (n,)
        In [0, 1].
    is_right : numpy.ndarray of bool, shape (n,)
        Whether what was said was right.
    n_bins : int
        Bins of equal width.

    Returns
    -------
    float
        Mean over rows of the gap, in its bin, between mean confidence and share of right rows.

    References
    ----------
    Naeini, Cooper, Hauskrecht (2015), Obtaining well calibrated probabilities using Bayesian
    binning, AAAI.
    """
    bins = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    error = 0.0
    for place in range(n_bins):
        member = bins == place
        if member.any():
            error += member.sum() * abs(confidence[member].mean() - is_right[member].mean())
    return float(error / len(confidence))
