"""Score early callers by what they called without having seen it, and recommend one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

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
        A row of ``SCORE_SCHEMA``, not recommended yet; nulls where nothing was called.
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
        "brier": _brier(probabilities, labels),
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


def _brier(probabilities: np.ndarray, labels: np.ndarray) -> float | None:
    if len(labels) == 0:
        return None
    gaps = probabilities.copy()
    gaps[np.arange(len(labels)), labels] -= 1
    return float((gaps * gaps).sum(axis=1).mean())


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
    """Choose the best-scored caller of those that fit: the lowest mean Brier score.

    Parameters
    ----------
    scores : pyarrow.Table or sequence of mapping
        Rows of one version, with the columns of the key, and brier.
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
    """
    means = mean_briers(scores)
    wanted = Setting(caller, metric, confidence, scaler)
    fitting = {setting: brier for setting, brier in means.items() if fits(setting, wanted)}
    if not fitting:
        raise no_such_caller(wanted, means)
    return min(fitting, key=lambda setting: (fitting[setting], setting))


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


def mean_briers(scores: pa.Table | Sequence[Mapping[str, object]]) -> dict[Setting, float]:
    """Average the Brier score of each caller over the checkpoints.

    Parameters
    ----------
    scores : pyarrow.Table or sequence of mapping
        As for :func:`choose`.

    Returns
    -------
    dict of Setting to float
        Infinite where no checkpoint could be scored.
    """
    found = defaultdict(list)
    rows = scores.to_pylist() if isinstance(scores, pa.Table) else scores
    for row in sorted(rows, key=lambda row: row["checkpoint_pct"]):
        found[Setting(*(row[name] for name in Setting._fields))].append(row["brier"])
    means = {}
    for setting, briers in found.items():
        known = [brier for brier in briers if brier is not None]
        means[setting] = sum(known) / len(known) if known else np.inf
    return means


def recommend(scores: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    """Mark the recommended caller, and say why it is.

    Parameters
    ----------
    scores : sequence of mapping
        Rows of ``SCORE_SCHEMA``, of one version.

    Returns
    -------
    list of dict
        The same rows in the same order, is_recommended and recommendation filled in.
    """
    if not scores:
        return []
    means = mean_briers(scores)
    best = choose(scores)
    words = _words(best, means)
    marked = []
    for row in scores:
        is_best = all(row[name] == value for name, value in best._asdict().items())
        marked.append(
            {**row, "is_recommended": is_best, "recommendation": words if is_best else None}
        )
    return marked


def _words(best: Setting, means: Mapping[Setting, float]) -> str:
    if not np.isfinite(means[best]):
        return "no caller could be scored out of sample; this one is the first by name"
    others = sorted((brier, setting) for setting, brier in means.items() if setting != best)
    reason = f"lowest mean Brier score over the checkpoints, {means[best]:.4f}"
    if not others:
        return reason
    brier, second = others[0]
    return f"{reason}; next is {' '.join(second)} with {brier:.4f}"
