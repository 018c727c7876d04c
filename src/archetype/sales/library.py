"""The library of patterns: centroids, spreads and metrics, made from vectors of example curves.

A pattern's covariance is that of its own curves' draws, blended with what all patterns share and
shrunk to its diagonal: a dozen curves a pattern are few beside 26 components that hang together.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from archetype.sales.features import FEATURE_NAMES, N_FEATURES, TIME_FEATURES

SIMILARITIES = ("cosine", "euclidean", "mahalanobis")
ENDED = "ended"

# How much of a pattern's covariance is its own; the rest is that of all patterns of the stage about
# their own centroids.
OWN_SHARE = 0.5
# How much of the covariances between components is left out, and a deviation that is added to every
# component: curves of one pattern may agree by chance where reports will not.
SHRINKAGE = 0.05
ADDED_DEVIATION = 0.05
# A pattern may begin at any hour and on any day: the deviation of these components counts so many
# times.
TIME_WIDENING = 1.0
# A report is as far from its pattern as the curves are from theirs, root mean square, times this at
# most.
REACH_FACTOR = 1.9

LIBRARY_SCHEMA = pa.schema(
    [
        ("cluster_id", pa.int32()),
        ("prefix", pa.string()),
        ("n_exemplars", pa.int32()),
        ("centroid", pa.list_(pa.float64())),
        ("spread", pa.list_(pa.float64())),
        ("reach", pa.float64()),
        ("metric_centre", pa.list_(pa.float64())),
        ("metric_whitening", pa.list_(pa.list_(pa.float64()))),
        ("similarity", pa.string()),
        ("library_version", pa.string()),
    ]
)


@dataclass(frozen=True, eq=False)
class Metric:
    """How vectors are compared with a pattern.

    Parameters
    ----------
    centre : numpy.ndarray, shape (26,)
        Subtracted from a vector first.
    whitening : numpy.ndarray, shape (26, 26)
        Lower triangular: its product with a centred vector is a point of the space in which the
        Euclidean distance is the distance asked for.
    similarity : {"cosine", "euclidean", "mahalanobis"}
        With "cosine", points are put on the unit sphere.
    """

    centre: np.ndarray
    whitening: np.ndarray
    similarity: str


def to_points(metric: Metric, vectors: np.ndarray) -> np.ndarray:
    """Bring vectors into the space of a metric.

    Parameters
    ----------
    metric : Metric
        The metric.
    vectors : numpy.ndarray, shape (n, 26)
        Vectors of anomalies.

    Returns
    -------
    numpy.ndarray, shape (n, 26)
        Each row is, bit for bit, the same in any company: sums run over the components in their
        order, where a matrix product would let the last bits depend on the number of rows.
    """
    points = np.zeros(vectors.shape)
    for component in range(N_FEATURES):
        deviation = vectors[:, component] - metric.centre[component]
        points += deviation[:, None] * metric.whitening[None, :, component]
    if metric.similarity != "cosine":
        return points
    lengths = distances_to(points, np.zeros((1, N_FEATURES)))
    return points / np.where(lengths > 0, lengths, 1.0)


def distances_to(points: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """Measure the Euclidean distance of every point to every centroid.

    Parameters
    ----------
    points : numpy.ndarray, shape (n, 26)
        Points of a metric's space.
    centroids : numpy.ndarray, shape (k, 26)
        Points of the same space.

    Returns
    -------
    numpy.ndarray, shape (n, k)
        Each row is, bit for bit, the same in any company.
    """
    squares = np.zeros((len(points), len(centroids)))
    for component in range(N_FEATURES):
        gap = points[:, component, None] - centroids[None, :, component]
        squares += gap * gap
    return np.sqrt(squares)


def distances(metric: Metric, vectors: np.ndarray, centroid: np.ndarray) -> np.ndarray:
    """Measure the distance of every vector to a centroid, by the metric of its pattern.

    Parameters
    ----------
    metric : Metric
        The metric.
    vectors : numpy.ndarray, shape (n, 26)
        Vectors of anomalies.
    centroid : numpy.ndarray, shape (26,)
        A vector too.

    Returns
    -------
    numpy.ndarray, shape (n,)
        0 or more; each is, bit for bit, the same in any company.
    """
    return distances_to(to_points(metric, vectors), to_points(metric, centroid[None]))[:, 0]


def read_vectors(table: pa.Table) -> np.ndarray:
    """Read the column `feature_vector` as an array.

    Parameters
    ----------
    table : pyarrow.Table
        Column feature_vector: lists of 26 finite numbers, of fixed size or not.

    Returns
    -------
    numpy.ndarray of float64, shape (n, 26)
        The vectors.

    Raises
    ------
    ValueError
        A vector has not 26 entries, or an entry is null or not finite.
    """
    vectors = table["feature_vector"].combine_chunks()
    lengths = pc.fill_null(pc.list_value_length(vectors), -1).to_numpy(zero_copy_only=False)
    wrong = np.flatnonzero(lengths != N_FEATURES)
    if len(wrong):
        found = "null" if lengths[wrong[0]] < 0 else f"{lengths[wrong[0]]} entries"
        raise ValueError(
            f"feature_vector in row {wrong[0]} has {found}, expected {N_FEATURES} entries"
        )
    flat = pc.fill_null(pc.cast(vectors.flatten(), pa.float64()), np.nan)
    matrix = flat.to_numpy(zero_copy_only=False).reshape(-1, N_FEATURES)
    if not np.isfinite(matrix).all():
        row, component = np.argwhere(~np.isfinite(matrix))[0]
        raise ValueError(
            f"{FEATURE_NAMES[component]} of feature_vector in row {row} is "
            f"{matrix[row, component]}, expected a finite number"
        )
    return matrix


def fit_library(
    draws: pa.Table, patterns: pa.Table, knots: pa.Table, *, similarity: str = "mahalanobis"
) -> pa.Table:
    """Make the library from the vectors of its example curves.

    Parameters
    ----------
    draws : pyarrow.Table
        One row a curve, draw and prefix: cluster_id, exemplar_id, draw, prefix and feature_vector.
        Any order.
    patterns, knots : pyarrow.Table
        What the patterns are called, and the calibration of confidence: they take part in the
        version alone.
    similarity : {"cosine", "euclidean", "mahalanobis"}
        How vectors are compared.

    Returns
    -------
    pyarrow.Table
        ``LIBRARY_SCHEMA``, by cluster_id and prefix. The version is the hash of all that matching
        depends on: vectors, parameters, names and knots.

    Raises
    ------
    ValueError
        The similarity is unknown, or a pattern has fewer than two vectors at a prefix.
    """
    if similarity not in SIMILARITIES:
        raise ValueError(
            f"similarity is {similarity!r}; it must be one of {', '.join(SIMILARITIES)}"
        )
    names = ("cluster_id", "prefix", "exemplar_id", "draw")
    ordered = draws.sort_by([(name, "ascending") for name in names])
    vectors = read_vectors(ordered)
    keys = ordered.select(names).to_pylist()
    version = _version(keys, vectors, (patterns, knots), similarity)
    members = {False: defaultdict(list), True: defaultdict(list)}
    for row, key in enumerate(keys):
        members[key["prefix"] == ENDED][key["cluster_id"], key["prefix"]].append(row)
    rows = []
    for stage in members.values():
        groups = {key: vectors[at] for key, at in stage.items()}
        for fitted in _fit_stage(groups, similarity):
            curves = {
                keys[row]["exemplar_id"] for row in stage[fitted["cluster_id"], fitted["prefix"]]
            }
            rows.append(fitted | {"n_exemplars": len(curves), "library_version": version})
    table = pa.Table.from_pylist(rows, schema=LIBRARY_SCHEMA)
    return table.sort_by([("cluster_id", "ascending"), ("prefix", "ascending")])


def _fit_stage(groups: dict[tuple, np.ndarray], similarity: str) -> list[dict]:
    for (cluster, prefix), own in groups.items():
        if len(own) < 2:
            raise ValueError(
                f"cluster {cluster} has {len(own)} vector at prefix {prefix}; it needs 2 or more"
            )
    rows, squares = [], []
    for (cluster, prefix), own in groups.items():
        metric = fit_metric(groups, similarity, pattern=(cluster, prefix))
        centroid = own.mean(axis=0)
        squares.append(distances(metric, own, centroid) ** 2)
        rows.append(
            {
                "cluster_id": cluster,
                "prefix": prefix,
                "centroid": centroid.tolist(),
                "spread": own.std(axis=0).tolist(),
                "metric_centre": metric.centre.tolist(),
                "metric_whitening": metric.whitening.tolist(),
                "similarity": similarity,
            }
        )
    # A distance is in units of the pattern's own spread, so one reach serves all of a stage.
    reach = REACH_FACTOR * float(np.sqrt(np.concatenate(squares).mean()))
    return [row | {"reach": reach} for row in rows]


def fit_metric(
    groups: dict[tuple, np.ndarray], similarity: str, *, pattern: tuple | None = None
) -> Metric:
    """Make a metric from patterns' vectors.

    Parameters
    ----------
    groups : dict of tuple to numpy.ndarray, shape (n, 26)
        Vectors by cluster and prefix.
    similarity : {"cosine", "euclidean", "mahalanobis"}
        "mahalanobis" whitens by the covariance within patterns; the others divide every component
        by its deviation over all vectors.
    pattern : tuple, optional
        The key of the pattern that the metric is for: its own covariance is blended in.

    Returns
    -------
    Metric
        Its centre is the mean of all vectors.

    References
    ----------
    Friedman (1989), Regularized discriminant analysis, Journal of the American Statistical
    Association 84(405), on blending a class's covariance with that of all.
    """
    every = np.concatenate(list(groups.values()))
    if similarity == "mahalanobis":
        within = {key: own - own.mean(axis=0) for key, own in groups.items()}
        gaps = np.concatenate(list(within.values()))
        covariance = gaps.T @ gaps / (len(gaps) - len(groups))
        if pattern is not None:
            own = within[pattern]
            own_covariance = own.T @ own / (len(own) - 1)
            covariance = (1 - OWN_SHARE) * covariance + OWN_SHARE * own_covariance
    else:
        covariance = np.diag(every.var(axis=0))
    return Metric(
        centre=every.mean(axis=0), whitening=_whitening(covariance), similarity=similarity
    )


def _whitening(covariance: np.ndarray) -> np.ndarray:
    variances = np.diag(covariance) + ADDED_DEVIATION**2
    variances[list(TIME_FEATURES)] *= TIME_WIDENING**2
    shrunk = (1 - SHRINKAGE) * covariance
    shrunk[np.diag_indices(N_FEATURES)] = variances
    # Or zeros would be of either sign, which DuckDB does not keep in every copy of a table.
    return np.tril(np.linalg.inv(np.linalg.cholesky(shrunk))) + 0.0


def _version(
    keys: list[dict], vectors: np.ndarray, tables: tuple[pa.Table, ...], similarity: str
) -> str:
    content = {
        "features": FEATURE_NAMES,
        "parameters": [
            similarity,
            OWN_SHARE,
            SHRINKAGE,
            ADDED_DEVIATION,
            TIME_WIDENING,
            REACH_FACTOR,
        ],
        "keys": keys,
        "tables": [
            sorted(json.dumps(row, sort_keys=True) for row in table.to_pylist()) for table in tables
        ],
    }
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode())
    digest.update(vectors.astype("<f8").tobytes())
    return digest.hexdigest()[:16]
