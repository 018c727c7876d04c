"""Fit the early callers of one checkpoint on the sessions of one sample.

What a caller may know of a session is in the sample that it is fitted on, and nowhere else: scaler,
class means, covariances, ridge strength and calibration all come from there. So a caller that is
fitted without a session is one that this session cannot have swayed.

The one exception is the definition of the labels. The archetypes are the model's, which was fitted
on all sessions, and a regression aims at where a session's 100 % vector lies in the model's space.
That space and its centroids are what is to be predicted, and are given.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple

import numpy as np
from sklearn.covariance import ledoit_wolf
from sklearn.isotonic import IsotonicRegression

from archetype.sessions.callers import Caller, share_of_draws, softmax
from archetype.sessions.match import centroid_distances
from archetype.sessions.space import (
    DISTANCES,
    N_FEATURES,
    SCALERS,
    FitParameters,
    Space,
    as_compared,
    draw_rows,
    fit_space,
    on_unit_sphere,
    scale_vectors,
)

METRICS = (*DISTANCES, "mahalanobis")
CONFIDENCES = {
    "prototype": ("inverse_distance", "softmax"),
    "discriminant": ("temperature", "isotonic"),
    "regression": ("temperature", "isotonic"),
}
"""Confidence methods by kind of caller."""

N_INNER_FOLDS = 5
"""Folds behind the calibration of a discriminant, within its own sample."""

CALIBRATION_SAMPLE_MAX = 500
"""A regression's calibration looks at so many sessions at most, drawn by md5."""

RIDGE_STRENGTHS = 10.0 ** np.arange(-3.0, 1.75, 0.25)
"""Tried, in units of the number of sessions: the penalty against a feature of variance 1."""

TEMPERATURE_SPREAD = np.log(2.0)
"""Standard deviation of the logarithm of a temperature, before any session is seen."""

TEMPERATURE_STEP = np.log(2.0) / 2
_STEPS_MAX = 6
_LEAST_HELD = 1e-12

_NONE = np.zeros(0)
_NO_ROWS = np.zeros((0, 0))


class Setting(NamedTuple):
    """Which caller: what its scores and rows are keyed by.

    Parameters
    ----------
    caller, metric, confidence_method, scaler : str
        As in ``Caller``.
    """

    caller: str
    metric: str
    confidence_method: str
    scaler: str

    @classmethod
    def of(cls, caller: Caller) -> Setting:
        """Read the setting of a caller."""
        return cls(*(getattr(caller, name) for name in cls._fields))


def all_settings(distance: str) -> tuple[Setting, ...]:
    """List every caller there is.

    Parameters
    ----------
    distance : {"euclidean", "cosine"}
        The model's, which a regression takes over.

    Returns
    -------
    tuple of Setting
        By name.
    """
    metrics = {"prototype": METRICS, "discriminant": ("mahalanobis",), "regression": (distance,)}
    return tuple(
        sorted(
            Setting(caller, metric, confidence, scaler)
            for caller, confidences in CONFIDENCES.items()
            for metric in metrics[caller]
            for confidence in confidences
            for scaler in SCALERS
        )
    )


@dataclass(frozen=True, eq=False)
class Library:
    """What is to be predicted.

    Parameters
    ----------
    archetype_ids : numpy.ndarray of int32, shape (k,)
        Ascending.
    centroids : numpy.ndarray, shape (k, m)
        In the model's space.
    distance : {"euclidean", "cosine"}
        The model's.
    clip : float
        The model's limit of a scaled feature, which callers take over.
    """

    archetype_ids: np.ndarray
    centroids: np.ndarray
    distance: str
    clip: float


@dataclass(frozen=True, eq=False)
class Sample:
    """Sessions with a vector at a checkpoint, by session id.

    Parameters
    ----------
    session_ids : numpy.ndarray of str, shape (n,)
        Unique, ascending.
    groups : numpy.ndarray of str, shape (n,)
        Sessions of one group are never parted by a fold.
    vectors : numpy.ndarray, shape (n, 30)
        At the checkpoint, in feature units; NaN where imputed.
    is_imputed : numpy.ndarray of bool, shape (n, 30)
        Which components are.
    labels : numpy.ndarray of int, shape (n,)
        Row in the library of the archetype that each session ended in.
    ends : numpy.ndarray, shape (n, m)
        Where its 100 % vector lies in the model's space.
    """

    session_ids: np.ndarray
    groups: np.ndarray
    vectors: np.ndarray
    is_imputed: np.ndarray
    labels: np.ndarray
    ends: np.ndarray

    def take(self, rows: np.ndarray) -> Sample:
        """Give a sample of some of the sessions."""
        return Sample(**{name: values[rows] for name, values in vars(self).items()})

    def __len__(self) -> int:
        """Count the sessions."""
        return len(self.session_ids)


def assign_folds(groups: np.ndarray, n_folds: int) -> np.ndarray:
    """Deal whole groups out to folds of much the same number of rows.

    Parameters
    ----------
    groups : numpy.ndarray of str, shape (n,)
        Group of each row.
    n_folds : int
        Folds wanted; there are no more than groups.

    Returns
    -------
    numpy.ndarray of int, shape (n,)
        Fold of each row, 0 up. Groups go, by the order of their md5, to the fold that has fewest
        rows, the first of several; so neither the order of the rows nor the calendar decides.
    """
    names, rows, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    keys = [hashlib.md5(str(name).encode(), usedforsecurity=False).digest() for name in names]
    filled = np.zeros(min(n_folds, len(names)), dtype=int)
    folds = np.zeros(len(names), dtype=int)
    for group in sorted(range(len(names)), key=keys.__getitem__):
        folds[group] = np.argmin(filled)
        filled[folds[group]] += sizes[group]
    return folds[rows]


def fit_callers(
    sample: Sample, library: Library, checkpoint_pct: int, settings: Iterable[Setting]
) -> list[Caller]:
    """Fit callers of one checkpoint.

    Parameters
    ----------
    sample : Sample
        One session or more.
    library : Library
        The model's archetypes.
    checkpoint_pct : int
        The checkpoint of the vectors.
    settings : iterable of Setting
        Which callers.

    Returns
    -------
    list of Caller
        One a setting, in their order. A prototype or discriminant can call the archetypes that the
        sample holds, a regression all of the library.

    Raises
    ------
    ValueError
        The sample is empty.
    """
    if len(sample) == 0:
        raise ValueError(f"no session to fit the callers of {checkpoint_pct} % on")
    settings = list(settings)
    fitted: dict[Setting, Caller] = {}
    for scaler in sorted({setting.scaler for setting in settings}):
        fit = _ScaledFit(sample, library, checkpoint_pct, scaler)
        for kind, metric in sorted({(one.caller, one.metric) for one in settings}):
            own = [one for one in settings if one[:2] == (kind, metric) and one.scaler == scaler]
            for caller in _FITS[kind](fit, metric, {one.confidence_method for one in own}):
                fitted[Setting.of(caller)] = caller
    return [fitted[setting] for setting in settings]


class _ScaledFit:
    """A sample in deviations, and the caller that has nothing but the scaler."""

    def __init__(self, sample: Sample, library: Library, checkpoint_pct: int, scaler: str) -> None:
        self.sample, self.library = sample, library
        parameters = FitParameters(scaler=scaler, n_components=0, clip=library.clip)
        self.space: Space = fit_space(sample.vectors, sample.is_imputed, parameters)
        self.scaled = scale_vectors(self.space, sample.vectors, sample.is_imputed)
        self.bare = Caller(
            caller="",
            metric="",
            confidence_method="",
            scaler=scaler,
            checkpoint_pct=checkpoint_pct,
            n_sessions=len(sample),
            archetype_ids=library.archetype_ids,
            scaler_centre=self.space.centre,
            scaler_scale=self.space.scale,
            clip=library.clip,
            projection=np.eye(N_FEATURES),
            intercept=np.zeros(N_FEATURES),
            prototypes=_NO_ROWS,
            log_priors=_NONE,
            noise=_NO_ROWS,
            temperature=1.0,
            knots_x=_NONE,
            knots_y=_NONE,
        )


def _fit_prototypes(fit: _ScaledFit, metric: str, confidences: set[str]) -> list[Caller]:
    classes, rows = np.unique(fit.sample.labels, return_inverse=True)
    projection, note = np.eye(N_FEATURES), _lacking(classes, fit.library)
    if metric == "mahalanobis":
        whitening = _whitening(fit.scaled, rows)
        if whitening is None:
            note = _join(note, _NO_COVARIANCE)
        else:
            projection = whitening
    points = as_compared(fit.scaled, "cosine" if metric == "cosine" else "euclidean")
    prototypes = _class_means(points, rows) @ projection.T
    caller = replace(
        fit.bare,
        caller="prototype",
        metric=metric,
        archetype_ids=fit.library.archetype_ids[classes],
        projection=projection,
        prototypes=on_unit_sphere(prototypes) if metric == "cosine" else prototypes,
        note=note,
    )
    return [replace(caller, confidence_method=confidence) for confidence in sorted(confidences)]


def _class_means(points: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return np.stack([points[rows == row].mean(axis=0) for row in range(rows.max() + 1)])


_NO_COVARIANCE = "covariance within archetypes cannot be estimated: euclidean instead"


def _whitening(points: np.ndarray, rows: np.ndarray) -> np.ndarray | None:
    """Find the symmetric square root of the inverse pooled covariance, which is unique.

    Ledoit, Wolf (2004), A well-conditioned estimator for large-dimensional covariance matrices,
    Journal of Multivariate Analysis 88(2).
    """
    residuals = points - _class_means(points, rows)[rows]
    n_free = len(points) - rows.max() - 1
    if n_free < 2 or not np.ptp(residuals, axis=0).any():
        return None
    covariance, _ = ledoit_wolf(residuals, assume_centered=True)
    values, axes = np.linalg.eigh(covariance * (len(points) / n_free))
    if values[0] <= values[-1] * np.finfo(float).eps * len(values):
        return None
    return (axes / np.sqrt(values)) @ axes.T


def _lacking(classes: np.ndarray, library: Library) -> str | None:
    lacking = np.delete(library.archetype_ids, classes)
    if len(lacking) == 0:
        return None
    return f"no session of archetype {', '.join(map(str, lacking))}"


def _join(*notes: str | None) -> str | None:
    return "; ".join(note for note in notes if note) or None


def _fit_discriminants(fit: _ScaledFit, metric: str, confidences: set[str]) -> list[Caller]:
    raw = _discriminant(fit.bare, fit.scaled, fit.sample.labels, fit.library)
    # A fold of the sample is called by what the others teach; the scaler is the sample's.
    logits = np.full((len(fit.sample), len(fit.library.archetype_ids)), -np.inf)
    folds = assign_folds(fit.sample.groups, N_INNER_FOLDS)
    for fold in range(folds.max() + 1 if folds.max() > 0 else 0):
        inside = folds != fold
        labels = fit.sample.labels[inside]
        caller = _discriminant(fit.bare, fit.scaled[inside], labels, fit.library)
        # No temperature or knots yet: log probabilities are the scores themselves.
        points = fit.scaled[~inside] @ caller.projection.T
        distances = centroid_distances(points, caller.prototypes)
        columns = np.unique(labels)
        logits[np.ix_(~inside, columns)] = caller.log_priors - distances**2 / 2
    known = np.isfinite(logits[np.arange(len(logits)), fit.sample.labels])
    logits, labels = logits[known], fit.sample.labels[known]

    def at(temperature: float) -> np.ndarray:
        return softmax(logits / temperature)

    return [_calibrated(raw, one, at, labels)[0] for one in sorted(confidences)]


def _discriminant(bare: Caller, scaled: np.ndarray, labels: np.ndarray, library: Library) -> Caller:
    classes, rows, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    whitening = _whitening(scaled, rows)
    projection = np.eye(N_FEATURES) if whitening is None else whitening
    return replace(
        bare,
        caller="discriminant",
        metric="mahalanobis",
        archetype_ids=library.archetype_ids[classes],
        projection=projection,
        prototypes=_class_means(scaled, rows) @ projection.T,
        log_priors=np.log(sizes / len(labels)),
        note=_join(_lacking(classes, library), _NO_COVARIANCE if whitening is None else None),
    )


def _fit_regressions(fit: _ScaledFit, metric: str, confidences: set[str]) -> list[Caller]:
    ends, note = fit.sample.ends, None
    if len(fit.sample) < _RIDGE_MIN:
        note = f"fewer than {_RIDGE_MIN} sessions: their mean instead of a regression"
        coefficients, intercept = np.zeros((ends.shape[1], N_FEATURES)), ends.mean(axis=0)
        left_out = np.tile(intercept, (len(ends), 1))
        noise = _noise(fit.library.centroids - intercept)
    else:
        coefficients, intercept, left_out = fit_ridge(fit.scaled, ends)
        noise = _noise(ends - left_out)
    raw = replace(
        fit.bare,
        caller="regression",
        metric=metric,
        projection=coefficients,
        intercept=intercept,
        prototypes=fit.library.centroids,
        noise=noise,
        note=note,
    )
    drawn = draw_rows(fit.sample.session_ids, CALIBRATION_SAMPLE_MAX)
    labels = fit.sample.labels[drawn]

    def at(temperature: float) -> np.ndarray:
        return share_of_draws(
            left_out[drawn],
            noise * np.sqrt(temperature),
            fit.library.centroids,
            is_directional=metric == "cosine",
        )

    if note:
        labels, drawn = labels[:0], drawn[:0]
    fitted = [_calibrated(raw, one, at, labels) for one in sorted(confidences)]
    return [replace(caller, noise=noise * np.sqrt(temperature)) for caller, temperature in fitted]


_RIDGE_MIN = 3


def fit_ridge(scaled: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Regress where sessions end on their scaled vectors, with the best of several penalties.

    Parameters
    ----------
    scaled : numpy.ndarray, shape (n, 30)
        In deviations; n is 3 or more.
    ends : numpy.ndarray, shape (n, m)
        To be predicted.

    Returns
    -------
    coefficients : numpy.ndarray, shape (m, 30)
        Slopes.
    intercept : numpy.ndarray, shape (m,)
        What is predicted of a vector of zeros.
    left_out : numpy.ndarray, shape (n, m)
        What would be predicted of each session by a regression on the others, in closed form.

    References
    ----------
    Golub, Heath, Wahba (1979), Generalized cross-validation as a method for choosing a good ridge
    parameter, Technometrics 21(2): the residual of a row that is left out is its residual over one
    less its leverage.
    """
    mean, end = scaled.mean(axis=0), ends.mean(axis=0)
    left, sizes, right = np.linalg.svd(scaled - mean, full_matrices=False)
    turned = left.T @ (ends - end)
    best = np.inf
    # From the strongest, so that of several that are equally good the most cautious one wins.
    for strength in RIDGE_STRENGTHS[::-1] * len(scaled):
        shares = sizes**2 / (sizes**2 + strength)
        leverages = (left * left) @ shares + 1 / len(scaled)
        residuals = (ends - end - (left * shares) @ turned) / (1 - leverages)[:, None]
        loss = (residuals * residuals).sum()
        if loss < best:
            best, errors = loss, residuals
            slopes = (right.T * (sizes / (sizes**2 + strength))) @ turned
    coefficients = slopes.T
    return coefficients, end - coefficients @ mean, ends - errors


def _noise(errors: np.ndarray) -> np.ndarray:
    """Find the Cholesky factor of the shrunk covariance of errors; zeros where there are none."""
    round_one = np.sqrt(np.mean(errors * errors)) * np.eye(errors.shape[1])
    if len(errors) < 2 or not errors.any():
        return round_one
    covariance, _ = ledoit_wolf(errors, assume_centered=True)
    try:
        return np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        # Errors on one axis alone, say: what is shrunk fully has no direction, and the same size.
        return round_one


_CALIBRATION_MIN = 10


def _calibrated(
    raw: Caller, confidence: str, at: Callable[[float], np.ndarray], labels: np.ndarray
) -> tuple[Caller, float]:
    """Calibrate a caller on what was called without seeing it: give it and its temperature."""
    caller = replace(raw, confidence_method=confidence)
    if len(labels) < _CALIBRATION_MIN:
        note = _join(raw.note, f"fewer than {_CALIBRATION_MIN} sessions: not calibrated")
        return replace(caller, note=note), 1.0
    if confidence == "temperature":
        temperature = fit_temperature(at, labels)
        return replace(caller, temperature=temperature), temperature
    probabilities = at(1.0)
    hits = np.argmax(probabilities, axis=1) == labels
    isotonic = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
    isotonic.fit(probabilities.max(axis=1), hits.astype(float))
    return replace(caller, knots_x=isotonic.X_thresholds_, knots_y=isotonic.y_thresholds_), 1.0


def fit_temperature(at: Callable[[float], np.ndarray], labels: np.ndarray) -> float:
    """Choose the temperature under which what held was most probable.

    Parameters
    ----------
    at : callable
        Probabilities of the sessions, shape (n, k), by temperature.
    labels : numpy.ndarray of int, shape (n,)
        Column that held.

    Returns
    -------
    float
        Between 1/8 and 8. Its logarithm is taken to be normal about 0 at first, so that few
        sessions change little. It is where a cubic through steps about the best one is lowest:
        probabilities that are shares of draws are uneven on any smaller scale.
    """
    rows = np.arange(len(labels))

    @cache
    def loss(step: int) -> float:
        logarithm = step * TEMPERATURE_STEP
        held = at(float(np.exp(logarithm)))[rows, labels]
        prior = (logarithm / TEMPERATURE_SPREAD) ** 2 / 2
        return float(prior - np.log(np.maximum(held, _LEAST_HELD)).sum())

    best = 0
    while True:
        steps = range(max(best - 1, -_STEPS_MAX), min(best + 1, _STEPS_MAX) + 1)
        lower = min(steps, key=lambda step: (loss(step), abs(step)))
        if lower == best:
            break
        best = lower
    steps = np.arange(max(best - 2, -_STEPS_MAX), min(best + 2, _STEPS_MAX) + 1)
    cubic = np.polyfit(steps, [loss(int(step)) for step in steps], min(3, len(steps) - 1))
    fine = np.linspace(steps[0], steps[-1], 401)
    return float(np.exp(fine[np.argmin(np.polyval(cubic, fine))] * TEMPERATURE_STEP))


_FITS: dict[str, Callable[[_ScaledFit, str, set[str]], Sequence[Caller]]] = {
    "prototype": _fit_prototypes,
    "discriminant": _fit_discriminants,
    "regression": _fit_regressions,
}
