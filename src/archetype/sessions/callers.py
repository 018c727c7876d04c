"""Early callers as tables hold them, and the call of a vector by one of them.

Whatever its kind, a caller of a checkpoint is a handful of numbers of one form: scale and clip a
vector (what is imputed takes the centre), map it linearly to a point, measure the point's distances
to one prototype per archetype, and turn those into probabilities. How the numbers are fitted is no
concern of this module; a caller that is read from a table calls, bit for bit, as the one that was
written, and a vector's call does not depend on the vectors beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
import pyarrow as pa
from scipy.special import ndtri
from scipy.stats import qmc

from archetype.sessions.match import centroid_distances, inverse_distance_confidence
from archetype.sessions.space import N_FEATURES, Space, as_compared, batches, transform

CONFIDENCE_LOW, CONFIDENCE_HIGH = 0.05, 0.95
"""No call is surer than the latter, and none less sure than the former."""

N_DRAWS_LOG2 = 10
N_DRAWS = 2**N_DRAWS_LOG2
"""Quasi-random draws behind a regression's probabilities: good to about half a percent."""

DRAWS_SEED = 20_260
"""Fixed for good: a caller's numbers say all about its calls."""

# Rows per step of a regression: rows x draws stays in cache.
_DRAW_ROWS = 64

_DOUBLES = pa.list_(pa.float64())
_ROWS = pa.list_(_DOUBLES)

CALLER_SCHEMA = pa.schema(
    [
        ("caller", pa.string()),
        ("metric", pa.string()),
        ("confidence_method", pa.string()),
        ("scaler", pa.string()),
        ("checkpoint_pct", pa.int32()),
        ("is_recommended", pa.bool_()),
        ("is_chosen", pa.bool_()),
        ("n_sessions", pa.int64()),
        ("archetype_ids", pa.list_(pa.int32())),
        ("scaler_centre", _DOUBLES),
        ("scaler_scale", _DOUBLES),
        ("clip", pa.float64()),
        ("projection", _ROWS),
        ("intercept", _DOUBLES),
        ("prototypes", _ROWS),
        ("log_priors", _DOUBLES),
        ("noise", _ROWS),
        ("temperature", pa.float64()),
        ("knots_x", _DOUBLES),
        ("knots_y", _DOUBLES),
        ("note", pa.string()),
    ]
)

# What a call needs; a table may lack the rest.
_NEEDED = tuple(
    name for name in CALLER_SCHEMA.names if name not in ("is_recommended", "is_chosen", "note")
)


@dataclass(frozen=True, eq=False)
class Caller:
    """A fitted caller of one checkpoint. Arrays are read only by convention.

    Parameters
    ----------
    caller : {"prototype", "discriminant", "regression"}
        Kind. A prototype's probabilities come from distances alone, a discriminant's from
        ``-d^2 / 2 + log prior``, a regression's from how often an archetype is the nearest one of a
        draw around the point.
    metric : {"euclidean", "cosine", "mahalanobis"}
        With "cosine" points are put on the unit sphere before distances are taken; "mahalanobis" is
        euclidean here, its whitening being part of `projection`.
    confidence_method : {"inverse_distance", "softmax", "temperature", "isotonic"}
        How distances or scores become probabilities.
    scaler : {"standard", "robust"}
        What `scaler_centre` and `scaler_scale` are.
    checkpoint_pct : int
        The checkpoint of the vectors that it calls.
    n_sessions : int
        Sessions that it was fitted on.
    archetype_ids : numpy.ndarray of int32, shape (k,)
        Ascending; those that it can call.
    scaler_centre, scaler_scale : numpy.ndarray, shape (30,)
        In feature units; no scale is 0.
    clip : float
        Limit of a scaled feature, in deviations.
    projection : numpy.ndarray, shape (m, 30)
        Rows are the axes of the points.
    intercept : numpy.ndarray, shape (m,)
        The point of a vector of centres.
    prototypes : numpy.ndarray, shape (k, m)
        One an archetype, where distances are taken.
    log_priors : numpy.ndarray, shape (k,)
        Of a discriminant; (0,) else.
    noise : numpy.ndarray, shape (m, m)
        Of a regression: lower Cholesky factor of the covariance of its errors, the temperature
        being in it already; (0, 0) else.
    temperature : float
        Scores of a discriminant are divided by it; a regression's covariance was multiplied by it.
        1 changes nothing.
    knots_x, knots_y : numpy.ndarray, shape (q,)
        Of an isotonic calibration, both ascending: from the probability of the most probable
        archetype to the one that held; (0,) else.
    note : str or None
        What was done instead of what was asked for, in words.
    is_recommended, is_chosen : bool
        It belongs to the callers that the scores recommend, that the build uses.
    """

    caller: str
    metric: str
    confidence_method: str
    scaler: str
    checkpoint_pct: int
    n_sessions: int
    archetype_ids: np.ndarray
    scaler_centre: np.ndarray
    scaler_scale: np.ndarray
    clip: float
    projection: np.ndarray
    intercept: np.ndarray
    prototypes: np.ndarray
    log_priors: np.ndarray
    noise: np.ndarray
    temperature: float
    knots_x: np.ndarray
    knots_y: np.ndarray
    note: str | None = None
    is_recommended: bool = False
    is_chosen: bool = False


@dataclass(frozen=True, eq=False)
class Calls:
    """Calls of n vectors by one caller.

    Parameters
    ----------
    probabilities : numpy.ndarray, shape (n, k)
        Rows add up to 1.
    distances : numpy.ndarray, shape (n, k)
        From the point to each prototype, in the caller's metric.
    archetype_ids : numpy.ndarray of int32, shape (k,)
        What the columns of both are.
    archetype_id : numpy.ndarray of int32, shape (n,)
        The most probable archetype; of several the one of the lowest id.
    confidence : numpy.ndarray, shape (n,)
        Its probability, cut to [0.05, 0.95].
    """

    probabilities: np.ndarray
    distances: np.ndarray
    archetype_ids: np.ndarray
    archetype_id: np.ndarray
    confidence: np.ndarray


def read_callers(table: pa.Table) -> list[Caller]:
    """Read callers from their rows.

    Parameters
    ----------
    table : pyarrow.Table
        Columns of ``CALLER_SCHEMA``; is_recommended, is_chosen and note may be absent, and other
        columns are ignored.

    Returns
    -------
    list of Caller
        One a row, in the order of the rows.

    Raises
    ------
    ValueError
        A column is missing, or the arrays of a row do not fit each other; the message names the
        row and the column.
    """
    missing = [name for name in _NEEDED if name not in table.column_names]
    if missing:
        raise ValueError(f"early callers lack the column {missing[0]}")
    known = [name for name in CALLER_SCHEMA.names if name in table.column_names]
    return [_read_row(row) for row in table.select(known).to_pylist()]


def _read_row(row: dict[str, object]) -> Caller:
    name = f"early caller {row['caller']} at {row['checkpoint_pct']} %"
    ids = np.array(row["archetype_ids"], dtype=np.int32)
    k, m = len(ids), len(row["intercept"])
    noise = np.array(row["noise"] or np.zeros((0, 0)), dtype=float)
    shapes = {
        "scaler_centre": (N_FEATURES,),
        "scaler_scale": (N_FEATURES,),
        "projection": (m, N_FEATURES),
        "intercept": (m,),
        "prototypes": (k, m),
        "log_priors": (k if row["caller"] == "discriminant" else 0,),
        "noise": (m, m) if row["caller"] == "regression" else (0, 0),
        "knots_x": (len(row["knots_y"]),),
        "knots_y": (len(row["knots_y"]),),
    }
    if k == 0:
        raise ValueError(f"{name} has no archetype_ids")
    arrays = {}
    for column, shape in shapes.items():
        found = noise if column == "noise" else _as_array(row[column], name, column)
        if found.shape != shape:
            raise ValueError(f"{name}: {column} has the shape {found.shape}, expected {shape}")
        arrays[column] = found
    plain = {field.name: row[field.name] for field in fields(Caller) if field.name in row}
    for flag in ("is_recommended", "is_chosen"):
        plain[flag] = bool(row.get(flag))
    return Caller(**(plain | arrays | {"archetype_ids": ids}))


def _as_array(values: object, name: str, column: str) -> np.ndarray:
    try:
        return np.array(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: {column} is not an array of numbers") from error


def write_callers(callers: Iterable[Caller]) -> pa.Table:
    """Write callers as rows.

    Parameters
    ----------
    callers : iterable of Caller
        Of any kinds.

    Returns
    -------
    pyarrow.Table
        ``CALLER_SCHEMA``, in the given order. No zero in it is negative: DuckDB does not keep its
        sign in every copy of a table.
    """
    rows = [
        {
            name: (value + 0).tolist() if isinstance(value, np.ndarray) else value
            for name in CALLER_SCHEMA.names
            for value in (getattr(caller, name),)
        }
        for caller in callers
    ]
    return pa.Table.from_pylist(rows, schema=CALLER_SCHEMA)


def call_vectors(caller: Caller, vectors: np.ndarray, is_imputed: np.ndarray) -> Calls:
    """Call the archetypes that sessions will end in.

    Parameters
    ----------
    caller : Caller
        Of the checkpoint of the vectors.
    vectors : numpy.ndarray, shape (n, 30)
        In feature units; what is imputed may hold anything.
    is_imputed : numpy.ndarray of bool, shape (n, 30)
        Which components are imputed.

    Returns
    -------
    Calls
        Each row is, bit for bit, the same in any company.
    """
    distances = np.empty((len(vectors), len(caller.archetype_ids)))
    probabilities = np.empty_like(distances)
    for rows in batches(len(vectors)):
        points = point_vectors(caller, vectors[rows], is_imputed[rows])
        compared = as_compared(points, _sphere(caller))
        distances[rows] = centroid_distances(compared, caller.prototypes)
        raw = raw_probabilities(caller, points, distances[rows])
        probabilities[rows] = calibrate(caller, raw)
    best = np.argmax(probabilities, axis=1)
    top = probabilities[np.arange(len(best)), best]
    return Calls(
        probabilities=probabilities,
        distances=distances,
        archetype_ids=caller.archetype_ids,
        archetype_id=caller.archetype_ids[best],
        confidence=np.clip(top, CONFIDENCE_LOW, CONFIDENCE_HIGH),
    )


def _sphere(caller: Caller) -> str:
    return "cosine" if caller.metric == "cosine" else "euclidean"


def point_vectors(caller: Caller, vectors: np.ndarray, is_imputed: np.ndarray) -> np.ndarray:
    """Map vectors to points of a caller; not yet on the unit sphere.

    Parameters
    ----------
    caller : Caller
        The caller.
    vectors : numpy.ndarray, shape (n, 30)
        In feature units.
    is_imputed : numpy.ndarray of bool, shape (n, 30)
        Which components are imputed; they take the centre.

    Returns
    -------
    numpy.ndarray, shape (n, m)
        Sums run over the features in their order, as in ``space.project`` and for its reason.
    """
    centred = np.where(is_imputed, 0.0, vectors - caller.scaler_centre)
    scaled = np.clip(centred / caller.scaler_scale, -caller.clip, caller.clip)
    points = np.tile(caller.intercept, (len(scaled), 1))
    for feature in range(N_FEATURES):
        points += scaled[:, feature, None] * caller.projection[None, :, feature]
    return points


def raw_probabilities(caller: Caller, points: np.ndarray, distances: np.ndarray) -> np.ndarray:
    """Turn points and their distances into probabilities, before an isotonic calibration.

    Parameters
    ----------
    caller : Caller
        The caller.
    points : numpy.ndarray, shape (n, m)
        As by :func:`point_vectors`.
    distances : numpy.ndarray, shape (n, k)
        To its prototypes.

    Returns
    -------
    numpy.ndarray, shape (n, k)
        Rows add up to 1.

    References
    ----------
    Shepard (1968) for inverse distance, see ``match.inverse_distance_confidence``. Guo, Pleiss,
    Sun, Weinberger (2017), On calibration of modern neural networks, ICML, for the temperature.
    """
    if caller.caller == "regression":
        return share_of_draws(
            points, caller.noise, caller.prototypes, is_directional=caller.metric == "cosine"
        )
    if caller.caller == "discriminant":
        return softmax((caller.log_priors - distances * distances / 2) / caller.temperature)
    if caller.confidence_method == "softmax":
        return softmax(-distances)
    return inverse_distance_probabilities(distances)


def assign_vectors(
    space: Space,
    archetype_ids: np.ndarray,
    centroids: np.ndarray,
    vectors: np.ndarray,
    is_imputed: np.ndarray,
) -> Calls:
    """Call whole sessions by their assignment: the nearest centroid in the model's space.

    Parameters
    ----------
    space : Space
        The model's.
    archetype_ids : numpy.ndarray of int32, shape (k,)
        Ascending.
    centroids : numpy.ndarray, shape (k, m)
        In the space, by id.
    vectors : numpy.ndarray, shape (n, 30)
        In feature units; what is imputed may hold anything.
    is_imputed : numpy.ndarray of bool, shape (n, 30)
        Which components are imputed.

    Returns
    -------
    Calls
        The probabilities are weights by inverse distance.
    """
    distances = centroid_distances(transform(space, vectors, is_imputed), centroids)
    confidence = inverse_distance_confidence(distances)
    return Calls(
        probabilities=inverse_distance_probabilities(distances),
        distances=distances,
        archetype_ids=archetype_ids,
        archetype_id=archetype_ids[np.argmin(distances, axis=1)],
        confidence=np.clip(confidence, CONFIDENCE_LOW, CONFIDENCE_HIGH),
    )


def inverse_distance_probabilities(distances: np.ndarray) -> np.ndarray:
    """Weigh archetypes by inverse distance.

    Parameters
    ----------
    distances : numpy.ndarray, shape (n, k)
        To each prototype; k is 1 or more.

    Returns
    -------
    numpy.ndarray, shape (n, k)
        Rows add up to 1; the largest of a row is ``match.inverse_distance_confidence``.
    """
    # As ratios to the nearest: the reciprocal of a tiny distance would overflow.
    nearest = np.broadcast_to(distances.min(axis=1)[:, None], distances.shape)
    return _normalize(
        np.divide(nearest, distances, out=np.ones(distances.shape), where=distances > 0)
    )


def softmax(scores: np.ndarray) -> np.ndarray:
    """Turn scores into probabilities.

    Parameters
    ----------
    scores : numpy.ndarray, shape (n, k)
        Log probabilities up to a constant a row.

    Returns
    -------
    numpy.ndarray, shape (n, k)
        Rows add up to 1.
    """
    return _normalize(np.exp(scores - scores.max(axis=1)[:, None]))


def _normalize(weights: np.ndarray) -> np.ndarray:
    total = np.zeros(len(weights))
    for column in weights.T:
        total += column
    return weights / total[:, None]


def share_of_draws(
    points: np.ndarray, noise: np.ndarray, centroids: np.ndarray, *, is_directional: bool
) -> np.ndarray:
    """Give the share of draws around a point that lie nearest to each centroid.

    The squared distance of a draw ``p + L z`` to a centroid c is, less what all centroids share,
    ``|c|^2 - 2 c.p - 2 c.(L z)``. The last term is the same for all points, so that a point costs
    an addition and a comparison a draw and centroid.

    Parameters
    ----------
    points : numpy.ndarray, shape (n, m)
        Means of the draws.
    noise : numpy.ndarray, shape (m, m)
        Lower Cholesky factor L of their covariance.
    centroids : numpy.ndarray, shape (k, m)
        In the order of their ids; the first of several that are equally near has the draw.
    is_directional : bool
        Draws are put on the unit sphere before they are compared.

    Returns
    -------
    numpy.ndarray, shape (n, k)
        Rows add up to 1. One draw is shared by all archetypes alike, so that none is impossible.
    """
    draws = _spread(noise)
    halves = (centroids * centroids).sum(axis=1) / 2
    drawn = _products(draws, centroids)
    shares = np.empty((len(points), len(centroids)))
    for rows in batches(len(points), _DRAW_ROWS):
        own = _products(points[rows], centroids)
        if is_directional:
            lengths = _lengths(points[rows], draws)
        best = np.full((rows.stop - rows.start, len(draws)), -np.inf)
        winner = np.zeros(best.shape, dtype=np.int16)
        for centroid in range(len(centroids)):
            score = own[:, centroid, None] + drawn[None, :, centroid]
            # On the sphere all is divided by the draw's length, here multiplied by it.
            score -= halves[centroid] * lengths if is_directional else halves[centroid]
            is_nearer = score > best
            np.copyto(winner, centroid, where=is_nearer)
            np.maximum(best, score, out=best)
        for centroid in range(len(centroids)):
            shares[rows, centroid] = np.count_nonzero(winner == centroid, axis=1)
    return (shares + 1 / len(centroids)) / (len(draws) + 1)


def _spread(noise: np.ndarray) -> np.ndarray:
    standard = standard_draws(len(noise))
    spread = np.zeros(standard.shape)
    for axis in range(len(noise)):
        spread += standard[:, axis, None] * noise[None, :, axis]
    return spread


@lru_cache(maxsize=N_FEATURES)
def standard_draws(n_axes: int) -> np.ndarray:
    """Draw standard normal points, evenly.

    Parameters
    ----------
    n_axes : int
        Dimensions, 1 or more.

    Returns
    -------
    numpy.ndarray, shape (1024, n_axes)
        Always the same; not to be changed.

    References
    ----------
    Owen (1998), Scrambling Sobol' and Niederreiter-Xing points, Journal of Complexity 14(4).
    """
    uniform = qmc.Sobol(n_axes, rng=DRAWS_SEED).random_base2(N_DRAWS_LOG2)
    # A point may fall on 0, where the normal quantile is infinite.
    draws = ndtri(np.clip(uniform, 2.0**-30, 1 - 2.0**-30))
    draws.setflags(write=False)
    return draws


def _products(points: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    products = np.zeros((len(points), len(centroids)))
    for axis in range(points.shape[1]):
        products += points[:, axis, None] * centroids[None, :, axis]
    return products


def _lengths(points: np.ndarray, draws: np.ndarray) -> np.ndarray:
    squares = np.zeros((len(points), len(draws)))
    for axis in range(points.shape[1]):
        drawn = points[:, axis, None] + draws[None, :, axis]
        squares += drawn * drawn
    return np.sqrt(squares)


def calibrate(caller: Caller, raw: np.ndarray) -> np.ndarray:
    """Apply the isotonic calibration of a caller, if it has one.

    Parameters
    ----------
    caller : Caller
        `knots_x` and `knots_y` are used.
    raw : numpy.ndarray, shape (n, k)
        Probabilities before it.

    Returns
    -------
    numpy.ndarray, shape (n, k)
        The most probable archetype stays that: it takes the calibrated probability, or what makes
        it as probable as the second if that is more. The others share the rest as before.

    References
    ----------
    Zadrozny, Elkan (2002), Transforming classifier scores into accurate multiclass probability
    estimates, KDD.
    """
    if len(caller.knots_x) == 0 or raw.shape[1] == 1:
        return raw
    every = np.arange(len(raw))
    best = np.argmax(raw, axis=1)
    others = raw.copy()
    others[every, best] = 0.0
    # So sure a call that nothing is left to the others: they then share alike.
    others[others.max(axis=1) == 0] = 1.0
    others[every, best] = 0.0
    shares = _normalize(others)
    second = shares.max(axis=1)
    least = second / (1 + second)
    top = np.maximum(np.interp(raw[every, best], caller.knots_x, caller.knots_y), least)
    # Where the second would be as probable, it is so but for the last digit.
    calibrated = np.minimum(shares * (1 - top)[:, None], np.nextafter(top, 0.0)[:, None])
    calibrated[every, best] = top
    return calibrated
