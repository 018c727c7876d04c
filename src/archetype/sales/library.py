"""The library of patterns: centroids, spreads and a metric, made from vectors of example curves.

Nine patterns of a dozen curves are few beside 26 components that hang together, so the curves of
all patterns share one covariance: that of their vectors about their own pattern's centroid, shrunk
to its diagonal. There is one for open reports (all open prefixes) and one for ended ones.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from archetype.sales.features import FEATURE_NAMES, N_FEATURES, TIME_FEATURES

SIMILARITIES = ("cosine", "euclidean", "mahalanobis")
ENDED = "ended"

# How much of the covariances between components is left out, and the least deviation a component
# is granted: curves of one pattern may agree by chance where reports will not.
SHRINKAGE = 0.3
LEAST_DEVIATION = 0.1
# A pattern may begin at any hour and on any day: the deviation of these components counts so many
# times.
TIME_WIDENING = 2.0
# A report is as far from a pattern as its curves are from each other, times this, at most.
REACH_FACTOR = 1.6
# A pattern's own spread counts as much as that of all patterns at this many curves.
SPREAD_CURVES = 12.0

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
    """How vectors of a stage are compared.

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
    vectors: pa.Table, patterns: pa.Table, knots: pa.Table, *, similarity: str = "mahalanobis"
) -> pa.Table:
    """Make the library from the vectors of its example curves.

    Parameters
    ----------
    vectors : pyarrow.Table
        One row a curve and prefix: cluster_id, exemplar_id, prefix, feature_vector. Any order.
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
        The similarity is unknown, or a pattern has fewer than two curves at a prefix.
    """
    if similarity not in SIMILARITIES:
        raise ValueError(
            f"similarity is {similarity!r}; it must be one of {', '.join(SIMILARITIES)}"
        )
    ordered = vectors.sort_by(
        [("cluster_id", "ascending"), ("prefix", "ascending"), ("exemplar_id", "ascending")]
    )
    matrix = read_vectors(ordered)
    keys = list(zip(ordered["cluster_id"].to_pylist(), ordered["prefix"].to_pylist(), strict=True))
    version = _version(ordered, matrix, (patterns, knots), similarity)
    rows = []
    for is_ended in (False, True):
        stage = {}
        for row, key in enumerate(keys):
            if (key[1] == ENDED) == is_ended:
                stage.setdefault(key, []).append(row)
        rows += _fit_stage({key: matrix[at] for key, at in stage.items()}, similarity, version)
    table = pa.Table.from_pylist(rows, schema=LIBRARY_SCHEMA)
    return table.sort_by([("cluster_id", "ascending"), ("prefix", "ascending")])


def _fit_stage(groups: dict, similarity: str, version: str) -> list[dict]:
    for (cluster, prefix), members in groups.items():
        if len(members) < 2:
            raise ValueError(
                f"cluster {cluster} has {len(members)} curve at prefix {prefix}; it needs 2 or more"
            )
    centroids = {key: members.mean(axis=0) for key, members in groups.items()}
    metric = fit_metric(groups, similarity)
    squares = {}
    for key, members in groups.items():
        gaps = distances_to(to_points(metric, members), to_points(metric, centroids[key][None]))[
            :, 0
        ]
        # Left out of its own centroid, a curve would lie n / (n - 1) times as far.
        squares[key] = (gaps * len(members) / (len(members) - 1)) ** 2
    overall = np.mean(np.concatenate(list(squares.values())))
    rows = []
    for (cluster, prefix), members in groups.items():
        own = squares[cluster, prefix]
        typical = (own.sum() + SPREAD_CURVES * overall) / (len(own) + SPREAD_CURVES)
        rows.append(
            {
                "cluster_id": cluster,
                "prefix": prefix,
                "n_exemplars": len(members),
                "centroid": centroids[cluster, prefix].tolist(),
                "spread": members.std(axis=0).tolist(),
                "reach": float(REACH_FACTOR * np.sqrt(typical)),
                "metric_centre": metric.centre.tolist(),
                "metric_whitening": metric.whitening.tolist(),
                "similarity": similarity,
                "library_version": version,
            }
        )
    return rows


def fit_metric(groups: dict, similarity: str) -> Metric:
    """Make the metric of a stage from its patterns' vectors.

    Parameters
    ----------
    groups : dict of tuple to numpy.ndarray, shape (n, 26)
        Vectors by cluster and prefix.
    similarity : {"cosine", "euclidean", "mahalanobis"}
        "mahalanobis" whitens by the covariance within patterns, shrunk to its diagonal; the others
        divide every component by its deviation over all vectors.

    Returns
    -------
    Metric
        Its centre is the mean of all vectors.
    """
    every = np.concatenate(list(groups.values()))
    widening = np.ones(N_FEATURES)
    widening[list(TIME_FEATURES)] = TIME_WIDENING**2
    if similarity == "mahalanobis":
        within = np.concatenate([members - members.mean(axis=0) for members in groups.values()])
        covariance = within.T @ within / (len(within) - len(groups))
        variances = np.maximum(np.diag(covariance), LEAST_DEVIATION**2)
        shrunk = (1 - SHRINKAGE) * covariance
        shrunk[np.diag_indices(N_FEATURES)] = variances * widening
    else:
        shrunk = np.diag(np.maximum(every.var(axis=0), LEAST_DEVIATION**2) * widening)
    return Metric(
        centre=every.mean(axis=0),
        whitening=np.linalg.inv(np.linalg.cholesky(shrunk)),
        similarity=similarity,
    )


def _version(
    ordered: pa.Table, matrix: np.ndarray, tables: tuple[pa.Table, ...], similarity: str
) -> str:
    content = {
        "features": FEATURE_NAMES,
        "parameters": [
            similarity,
            SHRINKAGE,
            LEAST_DEVIATION,
            TIME_WIDENING,
            REACH_FACTOR,
            SPREAD_CURVES,
        ],
        "exemplars": [
            ordered["cluster_id"].to_pylist(),
            ordered["exemplar_id"].to_pylist(),
            ordered["prefix"].to_pylist(),
        ],
        "vectors": matrix.tolist(),
        "tables": [
            sorted(json.dumps(row, sort_keys=True) for row in table.to_pylist()) for table in tables
        ],
    }
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
