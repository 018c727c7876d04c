"""Match vectors with the archetypes of a fitted model.

The same nearest-centroid function labels the training rows at the fit and every session afterwards,
so a vector that was trained on always gets its training label back.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from archetype.sessions.space import (
    BATCH_ROWS,
    DISTANCES,
    N_FEATURES,
    Space,
    batches,
    for_batches,
    read_vectors,
    transform,
)

MATCH_SCHEMA = pa.schema(
    [
        ("session_id", pa.string()),
        ("model_version", pa.string()),
        ("archetype_id", pa.int32()),
        ("distance", pa.float64()),
        ("second_best_distance", pa.float64()),
        ("second_best_archetype_id", pa.int32()),
        ("confidence", pa.float64()),
        ("method", pa.string()),
        ("confidence_method", pa.string()),
    ]
)


def centroid_distances(points: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """Measure the Euclidean distance of every point to every centroid.

    Parameters
    ----------
    points : numpy.ndarray, shape (n, m)
        In the fitted space.
    centroids : numpy.ndarray, shape (k, m)
        In the same space.

    Returns
    -------
    numpy.ndarray, shape (n, k)
        Each row is, bit for bit, the same in any company: sums run over the axes in their order.
    """
    distances = np.empty((len(centroids), len(points)))

    def fill(rows: slice) -> None:
        distances[:, rows] = _by_centroid(points[rows], centroids)

    for_batches(len(points), fill)
    return distances.T


def _by_centroid(points: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    # One row an axis, one row a centroid: what is added up lies side by side.
    squares = np.zeros((len(centroids), len(points)))
    gap = np.empty_like(squares)
    for axis, places in zip(points.T.copy(), centroids.T, strict=True):
        np.subtract(axis, places[:, None], out=gap)
        gap *= gap
        squares += gap
    return np.sqrt(squares, out=squares)


def nearest_centroids(points: np.ndarray, centroids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the nearest centroid of every point.

    Parameters
    ----------
    points : numpy.ndarray, shape (n, m)
        In the fitted space.
    centroids : numpy.ndarray, shape (k, m)
        In the same space; where archetypes have ids, in the order of their ids.

    Returns
    -------
    labels : numpy.ndarray of int, shape (n,)
        Row of the nearest centroid; the first of several that are equally near.
    distances : numpy.ndarray, shape (n,)
        Its distance.
    """
    labels = np.zeros(len(points), dtype=np.intp)
    nearest = np.empty(len(points))

    def fill(rows: slice) -> None:
        first, *others = _by_centroid(points[rows], centroids)
        for label, distances in enumerate(others, start=1):
            np.copyto(labels[rows], label, where=distances < first)
            np.minimum(first, distances, out=first)
        nearest[rows] = first

    for_batches(len(points), fill)
    return labels, nearest


def inverse_distance_confidence(distances: np.ndarray) -> np.ndarray:
    """Weigh the nearest archetype against all of them by inverse distance.

    Parameters
    ----------
    distances : numpy.ndarray, shape (n, k)
        Distances to all archetypes.

    Returns
    -------
    numpy.ndarray, shape (n,)
        In (0, 1]: ``(1/d_1) / sum(1/d_i)``, d_1 being the least; 1 where d_1 is 0, and where k is
        1.

    References
    ----------
    Shepard (1968), A two-dimensional interpolation function for irregularly-spaced data,
    Proceedings of the 23rd ACM National Conference: inverse-distance weights, here of power 1.
    """
    nearest = distances.min(axis=1)
    weights = np.zeros(len(distances))
    for column in distances.T:
        # As ratios to the nearest, which lie in [0, 1]: the reciprocal of a tiny distance would
        # overflow.
        weights += np.divide(nearest, column, out=np.ones(len(column)), where=column > 0)
    return np.where(nearest > 0, 1.0 / weights, 1.0)


def read_space(model: pa.Table) -> Space:
    """Read the space of a model from its row.

    Parameters
    ----------
    model : pyarrow.Table
        One row with the columns scaler_centre, scaler_scale, clip, component_mean, components,
        explained_variance and distance of ``MODEL_SCHEMA``.

    Returns
    -------
    Space
        The space that was fitted, bit for bit.

    Raises
    ------
    ValueError
        There is not exactly one row, a list has the wrong length, or the distance is unknown.
    """
    if model.num_rows != 1:
        raise ValueError(f"expected the row of one model version, found {model.num_rows} rows")
    row = {name: model[name][0].as_py() for name in _SPACE_COLUMNS}
    if row["distance"] not in DISTANCES:
        raise ValueError(
            f"model distance is {row['distance']!r}; it must be one of {', '.join(DISTANCES)}"
        )
    for name in ("scaler_centre", "scaler_scale", "component_mean"):
        if len(row[name]) != N_FEATURES:
            raise ValueError(f"model {name} has {len(row[name])} entries, expected {N_FEATURES}")
    return Space(
        centre=np.array(row["scaler_centre"], dtype=float),
        scale=np.array(row["scaler_scale"], dtype=float),
        clip=float(row["clip"]),
        mean=np.array(row["component_mean"], dtype=float),
        components=np.array(row["components"], dtype=float).reshape(-1, N_FEATURES),
        explained_variance=np.array(row["explained_variance"], dtype=float),
        distance=row["distance"],
    )


_SPACE_COLUMNS = (
    "scaler_centre",
    "scaler_scale",
    "clip",
    "component_mean",
    "components",
    "explained_variance",
    "distance",
)


def match_sessions(
    pending: pa.Table, model: pa.Table, archetypes: pa.Table, *, batch_rows: int = 8 * BATCH_ROWS
) -> pa.Table:
    """Assign sessions to the archetypes of one model version.

    Parameters
    ----------
    pending : pyarrow.Table
        Columns session_id, feature_vector (30 numbers, null where imputed or not) and is_imputed
        (30 booleans). Any order.
    model : pyarrow.Table
        One row with the columns that :func:`read_space` reads, and model_version.
    archetypes : pyarrow.Table
        Columns archetype_id and centroid (in the fitted space) of that version. Any order.
    batch_rows : int
        Rows that are held as arrays at a time; it changes no result.

    Returns
    -------
    pyarrow.Table
        ``MATCH_SCHEMA``, by session_id. Of several archetypes that are equally near, the one of the
        lowest id wins. The second best is null where there is only one archetype.

    Raises
    ------
    ValueError
        A vector has not 30 entries, there is not one model row, or the archetypes do not fit the
        model.
    """
    if pending.num_rows == 0:
        return MATCH_SCHEMA.empty_table()
    space = read_space(model)
    version = model["model_version"][0].as_py()
    ids, centroids = read_centroids(archetypes, space)
    parts = [
        _match_batch(
            pending.slice(rows.start, rows.stop - rows.start), space, ids, centroids, version
        )
        for rows in batches(pending.num_rows, batch_rows)
    ]
    return pa.concat_tables(parts).sort_by("session_id").combine_chunks()


def read_centroids(archetypes: pa.Table, space: Space) -> tuple[np.ndarray, np.ndarray]:
    """Read the archetypes of a model.

    Parameters
    ----------
    archetypes : pyarrow.Table
        Columns archetype_id and centroid (in the fitted space) of one version. Any order.
    space : Space
        The fitted space.

    Returns
    -------
    ids : numpy.ndarray of int32, shape (k,)
        Ascending.
    centroids : numpy.ndarray, shape (k, m)
        In the order of the ids.

    Raises
    ------
    ValueError
        There is no archetype, an id comes twice, or a centroid is not of the space.
    """
    ids = np.array(archetypes["archetype_id"].to_pylist(), dtype=np.int32)
    if len(ids) == 0 or len(np.unique(ids)) != len(ids):
        raise ValueError(
            f"archetype_id must be unique and there must be one at least, found {ids.tolist()}: "
            "pass the archetypes of one model version"
        )
    rows = archetypes["centroid"].to_pylist()
    expected = len(space.components) or N_FEATURES
    for name, row in zip(ids, rows, strict=True):
        if len(row) != expected:
            raise ValueError(
                f"the centroid of archetype {name} has {len(row)} entries, "
                f"expected {expected} as in the model's space"
            )
    order = np.argsort(ids)
    return ids[order], np.array(rows, dtype=float)[order]


def _match_batch(
    pending: pa.Table, space: Space, ids: np.ndarray, centroids: np.ndarray, version: str
) -> pa.Table:
    distances = centroid_distances(transform(space, *read_vectors(pending)), centroids)
    every = np.arange(len(distances))
    best = np.argmin(distances, axis=1)
    others = distances.copy()
    others[every, best] = np.inf
    second = np.argmin(others, axis=1)
    alone = np.full(len(distances), len(ids) == 1)
    columns = {
        "session_id": pending["session_id"].cast(pa.string()),
        "model_version": pa.repeat(version, len(distances)),
        "archetype_id": ids[best],
        "distance": distances[every, best],
        "second_best_distance": pa.array(distances[every, second], mask=alone),
        "second_best_archetype_id": pa.array(ids[second], mask=alone),
        "confidence": inverse_distance_confidence(distances),
        "method": pa.repeat(f"nearest_centroid_{space.distance}", len(distances)),
        "confidence_method": pa.repeat("inverse_distance", len(distances)),
    }
    return pa.table(columns, schema=MATCH_SCHEMA)
