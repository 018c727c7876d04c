"""The space that sessions are compared in: scaler, clip, principal components.

A space is fitted once, on the training vectors, and from then on is a handful of numbers in a
table. Everything that looks at a vector later (matching, drift, early calls) goes through
:func:`transform`, whose result for a row depends on that row and on the space alone: not on the
other rows of the batch, their number or the machine's BLAS. That is what makes a session that is
matched alone tomorrow get, bit for bit, the distances that it got among a million today.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from numbers import Integral, Real

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sklearn.decomposition import PCA
from sklearn.preprocessing import RobustScaler, StandardScaler

from archetype.sessions.features import N_FEATURES

SCALERS = ("standard", "robust")
DISTANCES = ("euclidean", "cosine")

# Rows per step: the working set of a step stays in cache, and memory stays bounded at any number of
# rows.
BATCH_ROWS = 8_192

# Below, threads cost more to start than they save. NumPy lets go of the interpreter in each step.
_ROWS_FOR_THREADS = 4 * BATCH_ROWS


@dataclass(frozen=True)
class FitParameters:
    """The choices of a fit, checked when they are made, so that a wrong one fails before any work.

    Parameters
    ----------
    k : int
        Number of archetypes, 1 or more.
    scaler : {"standard", "robust"}
        Mean and standard deviation, or median and interquartile range.
    n_components : int
        Principal components kept, 0 to 30; 0 compares the 30 scaled features themselves.
    distance : {"euclidean", "cosine"}
        "cosine" puts every projected vector on the unit sphere and measures the chord there,
        ``sqrt(2 - 2 cos)``, which ranks as the cosine distance does.
    clip : float
        Scaled features are cut at plus and minus this many deviations, more than 0.
    random_state : int
        Seed of every random choice, 0 to 2**32 - 1.
    n_init : int
        k-means starts of the fit, of which the one of least inertia is kept.
    minibatch_above : int
        More training rows than this are fitted with mini-batch k-means.
    fit_sample_max : int
        A fit holds at most this many rows, drawn by the md5 of the session id.
    n_bootstraps : int
        Bootstrap refits behind `stability`; 0 leaves it null.
    bootstrap_n_init : int
        k-means starts of a bootstrap refit, of the model as of every trial. On the public sessions
        30 in place of 5 raise the stability by 0.01, a quarter of what another seed changes.
    bootstrap_scope : {"pipeline", "clustering"}
        A bootstrap refits scaler, components and k-means, or k-means alone in the fitted space. The
        former is the stricter question, and the answer is lower.
    n_references : int
        Structureless copies of the training vectors that say what silhouette chance gives in a
        trial's space; 0 takes it for 0.
    metric_sample_max : int
        The silhouette is taken over at most this many rows (by md5 order), and a bootstrap draws no
        more.
    trial_k, trial_components : sequence of int
        The grid of trials; the fit's own `k` and `n_components` always belong to it.
    trial_sample_max : int
        Trials hold at most this many rows, drawn by md5 order. Up to here the trial of the fit's
        own parameters has exactly the metrics of the model; beyond, it is measured on fewer rows.
    identity_tolerance : float
        An archetype keeps its id if it moved less than this share of the way to its nearest
        sibling.

    Raises
    ------
    ValueError
        A choice is out of range; the message names it, its value and what it may be.
    """

    k: int = 5
    scaler: str = "robust"
    n_components: int = 4
    distance: str = "euclidean"
    clip: float = 3.0
    random_state: int = 42
    n_init: int = 10
    minibatch_above: int = 200_000
    fit_sample_max: int = 500_000
    n_bootstraps: int = 20
    bootstrap_n_init: int = 5
    bootstrap_scope: str = "clustering"
    n_references: int = 5
    metric_sample_max: int = 10_000
    trial_k: Sequence[int] = (2, 3, 4, 5, 6, 7, 8)
    trial_components: Sequence[int] = (0, 2, 3, 4, 5, 8)
    trial_sample_max: int = 2_000
    identity_tolerance: float = 1.0

    def __post_init__(self) -> None:
        """Check every choice, and bring it to its plain type."""
        for name, low, high in _WHOLE:
            self._set(name, _whole(name, getattr(self, name), low, high))
        for name, low, high in (("trial_k", 1, None), ("trial_components", 0, N_FEATURES)):
            values = _sequence(name, getattr(self, name))
            self._set(name, tuple(_whole(name, value, low, high) for value in values))
        # A sample that is smaller than k, or than the number of features, cannot be fitted itself.
        least = max(N_FEATURES, self.k, *self.trial_k)
        for name in ("metric_sample_max", "trial_sample_max"):
            self._set(name, _whole(name, getattr(self, name), least, None))
        for name in ("clip", "identity_tolerance"):
            self._set(name, _positive(name, getattr(self, name)))
        for name, choices in _CHOICES:
            if getattr(self, name) not in choices:
                raise _wrong(name, getattr(self, name), "one of " + ", ".join(choices))

    @classmethod
    def from_variables(cls, variables: Mapping[str, object]) -> FitParameters:
        """Read the choices from dbt variables.

        Parameters
        ----------
        variables : mapping
            Values by the names of the parameters; a number or a list may also come as its text,
            as in ``"5"``. What is not named takes its default.

        Returns
        -------
        FitParameters
            The choices, checked.

        Raises
        ------
        ValueError
            A name is unknown, or a choice is out of range.
        """
        known = [field.name for field in fields(cls)]
        unknown = sorted(set(variables) - set(known))
        if unknown:
            raise _wrong("name", unknown[0], "one of " + ", ".join(known))
        return cls(**{name: _from_text(value) for name, value in variables.items()})

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)


_WHOLE = (
    ("k", 1, None),
    ("n_components", 0, N_FEATURES),
    ("random_state", 0, 2**32 - 1),
    ("n_init", 1, None),
    ("minibatch_above", 1, None),
    ("fit_sample_max", 1, None),
    ("n_bootstraps", 0, None),
    ("bootstrap_n_init", 1, None),
    ("n_references", 0, None),
)
_CHOICES = (
    ("scaler", SCALERS),
    ("distance", DISTANCES),
    ("bootstrap_scope", ("pipeline", "clustering")),
)


def _wrong(name: str, value: object, allowed: str) -> ValueError:
    return ValueError(f"parameter {name} is {value!r}; it must be {allowed}")


def _whole(name: str, value: object, low: int, high: int | None) -> int:
    fits = isinstance(value, Integral) and not isinstance(value, bool) and value >= low
    if not fits or (high is not None and value > high):
        span = f"of {low} or more" if high is None else f"from {low} to {high}"
        raise _wrong(name, value, f"a whole number {span}")
    return int(value)


def _from_text(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _positive(name: str, value: object) -> float:
    if not isinstance(value, Real) or isinstance(value, bool) or not 0 < value < np.inf:
        raise _wrong(name, value, "a finite number above 0")
    return float(value)


def _sequence(name: str, value: object) -> Sequence[object]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise _wrong(name, value, "a list of whole numbers")
    return value


@dataclass(frozen=True, eq=False)
class Space:
    """A fitted space. Arrays are read only by convention; nothing here changes them.

    Parameters
    ----------
    centre, scale : numpy.ndarray, shape (30,)
        Of the scaler, in feature units; no scale is 0.
    clip : float
        Limit of a scaled feature, in deviations.
    mean : numpy.ndarray, shape (30,)
        Mean of the scaled training vectors; zeros where there are no components.
    components : numpy.ndarray, shape (m, 30)
        Principal axes; (0, 30) where the scaled features themselves are compared.
    explained_variance : numpy.ndarray, shape (m,)
        Share of the variance that each component holds.
    distance : {"euclidean", "cosine"}
        With "cosine", projected rows are put on the unit sphere.
    """

    centre: np.ndarray
    scale: np.ndarray
    clip: float
    mean: np.ndarray
    components: np.ndarray
    explained_variance: np.ndarray
    distance: str


def fit_space(vectors: np.ndarray, is_imputed: np.ndarray, parameters: FitParameters) -> Space:
    """Fit scaler and principal components.

    Imputed components are unknown to the scaler and lie at its centre afterwards, so that a missing
    field neither moves nor widens a feature.

    Parameters
    ----------
    vectors : numpy.ndarray, shape (n, 30)
        In feature units; what is imputed may hold anything.
    is_imputed : numpy.ndarray of bool, shape (n, 30)
        Which components are imputed.
    parameters : FitParameters
        `scaler`, `clip`, `n_components` and `distance` are used.

    Returns
    -------
    Space
        The signs of its components are fixed: the largest loading of each (the first, if several
        are equally large) is positive.

    Raises
    ------
    ValueError
        More components are asked for than min(n, 30).

    References
    ----------
    Bro, Acar, Kolda (2008), Resolving the sign ambiguity in the singular value decomposition,
    Journal of Chemometrics 22(2), on why signs must be fixed by convention; the convention here is
    our own.
    """
    most = min(len(vectors), N_FEATURES)
    if parameters.n_components > most:
        allowed = f"at most {most}, the lesser of {len(vectors)} sessions and {N_FEATURES} features"
        raise _wrong("n_components", parameters.n_components, allowed)
    centre, scale = _fit_scaler(vectors, is_imputed, parameters.scaler)
    space = Space(
        centre=centre,
        scale=scale,
        clip=float(parameters.clip),
        mean=np.zeros(N_FEATURES),
        components=np.zeros((0, N_FEATURES)),
        explained_variance=np.zeros(0),
        distance=parameters.distance,
    )
    if parameters.n_components == 0:
        return space
    return with_components(
        space, scale_vectors(space, vectors, is_imputed), parameters.n_components
    )


def _fit_scaler(
    vectors: np.ndarray, is_imputed: np.ndarray, scaler: str
) -> tuple[np.ndarray, np.ndarray]:
    known = np.where(is_imputed, np.nan, vectors)
    # A column that nobody has measured is a constant to the scaler: centre 0, scale 1.
    known[:, is_imputed.all(axis=0)] = 0.0
    if scaler == "standard":
        fitted = StandardScaler().fit(known)
        centre, scale = fitted.mean_, fitted.scale_
    else:
        # Unit variance makes the clip mean deviations here too, rather than quartile ranges.
        fitted = RobustScaler(unit_variance=True).fit(known)
        centre, scale = fitted.center_, fitted.scale_
        # Where most sessions share one value there is no quartile range, but there is a deviation.
        low, high = np.nanquantile(known, [0.25, 0.75], axis=0)
        scale = np.where(low == high, np.nanstd(known, axis=0), scale)
    return centre, np.where(np.isfinite(scale) & (scale > 0), scale, 1.0)


def with_components(space: Space, scaled: np.ndarray, n_components: int) -> Space:
    """Give a space the first principal components of scaled vectors.

    Parameters
    ----------
    space : Space
        A space; its scaler is kept.
    scaled : numpy.ndarray, shape (n, 30)
        Clipped scaled vectors, as by :func:`scale_vectors`.
    n_components : int
        How many, 1 to min(n, 30).

    Returns
    -------
    Space
        The components do not depend on how many are kept: fewer are a prefix of more.
    """
    if np.ptp(scaled, axis=0).max() == 0:
        # One distinct vector has no principal axis, and any is as good: the first features will do.
        axes, mean, shares = np.eye(N_FEATURES), scaled[0], np.zeros(N_FEATURES)
    else:
        # The whole decomposition whatever is kept, so that fewer components are a prefix of more.
        pca = PCA(svd_solver="full").fit(scaled)
        axes, mean, shares = pca.components_, pca.mean_, pca.explained_variance_ratio_
    largest = np.argmax(np.abs(axes), axis=1)
    signs = np.sign(axes[np.arange(len(axes)), largest])
    return replace(
        space,
        mean=mean,
        # No zero is negative: DuckDB does not keep its sign in every copy of a table.
        components=(axes * signs[:, None])[:n_components] + 0.0,
        explained_variance=shares[:n_components],
    )


def scale_vectors(space: Space, vectors: np.ndarray, is_imputed: np.ndarray) -> np.ndarray:
    """Scale and clip vectors; what is imputed takes the centre.

    Parameters
    ----------
    space : Space
        The fitted space.
    vectors : numpy.ndarray, shape (n, 30)
        In feature units.
    is_imputed : numpy.ndarray of bool, shape (n, 30)
        Which components are imputed.

    Returns
    -------
    numpy.ndarray, shape (n, 30)
        In deviations, within plus and minus `space.clip`.
    """
    scaled = vectors - space.centre
    scaled /= space.scale
    np.clip(scaled, -space.clip, space.clip, out=scaled)
    np.copyto(scaled, 0.0, where=is_imputed)
    return scaled


def project(space: Space, scaled: np.ndarray) -> np.ndarray:
    """Project scaled vectors onto the components of a space.

    Sums run over the features in their order, by elementwise arithmetic. A matrix product would be
    quicker and would let the last bits of a row depend on how many rows stand beside it.

    Parameters
    ----------
    space : Space
        The fitted space.
    scaled : numpy.ndarray, shape (n, 30)
        As by :func:`scale_vectors`.

    Returns
    -------
    numpy.ndarray, shape (n, m)
        m is the number of components, or 30 without any. Not yet on the unit sphere.
    """
    if len(space.components) == 0:
        return scaled
    # One row a component: what is added up lies side by side.
    projected = np.zeros((len(space.components), len(scaled)))
    step = np.empty_like(projected)
    for feature, column in enumerate(scaled.T.copy()):
        column -= space.mean[feature]
        np.multiply(column, space.components[:, feature, None], out=step)
        projected += step
    return projected.T


def on_unit_sphere(points: np.ndarray) -> np.ndarray:
    """Divide every row by its Euclidean length; a row of zeros stays.

    Parameters
    ----------
    points : numpy.ndarray, shape (n, m)
        Projected vectors.

    Returns
    -------
    numpy.ndarray, shape (n, m)
        Rows of length 1 or 0.
    """
    squares = np.zeros(len(points))
    for axis in range(points.shape[1]):
        squares += points[:, axis] * points[:, axis]
    lengths = np.sqrt(squares)
    return points / np.where(lengths > 0, lengths, 1.0)[:, None]


def as_compared(points: np.ndarray, distance: str) -> np.ndarray:
    """Bring projected vectors to the form in which Euclidean distance is the distance asked for.

    Parameters
    ----------
    points : numpy.ndarray, shape (n, m)
        Projected vectors.
    distance : {"euclidean", "cosine"}
        The distance.

    Returns
    -------
    numpy.ndarray, shape (n, m)
        The points themselves, or their directions.
    """
    return on_unit_sphere(points) if distance == "cosine" else points


def transform(space: Space, vectors: np.ndarray, is_imputed: np.ndarray) -> np.ndarray:
    """Bring vectors into a space.

    Parameters
    ----------
    space : Space
        The fitted space.
    vectors : numpy.ndarray, shape (n, 30)
        In feature units.
    is_imputed : numpy.ndarray of bool, shape (n, 30)
        Which components are imputed; they take the centre.

    Returns
    -------
    numpy.ndarray, shape (n, m)
        Each row is, bit for bit, the same in any company.
    """
    width = len(space.components) or N_FEATURES
    points = np.empty((len(vectors), width))

    def fill(rows: slice) -> None:
        scaled = scale_vectors(space, vectors[rows], is_imputed[rows])
        points[rows] = as_compared(project(space, scaled), space.distance)

    for_batches(len(vectors), fill)
    return points


def batches(n_rows: int, size: int = BATCH_ROWS) -> Iterator[slice]:
    """Cut a number of rows into consecutive slices.

    Parameters
    ----------
    n_rows : int
        Rows in all.
    size : int
        Rows of a slice at most.

    Yields
    ------
    slice
        Together they cover every row once, in order.
    """
    for start in range(0, n_rows, size):
        yield slice(start, min(start + size, n_rows))


def for_batches(n_rows: int, work: Callable[[slice], None]) -> None:
    """Do work on every batch of rows, on all cores where there are many.

    Parameters
    ----------
    n_rows : int
        Rows in all.
    work : callable
        Takes a slice of rows, and writes where no other slice's work does.
    """
    slices = batches(n_rows)
    if n_rows < _ROWS_FOR_THREADS:
        for rows in slices:
            work(rows)
        return
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        # What a batch raises is raised when its result is asked for.
        for _ in pool.map(work, slices):
            pass


def read_vectors(table: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    """Read `feature_vector` and `is_imputed` as arrays.

    Parameters
    ----------
    table : pyarrow.Table
        Columns session_id, feature_vector and is_imputed; the latter two are lists of any kind. An
        imputed component may be null.

    Returns
    -------
    vectors : numpy.ndarray of float64, shape (n, 30)
        NaN where imputed, whatever stood there, so that a placeholder can never count.
    is_imputed : numpy.ndarray of bool, shape (n, 30)
        The mask.

    Raises
    ------
    ValueError
        A list has not 30 entries, or a component that is not imputed is not a finite number.
    """
    vectors = _list_matrix(table, "feature_vector", pa.float64())
    is_imputed = _list_matrix(table, "is_imputed", pa.bool_())
    bad = ~np.isfinite(vectors) & ~is_imputed
    if bad.any():
        row, feature = np.argwhere(bad)[0]
        raise ValueError(
            f"session {table['session_id'][int(row)].as_py()}: feature_vector[{feature}] (from 0) "
            f"is {vectors[row, feature]}, expected a finite number, or is_imputed to be true there"
        )
    return np.where(is_imputed, np.nan, vectors), is_imputed


def _list_matrix(table: pa.Table, name: str, kind: pa.DataType) -> np.ndarray:
    lists = table[name].combine_chunks()
    lengths = pc.fill_null(pc.list_value_length(lists), -1).to_numpy(zero_copy_only=False)
    wrong = np.flatnonzero(lengths != N_FEATURES)
    if len(wrong):
        row = int(wrong[0])
        found = "null" if lengths[row] < 0 else f"{lengths[row]} entries"
        raise ValueError(
            f"session {table['session_id'][row].as_py()}: {name} has {found}, "
            f"expected {N_FEATURES} entries"
        )
    flat = pc.cast(lists.flatten(), kind)
    empty = np.nan if pa.types.is_floating(kind) else False
    return pc.fill_null(flat, empty).to_numpy(zero_copy_only=False).reshape(-1, N_FEATURES)


def draw_rows(session_ids: np.ndarray, at_most: int) -> np.ndarray:
    """Draw rows by the order of their md5, which neither other rows nor their order can sway.

    Parameters
    ----------
    session_ids : numpy.ndarray of str, shape (n,)
        Unique ids.
    at_most : int
        Rows wanted at most.

    Returns
    -------
    numpy.ndarray of int, shape (min(n, at_most),)
        Row numbers, ascending.
    """
    if len(session_ids) <= at_most:
        return np.arange(len(session_ids))
    digests = [hashlib.md5(name.encode(), usedforsecurity=False).digest() for name in session_ids]
    order = sorted(range(len(digests)), key=lambda row: (digests[row], session_ids[row]))
    return np.sort(np.array(order[:at_most]))
