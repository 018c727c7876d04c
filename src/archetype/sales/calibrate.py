"""What a match is worth: from its score to the share of such matches that are right.

The knots are learnt on simulated truth by ``scripts/calibrate_sales_matching.py`` and kept in the
seed `cluster_match_calibration`. A stage is an age of report: what a score is worth depends on how
much of the anomaly has been seen.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

# Stages of open reports by their least number of ticks; ended reports are a stage of their own.
OPEN_TICKS = (1, 3, 6, 12, 24)

KNOT_SCHEMA = pa.schema(
    [
        ("is_ended", pa.bool_()),
        ("min_ticks", pa.int32()),
        ("score", pa.float64()),
        ("confidence", pa.float64()),
    ]
)


def stage_ticks(is_ended: np.ndarray, n_ticks: np.ndarray) -> np.ndarray:
    """Give the stage of each report.

    Parameters
    ----------
    is_ended : numpy.ndarray of bool, shape (n,)
        Whether the report has ended.
    n_ticks : numpy.ndarray of int, shape (n,)
        Ticks of its slice, 1 or more.

    Returns
    -------
    numpy.ndarray of int, shape (n,)
        The least number of ticks of the stage; 0 for ended reports.
    """
    at = np.searchsorted(OPEN_TICKS, n_ticks, side="right") - 1
    return np.where(is_ended, 0, np.array(OPEN_TICKS)[at])


def fit_knots(
    is_ended: np.ndarray,
    n_ticks: np.ndarray,
    score: np.ndarray,
    is_right: np.ndarray,
    *,
    least_rows: int = 50,
) -> pa.Table:
    """Learn what scores are worth, stage by stage.

    Parameters
    ----------
    is_ended : numpy.ndarray of bool, shape (n,)
        Whether the report had ended.
    n_ticks : numpy.ndarray of int, shape (n,)
        Ticks of its slice.
    score : numpy.ndarray, shape (n,)
        The match's score, in [0, 1]. Reports that were left unmatched have no place here.
    is_right : numpy.ndarray of bool, shape (n,)
        Whether the report was named rightly; a false report never was.
    least_rows : int
        A stage with fewer rows takes the knots of all.

    Returns
    -------
    pyarrow.Table
        ``KNOT_SCHEMA``: for each stage a line of knots from score 0 to score 1, neither score nor
        confidence ever falling. Both are rounded to four decimals.

    References
    ----------
    Zadrozny, Elkan (2002), Transforming classifier scores into accurate multiclass probability
    estimates, KDD, on isotonic calibration.
    """
    stages = stage_ticks(is_ended, n_ticks)
    rows = []
    for stage in (0, *OPEN_TICKS):
        member = stages == stage
        if member.sum() < least_rows:
            member = np.ones(len(stages), dtype=bool)
        for at, worth in _line(score[member], is_right[member]):
            rows.append((stage == 0, stage, at, worth))
    columns = list(zip(*rows, strict=True))
    return pa.table(
        {name: columns[place] for place, name in enumerate(KNOT_SCHEMA.names)}, schema=KNOT_SCHEMA
    )


def _line(score: np.ndarray, is_right: np.ndarray) -> list[tuple[float, float]]:
    # Matching needs the knots alone and runs in every build; this import takes a second.
    from sklearn.isotonic import IsotonicRegression

    fitted = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(score, is_right)
    # Few knots stay readable, and say what the rows can bear: one at each twentieth of the rows.
    places = np.unique(np.round(np.quantile(score, np.linspace(0, 1, 21)), 4))
    places = np.unique(np.concatenate([[0.0], places, [1.0]]))
    worth = np.round(fitted.predict(places), 4)
    # A knot on the line between its neighbours says nothing: of a level, the ends are enough.
    is_level = np.zeros(len(worth), dtype=bool)
    is_level[1:-1] = (worth[:-2] == worth[1:-1]) & (worth[1:-1] == worth[2:])
    return list(zip(places[~is_level].tolist(), worth[~is_level].tolist(), strict=True))


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
        A stage has no knots.
    """
    stages = stage_ticks(is_ended, n_ticks)
    given = {name: np.array(knots[name].to_pylist()) for name in KNOT_SCHEMA.names}
    confidence = np.empty(len(score))
    for stage in np.unique(stages):
        at = np.flatnonzero(given["min_ticks"] == stage)
        if len(at) == 0:
            raise ValueError(
                f"the calibration has no knots for min_ticks {stage}; it needs some for 0 (ended) "
                f"and each of {OPEN_TICKS}"
            )
        at = at[np.lexsort((given["confidence"][at], given["score"][at]))]
        member = stages == stage
        confidence[member] = np.interp(score[member], given["score"][at], given["confidence"][at])
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
