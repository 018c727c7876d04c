"""Group unmatched reports, so that an analyst can name what recurs.

A group is a candidate for the library if it hangs together as the named patterns do and stands
apart from what lies around it. The named patterns are the ruler: nothing here has to be tuned to
the data.
"""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.spatial import KDTree
from sklearn.cluster import HDBSCAN
from threadpoolctl import threadpool_limits

from archetype.sales.library import ENDED, distances_to, read_vectors
from archetype.sales.space import fit_space, to_points

# The hierarchy is cut at so many distances, from several spreads of a named pattern down to a part.
CUTS = 40
CUT_SPREADS_MAX = 4.0
CUT_SPREADS_MIN = 0.25

# A group hangs together if its spread is at most that of the tighter quarter of named patterns, and
# stands apart if its reports lie so many times as far from others as from each other.
SPREAD_QUANTILE = 0.25
APART = 1.6

_DOUBLES = pa.list_(pa.float64())

CANDIDATE_SCHEMA = pa.schema(
    [
        ("candidate_id", pa.string()),
        ("n_reports", pa.int32()),
        ("medoid_report_id", pa.string()),
        ("centroid", _DOUBLES),
        ("spread", pa.float64()),
        ("nearest_cluster_id", pa.int32()),
        ("nearest_cluster_distance", pa.float64()),
        ("report_ids", pa.list_(pa.string())),
    ]
)


def find_candidates(reports: pa.Table, curves: pa.Table, *, min_reports: int) -> pa.Table:
    """Find groups of unmatched reports that deserve a name.

    Parameters
    ----------
    reports : pyarrow.Table
        One row an ended report that matched nothing: report_id, written_at, feature_vector (26
        numbers). Any order.
    curves : pyarrow.Table
        The library's example curves: cluster_id, exemplar_id, prefix, feature_vector. Those that
        are ended measure the spread of a named pattern; all of them measure the space.
    min_reports : int
        The least size of a group, 2 or more.

    Returns
    -------
    pyarrow.Table
        ``CANDIDATE_SCHEMA``, by falling size, then candidate_id. The id is the md5 of the id of the
        group's earliest report, so it stays while the group grows. The centroid is the mean of the
        vectors; the medoid is the report nearest to it. `report_ids` are in order.

    Raises
    ------
    ValueError
        The least size is below 2, or a vector is malformed.

    Notes
    -----
    HDBSCAN orders the reports into a hierarchy, by one thread and over rows in the order of their
    ids. Of that hierarchy the usual choice (excess of mass) would keep every clump of chance and
    break a large group into its denser parts. Here it is cut at falling distances, and a group is
    taken at the first cut, where it is largest, at which

    * its spread (root mean square distance to its mean) is at most the lower quartile of those of
      the named patterns, so that it is one thing, and
    * its reports lie, by the median, at least 1.6 times as far from the nearest report outside as
      from the half of `min_reports` others inside, so that it is no mere middle of a cloud.

    What is in no such group is scattered and stays without a candidate.

    References
    ----------
    Campello, Moulavi and Sander (2013), Density-based clustering based on hierarchical density
    estimates, PAKDD 2013, as in ``sklearn.cluster.HDBSCAN``; its cuts are DBSCAN* of the same
    paper.
    """
    if min_reports < 2:
        raise ValueError(f"min_reports is {min_reports}; it must be 2 or more")
    if reports.num_rows < min_reports or curves.num_rows == 0:
        return CANDIDATE_SCHEMA.empty_table()
    ordered = reports.sort_by("report_id")
    library = curves.sort_by(
        [("cluster_id", "ascending"), ("exemplar_id", "ascending"), ("prefix", "ascending")]
    )
    curve_vectors = read_vectors(library)
    space = fit_space(curve_vectors)
    is_ended = pc.equal(library["prefix"], ENDED).to_numpy()
    patterns = _Patterns(
        library["cluster_id"].to_numpy()[is_ended], to_points(space, curve_vectors)[is_ended]
    )
    vectors = read_vectors(ordered)
    points = to_points(space, vectors)
    with threadpool_limits(limits=1):
        groups = _groups(points, patterns.small_spread, min_reports)
    rows = [_describe(ordered, vectors, points, members, patterns) for members in groups]
    rows.sort(key=lambda row: (-row["n_reports"], row["candidate_id"]))
    return pa.Table.from_pylist(rows, schema=CANDIDATE_SCHEMA)


class _Patterns:
    """The named patterns, as far as candidates are measured by them."""

    def __init__(self, cluster_ids: np.ndarray, points: np.ndarray) -> None:
        self.ids = np.unique(cluster_ids)
        members = [points[cluster_ids == name] for name in self.ids]
        self.centroids = np.array([rows.mean(axis=0) for rows in members])
        self.small_spread = float(np.quantile([_spread(rows) for rows in members], SPREAD_QUANTILE))


def _spread(points: np.ndarray) -> float:
    gaps = distances_to(points, points.mean(axis=0)[None])[:, 0]
    return float(np.sqrt((gaps * gaps).mean()))


def _groups(points: np.ndarray, largest_spread: float, min_reports: int) -> list[np.ndarray]:
    if largest_spread == 0:
        return []
    hierarchy = HDBSCAN(
        min_cluster_size=min_reports,
        # Few, so that a group of the least size is not lost at its border.
        min_samples=min_reports // 2 + 1,
        algorithm="kd_tree",
        n_jobs=1,
        copy=True,
    ).fit(points)
    is_taken = np.zeros(len(points), dtype=bool)
    rejected = set()
    groups = []
    for cut in largest_spread * np.geomspace(CUT_SPREADS_MAX, CUT_SPREADS_MIN, CUTS):
        labels = hierarchy.dbscan_clustering(cut, min_cluster_size=min_reports)
        for label in range(labels.max() + 1):
            members = np.flatnonzero(labels == label)
            # The same group at the next cut needs no second look; neither does part of a candidate.
            if members.tobytes() in rejected or is_taken[members].any():
                continue
            is_tight = _spread(points[members]) <= largest_spread
            if is_tight and _apartness(points, members, min_reports) >= APART:
                is_taken[members] = True
                groups.append(members)
            else:
                rejected.add(members.tobytes())
    return groups


def _apartness(points: np.ndarray, members: np.ndarray, min_reports: int) -> float:
    is_outside = np.ones(len(points), dtype=bool)
    is_outside[members] = False
    if not is_outside.any():
        return np.inf
    inside = points[members]
    # The first of a point's neighbours inside is the point itself.
    to_inside = KDTree(inside).query(inside, k=[min_reports // 2 + 1])[0]
    to_outside = KDTree(points[is_outside]).query(inside, k=[1])[0]
    gap = float(np.median(to_inside))
    return float(np.median(to_outside)) / gap if gap > 0 else np.inf


def _describe(
    reports: pa.Table,
    vectors: np.ndarray,
    points: np.ndarray,
    members: np.ndarray,
    patterns: _Patterns,
) -> dict[str, object]:
    own = reports.select(["report_id", "written_at"]).take(members).to_pylist()
    earliest = min(own, key=lambda row: (row["written_at"], row["report_id"]))["report_id"]
    middle = points[members].mean(axis=0)
    # Rows are in the order of their ids, so the first of several that are equally near is the
    # lowest.
    medoid = np.argmin(distances_to(points[members], middle[None])[:, 0])
    to_patterns = distances_to(middle[None], patterns.centroids)[0]
    nearest = np.argmin(to_patterns)
    return {
        "candidate_id": hashlib.md5(earliest.encode(), usedforsecurity=False).hexdigest(),
        "n_reports": len(members),
        "medoid_report_id": own[medoid]["report_id"],
        "centroid": vectors[members].mean(axis=0).tolist(),
        "spread": _spread(points[members]),
        "nearest_cluster_id": int(patterns.ids[nearest]),
        "nearest_cluster_distance": float(to_patterns[nearest]),
        "report_ids": [row["report_id"] for row in own],
    }
