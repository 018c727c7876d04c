"""The map of anomalies: example curves by t-SNE, reports among them, each placed once.

t-SNE has no rule for a point that comes later, and fitted anew it moves every point. So it is
fitted once per library, on the example curves alone: the anchors. A report is then placed by its
own vector and the anchors, whatever other reports there are. Distances are those of matching, by
one covariance for open and ended curves, so that all have their place on one map.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from threadpoolctl import threadpool_limits

from archetype.sales.library import Metric, distances_to, fit_metric, read_vectors, to_points

# Anchors that a report is placed between.
NEIGHBOURS = 5

# With fewer anchors there is no neighbourhood that t-SNE could keep: the principal plane is shown.
TSNE_ANCHORS_MIN = 10
PERPLEXITY = 30.0

# The share of anchors that another example curve lies within reach of.
REACH_QUANTILE = 0.975

# What resembles no anchor lies outside the rim, up to here.
RADIUS_MAX = 2.0

# Reports per step: memory stays bounded at any number of them.
BATCH_ROWS = 8_192

_DOUBLES = pa.list_(pa.float64())

ANCHOR_SCHEMA = pa.schema(
    [
        ("library_version", pa.string()),
        ("exemplar_id", pa.string()),
        ("prefix", pa.string()),
        ("cluster_id", pa.int32()),
        ("feature_vector", _DOUBLES),
        ("x", pa.float64()),
        ("y", pa.float64()),
    ]
)

MAP_SCHEMA = pa.schema(
    [
        ("report_id", pa.string()),
        ("library_version", pa.string()),
        ("x", pa.float64()),
        ("y", pa.float64()),
    ]
)


def fit_anchors(curves: pa.Table) -> pa.Table:
    """Place the example curves of a library on the map.

    Parameters
    ----------
    curves : pyarrow.Table
        One row a curve and prefix of one library: library_version, exemplar_id, prefix, cluster_id,
        feature_vector (26 numbers). Any order; no row where the library has its anchors already.

    Returns
    -------
    pyarrow.Table
        ``ANCHOR_SCHEMA``, by exemplar_id and prefix. The map is centred on the anchors' mean, and
        the outermost anchor has the radius 1.

    Raises
    ------
    ValueError
        There are several libraries, or a vector is malformed.

    Notes
    -----
    t-SNE begins at the first two principal components, whose signs are fixed, and runs on one
    thread over rows in their order: the same curves give the same bits, and a library that changes
    little gives a map that looks alike.

    The distance is Mahalanobis', by the covariance within patterns; see
    ``archetype.sales.library.fit_metric``.

    References
    ----------
    van der Maaten and Hinton (2008), Visualizing data using t-SNE, Journal of Machine Learning
    Research 9, as in ``sklearn.manifold.TSNE`` (Barnes-Hut). Kobak and Berens (2019), The art of
    using t-SNE for single-cell transcriptomics, Nature Communications 10, on beginning at the
    principal components.
    """
    if curves.num_rows == 0:
        return ANCHOR_SCHEMA.empty_table()
    _one_version(curves)
    ordered = curves.sort_by([("exemplar_id", "ascending"), ("prefix", "ascending")])
    vectors = read_vectors(ordered)
    with threadpool_limits(limits=1):
        points = to_points(_metric(ordered, vectors), vectors)
        places = _on_unit_disc(_embed(points))
    columns = {name: ordered[name] for name in ("library_version", "exemplar_id", "prefix")}
    columns |= {
        "cluster_id": ordered["cluster_id"].cast(pa.int32()),
        "feature_vector": _vector_column(vectors),
        "x": places[:, 0],
        "y": places[:, 1],
    }
    return pa.table(columns, schema=ANCHOR_SCHEMA)


def _metric(curves: pa.Table, vectors: np.ndarray) -> Metric:
    """Measure how curves of one pattern and prefix differ: one metric for all of them."""
    groups = {}
    keys = zip(curves["cluster_id"].to_pylist(), curves["prefix"].to_pylist(), strict=True)
    for row, key in enumerate(keys):
        groups.setdefault(key, []).append(row)
    # Without a second curve of any pattern there is no covariance within patterns.
    similarity = "mahalanobis" if len(vectors) > len(groups) else "euclidean"
    return fit_metric({key: vectors[rows] for key, rows in groups.items()}, similarity)


def _one_version(table: pa.Table) -> str:
    versions = sorted(set(table["library_version"].to_pylist()))
    if len(versions) != 1:
        raise ValueError(f"expected curves of one library version, found {versions}")
    return versions[0]


def _embed(points: np.ndarray) -> np.ndarray:
    # A library gets its anchors once, and this import takes a second of every other build.
    from sklearn.manifold import TSNE

    plane = _principal_plane(points)
    if len(points) < TSNE_ANCHORS_MIN or not plane[:, 0].any():
        return plane
    return TSNE(
        init=plane / plane[:, 0].std() * 1e-4,
        perplexity=min(PERPLEXITY, (len(points) - 1) / 3),
        # It begins at a given place, so nothing is drawn; a seed is passed all the same.
        random_state=0,
        n_jobs=1,
    ).fit_transform(points)


def _principal_plane(points: np.ndarray) -> np.ndarray:
    """Project onto the first two principal axes, whose largest loadings are positive."""
    centred = points - points.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:2]
    plane = np.zeros((len(points), 2))
    for number, axis in enumerate(axes):
        sign = np.sign(axis[np.argmax(np.abs(axis))])
        plane[:, number] = (centred * (axis * sign)).sum(axis=1)
    # What is left of points that all lie in one place is rounding.
    return np.where(np.abs(plane).max() > 1e-9, plane, 0.0)


def _on_unit_disc(places: np.ndarray) -> np.ndarray:
    centred = places.astype(float) - places.mean(axis=0, dtype=float)
    radius = _radius(centred).max()
    return centred / radius if radius > 0 else centred


def _radius(places: np.ndarray) -> np.ndarray:
    return np.sqrt(places[:, 0] * places[:, 0] + places[:, 1] * places[:, 1])


def _vector_column(vectors: np.ndarray) -> pa.Array:
    offsets = np.arange(len(vectors) + 1, dtype=np.int32) * vectors.shape[1]
    return pa.ListArray.from_arrays(offsets, vectors.ravel())


def place_reports(pending: pa.Table, anchors: pa.Table) -> pa.Table:
    """Place reports on the map of a library.

    Parameters
    ----------
    pending : pyarrow.Table
        One row a report: report_id, library_version, feature_vector (26 numbers). Any order.
    anchors : pyarrow.Table
        ``ANCHOR_SCHEMA``, of any number of versions and in any order; those of the reports' version
        are used.

    Returns
    -------
    pyarrow.Table
        ``MAP_SCHEMA``, by report_id; no row where the library has no anchor. The place of a report
        is, bit for bit, the same in any company.

    Raises
    ------
    ValueError
        The reports are matched with several libraries, or a vector is malformed.

    Notes
    -----
    A report lies at the mean of its five nearest anchors, each weighed by the inverse square of its
    distance; at an anchor, where it equals it. The reach is the distance within which 97.5 % of the
    anchors have another curve's. A report whose nearest anchor is further than that resembles none:
    it lies in the direction of that mean, outside the rim, and its radius is the distance of its
    nearest anchor in reaches, up to 2. So the unit disc holds what resembles something, and nothing
    else.

    References
    ----------
    Shepard (1968), A two-dimensional interpolation function for irregularly-spaced data,
    Proceedings of the 23rd ACM National Conference: inverse-distance weights, here of power 2.
    """
    if pending.num_rows == 0:
        return MAP_SCHEMA.empty_table()
    version = _one_version(pending)
    own = anchors.filter(pc.equal(anchors["library_version"], version))
    if own.num_rows == 0:
        return MAP_SCHEMA.empty_table()
    own = own.sort_by([("exemplar_id", "ascending"), ("prefix", "ascending")])
    curves = own["exemplar_id"].to_pylist()
    places = np.column_stack([own["x"].to_numpy(), own["y"].to_numpy()])
    vectors = read_vectors(own)
    with threadpool_limits(limits=1):
        metric = _metric(own, vectors)
    points = to_points(metric, vectors)
    reach = _reach(points, curves)
    placed = [
        _place(read_vectors(pending.slice(start, BATCH_ROWS)), metric, points, places, reach)
        for start in range(0, pending.num_rows, BATCH_ROWS)
    ]
    x, y = np.concatenate(placed).T
    columns = {
        "report_id": pending["report_id"],
        "library_version": pending["library_version"],
        "x": x,
        "y": y,
    }
    return pa.table(columns, schema=MAP_SCHEMA).sort_by("report_id").combine_chunks()


def _reach(points: np.ndarray, curves: list[str]) -> float:
    """Measure how far an anchor's nearest one of another curve lies, for nearly all of them."""
    distances = distances_to(points, points)
    numbers = np.unique(np.array(curves), return_inverse=True)[1]
    distances[numbers[:, None] == numbers[None, :]] = np.inf
    nearest = distances.min(axis=1)
    return float(np.quantile(nearest, REACH_QUANTILE)) if np.isfinite(nearest).all() else np.inf


def _place(
    vectors: np.ndarray, metric: Metric, points: np.ndarray, places: np.ndarray, reach: float
) -> np.ndarray:
    distances = distances_to(to_points(metric, vectors), points)
    rows = np.arange(len(distances))
    order = np.argsort(distances, axis=1, kind="stable")[:, :NEIGHBOURS]
    nearest = distances[rows, order[:, 0]]
    total = np.zeros(len(distances))
    mean = np.zeros((len(distances), 2))
    for column in order.T:
        # As ratios to the nearest, which lie in [0, 1]: the reciprocal of a tiny distance would
        # overflow.
        gap = distances[rows, column]
        ratio = np.divide(nearest, gap, out=np.ones(len(gap)), where=gap > 0)
        total += ratio * ratio
        mean += (ratio * ratio)[:, None] * places[column]
    return _outwards(mean / total[:, None], nearest, reach)


def _outwards(places: np.ndarray, nearest: np.ndarray, reach: float) -> np.ndarray:
    # Without a second curve there is nothing to measure a reach by, and no report is beyond it.
    reaches = nearest / reach if 0 < reach < np.inf else np.zeros(len(nearest))
    radius = _radius(places)
    # From the very middle every direction is outwards: the first axis is taken.
    is_middle = radius == 0
    directions = np.where(
        is_middle[:, None], [1.0, 0.0], places / np.where(is_middle, 1.0, radius)[:, None]
    )
    outside = directions * np.minimum(reaches, RADIUS_MAX)[:, None]
    return np.where((reaches > 1)[:, None], outside, places)
