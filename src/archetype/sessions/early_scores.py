"""Score early callers by what they called without having seen it, and recommend one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from archetype.sessions.callers import CONFIDENCE_HIGH, CONFIDENCE_LOW
from archetype.sessions.early_fit import Setting

N_BINS = 5
"""Equal bins of confidence, from 0 to 1."""

_KEY = [
    ("caller", pa.string()),
    ("metric", pa.string()),
    ("confidence_method", pa.string()),
    ("scaler", pa.string()),
    ("checkpoint_pct", pa.int32()),
]

SCORE_SCHEMA = pa.schema(
    [
        *_KEY,
        ("n_sessions", pa.int64()),
        ("n_called", pa.int64()),
        ("coverage", pa.float64()),
        ("accuracy", pa.float64()),
        ("majority_accuracy", pa.float64()),
        ("session_type_accuracy", pa.float64()),
        ("brier", pa.float64()),
        ("brier_gap_error", pa.float64()),
        ("expected_calibration_error", pa.float64()),
        ("earliness", pa.float64()),
        ("earliness_accuracy", pa.float64()),
        ("validation", pa.string()),
        ("is_recommended", pa.bool_()),
        ("recommendation", pa.string()),
    ]
)

RELIABILITY_SCHEMA = pa.schema(
    [
        *_KEY,
        ("bin_low", pa.float64()),
        ("bin_high", pa.float64()),
        ("n_calls", pa.int64()),
        ("mean_confidence", pa.float64()),
        ("accuracy", pa.float64()),
    ]
)


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Calls of the sessions of a checkpoint by callers that had not seen them.

    Parameters
    ----------
    probabilities : dict of Setting to numpy.ndarray, shape (n, k)
        By caller; 0 for an archetype that the caller did not know, NaN for a session that nobody
        could be fitted to call.
    labels : numpy.ndarray of int, shape (n,)
        Column that held.
    majority, session_type : numpy.ndarray of int, shape (n,)
        Columns that the baselines name; -1 where they cannot.
    """

    probabilities: Mapping[Setting, np.ndarray]
    labels: np.ndarray
    majority: np.ndarray
    session_type: np.ndarray


def score_caller(
    setting: Setting, checkpoint_pct: int, held_out: HeldOut, n_sessions: int, validation: str
) -> tuple[dict[str, object], list[dict[str, object]]]:
    """Score one caller at one checkpoint.

    Parameters
    ----------
    setting : Setting
        The caller.
    checkpoint_pct : int
        The checkpoint.
    held_out : HeldOut
        Calls at it.
    n_sessions : int
        Sessions that are known at 100 %, with a vector at the checkpoint or not.
    validation : str
        How they were held out.

    Returns
    -------
    score : dict
        A row of ``SCORE_SCHEMA``, not compared with others yet; nulls where nothing was called.
    reliability : list of dict
        Rows of ``RELIABILITY_SCHEMA``, one a bin.

    References
    ----------
    Brier (1950), Verification of forecasts expressed in terms of probability, Monthly Weather
    Review 78(1): the sum over classes, from 0 to 2. Naeini, Cooper, Hauskrecht (2015), Obtaining
    well calibrated probabilities using Bayesian binning, AAAI, for the expected calibration error.
    Schaefer, Leser (2020), TEASER, Data Mining and Knowledge Discovery 34, for the harmonic mean of
    accuracy and earliness.
    """
    key = {**setting._asdict(), "checkpoint_pct": checkpoint_pct}
    called = np.isfinite(held_out.probabilities[setting]).all(axis=1)
    probabilities = held_out.probabilities[setting][called]
    labels = held_out.labels[called]
    earliness = 1 - checkpoint_pct / 100
    hits = np.argmax(probabilities, axis=1) == labels if len(labels) else np.zeros(0, dtype=bool)
    confidences = np.clip(probabilities.max(axis=1, initial=0.0), CONFIDENCE_LOW, CONFIDENCE_HIGH)
    bins = _bins(confidences, hits)
    accuracy = _mean(hits)
    score = {
        **key,
        "n_sessions": n_sessions,
        "n_called": len(labels),
        "coverage": len(labels) / n_sessions,
        "accuracy": accuracy,
        "majority_accuracy": _mean(held_out.majority[called] == labels),
        "session_type_accuracy": _mean(held_out.session_type[called] == labels),
        "brier": _mean(brier_errors(probabilities, labels)),
        "brier_gap_error": None,
        "expected_calibration_error": _calibration_error(bins),
        "earliness": earliness,
        "earliness_accuracy": _harmonic_mean(accuracy, earliness),
        "validation": validation,
        "is_recommended": False,
        "recommendation": None,
    }
    return score, [key | one for one in bins]


def _mean(values: np.ndarray) -> float | None:
    return float(values.mean()) if len(values) else None


def brier_errors(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Give the squared errors of calls, summed over archetypes.

    Parameters
    ----------
    probabilities : numpy.ndarray, shape (n, k)
        NaN where nothing was called.
    labels : numpy.ndarray of int, shape (n,)
        Columns that held.

    Returns
    -------
    numpy.ndarray, shape (n,)
        0 to 2, or NaN.
    """
    gaps = probabilities.copy()
    gaps[np.arange(len(labels)), labels] -= 1
    return (gaps * gaps).sum(axis=1)


def _bins(confidences: np.ndarray, hits: np.ndarray) -> list[dict[str, object]]:
    places = np.minimum((confidences * N_BINS).astype(int), N_BINS - 1)
    return [
        {
            "bin_low": place / N_BINS,
            "bin_high": (place + 1) / N_BINS,
            "n_calls": int((places == place).sum()),
            "mean_confidence": _mean(confidences[places == place]),
            "accuracy": _mean(hits[places == place]),
        }
        for place in range(N_BINS)
    ]


def _calibration_error(bins: Sequence[Mapping[str, object]]) -> float | None:
    n_calls = sum(one["n_calls"] for one in bins)
    if n_calls == 0:
        return None
    gaps = (
        one["n_calls"] * abs(one["mean_confidence"] - one["accuracy"])
        for one in bins
        if one["n_calls"]
    )
    return sum(gaps) / n_calls


def _harmonic_mean(accuracy: float | None, earliness: float) -> float | None:
    if accuracy is None:
        return None
    both = accuracy + earliness
    return 2 * accuracy * earliness / both if both > 0 else 0.0


def majority_column(labels: np.ndarray, n_columns: int) -> int:
    """Find the most frequent column.

    Parameters
    ----------
    labels : numpy.ndarray of int, shape (n,)
        Columns.
    n_columns : int
        How many there are.

    Returns
    -------
    int
        The first of several that are equally frequent; -1 where there are no labels.
    """
    return int(np.argmax(np.bincount(labels, minlength=n_columns))) if len(labels) else -1


def choose(
    scores: pa.Table | Sequence[Mapping[str, object]],
    caller: str = "",
    metric: str = "",
    confidence: str = "",
    scaler: str = "",
) -> Setting:
    """Choose the best caller of those that fit.

    Of the callers whose mean Brier score lies within one standard error of the lowest, the one of
    the lowest mean calibration error is best; after these come the others, by their Brier scores.

    Parameters
    ----------
    scores : pyarrow.Table or sequence of mapping
        Rows of one version, with the columns of the key, brier, brier_gap_error and
        expected_calibration_error.
    caller, metric, confidence, scaler : str
        What it must be; an empty text asks for nothing.

    Returns
    -------
    Setting
        One for all checkpoints; the first by name of several that score the same.

    Raises
    ------
    ValueError
        No caller fits; the message says what was asked for and what there is.

    References
    ----------
    Breiman, Friedman, Olshen, Stone (1984), Classification and Regression Trees, on the rule of one
    standard error: what the data cannot tell apart is chosen by something else.
    """
    means = mean_scores(scores)
    wanted = Setting(caller, metric, confidence, scaler)
    fitting = [setting for setting in means if fits(setting, wanted)]
    if not fitting:
        raise no_such_caller(wanted, means)
    least = min(score.brier for score in means.values())

    def rank(setting: Setting) -> tuple[bool, float, float, Setting]:
        score = means[setting]
        is_behind = not score.brier - least <= score.gap_error
        return is_behind, 0.0 if is_behind else score.calibration_error, score.brier, setting

    return min(fitting, key=rank)


def fits(setting: Setting, wanted: Setting) -> bool:
    """Say whether a caller is what is asked for; an empty text asks for nothing."""
    return all(not want or want == own for want, own in zip(wanted, setting, strict=True))


def no_such_caller(wanted: Setting, known: Iterable[Setting]) -> ValueError:
    """Say in words that no caller is what is asked for, and which there are."""
    names = ("early_caller", "early_metric", "early_confidence", "early_scaler")
    asked = ", ".join(f"{name} {want!r}" for name, want in zip(names, wanted, strict=True) if want)
    spelt = "; ".join(" ".join(setting) for setting in sorted(known)) or "none"
    return ValueError(
        f"no early caller has {asked or 'been scored'}; caller, metric, confidence and scaler must "
        f"be one of: {spelt}"
    )


class MeanScores(NamedTuple):
    """Scores of a caller over all checkpoints; infinite, and no gap, where none could be told."""

    brier: float
    gap_error: float
    calibration_error: float


def mean_scores(
    scores: pa.Table | Sequence[Mapping[str, object]],
) -> dict[Setting, MeanScores]:
    """Average the scores of each caller over the checkpoints.

    Parameters
    ----------
    scores : pyarrow.Table or sequence of mapping
        As for :func:`choose`.

    Returns
    -------
    dict of Setting to MeanScores
        By caller.
    """
    found = defaultdict(list)
    rows = scores.to_pylist() if isinstance(scores, pa.Table) else scores
    for row in sorted(rows, key=lambda row: row["checkpoint_pct"]):
        found[Setting(*(row[name] for name in Setting._fields))].append(row)
    return {
        setting: MeanScores(
            brier=_mean_known(own, "brier", np.inf),
            gap_error=_mean_known(own, "brier_gap_error", 0.0),
            calibration_error=_mean_known(own, "expected_calibration_error", np.inf),
        )
        for setting, own in found.items()
    }


def _mean_known(rows: Sequence[Mapping[str, object]], name: str, otherwise: float) -> float:
    known = [row[name] for row in rows if row[name] is not None]
    return sum(known) / len(known) if known else otherwise


def recommend(
    scores: Sequence[Mapping[str, object]], errors: Mapping[Setting, np.ndarray]
) -> list[dict[str, object]]:
    """Compare callers, mark the recommended one, and say why it is.

    Parameters
    ----------
    scores : sequence of mapping
        Rows of ``SCORE_SCHEMA``, of one version.
    errors : dict of Setting to numpy.ndarray, shape (n, c)
        :func:`brier_errors` of each session at each checkpoint; NaN where it was not called.

    Returns
    -------
    list of dict
        The same rows in the same order, brier_gap_error, is_recommended and recommendation filled
        in.
    """
    if not scores:
        return []
    means = mean_scores(scores)
    lowest = min(means, key=lambda setting: (means[setting].brier, setting))
    compared = []
    for row in scores:
        own = errors[Setting(*(row[name] for name in Setting._fields))]
        compared.append({**row, "brier_gap_error": _gap_error(own, errors[lowest])})
    best = choose(compared)
    words = _words(best, lowest, mean_scores(compared))
    for row in compared:
        row["is_recommended"] = all(row[name] == own for name, own in best._asdict().items())
        row["recommendation"] = words if row["is_recommended"] else None
    return compared


def _gap_error(errors: np.ndarray, lowest: np.ndarray) -> float | None:
    """Give the standard error of how much worse a caller is, over the same sessions."""
    gaps = errors - lowest
    n_called = np.isfinite(gaps).sum(axis=1)
    total = np.where(np.isfinite(gaps), gaps, 0.0).sum(axis=1)
    own = total[n_called > 0] / n_called[n_called > 0]
    return float(own.std(ddof=1) / np.sqrt(len(own))) if len(own) > 1 else None


def _words(best: Setting, lowest: Setting, means: Mapping[Setting, MeanScores]) -> str:
    if not np.isfinite(means[best].brier):
        return "no caller could be scored out of sample; this one is the first by name"
    own, least = means[best], means[lowest]
    if best == lowest:
        reason = f"lowest mean Brier score over the checkpoints, {own.brier:.4f}"
    else:
        reason = (
            f"mean Brier score over the checkpoints {own.brier:.4f}, within one standard error "
            f"({own.gap_error:.4f}) of the lowest, {least.brier:.4f} of {' '.join(lowest)}"
        )
    n_alike = sum(one.brier - least.brier <= one.gap_error for one in means.values())
    return (
        f"{reason}; of the {n_alike} so near to the lowest it has the lowest mean calibration "
        f"error, {own.calibration_error:.4f}"
    )
