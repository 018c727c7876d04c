"""Match reports with the patterns of the library.

An open report is compared with what every pattern looked like when a quarter, half, three quarters
and all of it had been seen, and the most similar of these counts; an ended report is compared with
ended patterns alone. Nothing here looks at two reports at once, so a report that is matched alone
tomorrow gets, bit for bit, what it got among a million today.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from archetype.sales.calibrate import apply_knots
from archetype.sales.library import ENDED, Metric, distances_to, read_vectors, to_points

# Rows per step: the working set of a step stays in cache.
BATCH_ROWS = 8_192
# How sharply a pattern's share among all patterns falls with its distance.
SHARPNESS = 8.0

MATCH_SCHEMA = pa.schema(
    [
        ("report_id", pa.string()),
        ("written_at", pa.timestamp("us")),
        ("cluster_id", pa.int32()),
        ("similarity_score", pa.float64()),
        ("cluster_match_confidence", pa.float64()),
        ("distance", pa.float64()),
        ("runner_up_cluster_id", pa.int32()),
        ("match_score", pa.float64()),
        ("library_version", pa.string()),
    ]
)


def match_reports(pending: pa.Table, library: pa.Table, knots: pa.Table) -> pa.Table:
    """Name the pattern of each report, or none.

    Parameters
    ----------
    pending : pyarrow.Table
        One row a report and tick: report_id, written_at, is_ended, n_ticks and feature_vector.
        Any order.
    library : pyarrow.Table
        Rows of ``archetype.sales.library.LIBRARY_SCHEMA``, of one version. Any order.
    knots : pyarrow.Table
        The calibration: stage, min_ticks, score and confidence; see ``apply_knots``.

    Returns
    -------
    pyarrow.Table
        ``MATCH_SCHEMA``, by report_id and written_at. Beyond the reach of the most
        similar pattern `cluster_id` is null, and that pattern is the runner-up. Of several that are
        equally similar, the one of the lowest id wins.

    Raises
    ------
    ValueError
        The library has no or several versions, or fewer than two patterns, or a vector is not one.
    """
    if pending.num_rows == 0:
        return MATCH_SCHEMA.empty_table()
    versions = library["library_version"].unique().to_pylist()
    if len(versions) != 1:
        raise ValueError(f"the library must be of one version, found {len(versions)}: {versions}")
    stages = {stage: Patterns.from_library(library, is_ended=stage) for stage in (False, True)}
    parts = []
    for start in range(0, pending.num_rows, BATCH_ROWS):
        batch = pending.slice(start, BATCH_ROWS)
        vectors = read_vectors(batch)
        is_ended = batch["is_ended"].to_numpy()
        found = {name: np.empty(batch.num_rows) for name in FOUND}
        for stage, patterns in stages.items():
            at = np.flatnonzero(is_ended == stage)
            for name, values in patterns.compare(vectors[at]).items():
                found[name][at] = values
        parts.append(_as_table(batch, found, knots, versions[0]))
    table = pa.concat_tables(parts)
    return table.sort_by([("report_id", "ascending"), ("written_at", "ascending")])


FOUND = ("nearest", "runner_up", "distance", "similarity", "score", "is_beyond")


class Patterns:
    """What the patterns of one stage look like, as points of that stage's space.

    Parameters
    ----------
    metric : archetype.sales.library.Metric
        The metric of the stage.
    clusters : numpy.ndarray of int, shape (k,)
        Ids of the patterns, ascending.
    points : numpy.ndarray, shape (k, p, 26)
        Their centroids at each prefix.
    reaches : numpy.ndarray, shape (k, p)
        How far a report may lie from each.
    """

    def __init__(
        self, metric: Metric, clusters: np.ndarray, points: np.ndarray, reaches: np.ndarray
    ) -> None:
        self.metric = metric
        self.clusters = clusters
        self.points = points
        self.reaches = reaches

    @classmethod
    def from_library(cls, library: pa.Table, *, is_ended: bool) -> Patterns:
        """Read the patterns of a stage.

        Parameters
        ----------
        library : pyarrow.Table
            The library, of one version.
        is_ended : bool
            Whether of ended reports, or of open ones.

        Returns
        -------
        Patterns
            The patterns.

        Raises
        ------
        ValueError
            There are fewer than two patterns, or one lacks a prefix.
        """
        rows = [row for row in library.to_pylist() if (row["prefix"] == ENDED) == is_ended]
        rows.sort(key=lambda row: (row["cluster_id"], row["prefix"]))
        clusters = sorted({row["cluster_id"] for row in rows})
        n_prefixes = len({row["prefix"] for row in rows})
        if len(clusters) < 2 or len(rows) != len(clusters) * n_prefixes:
            raise ValueError(
                f"the library has {len(rows)} rows for {len(clusters)} patterns and {n_prefixes} "
                "prefixes; it needs two patterns at least, each at every prefix"
            )
        metric = Metric(
            centre=np.array(rows[0]["metric_centre"]),
            whitening=np.array(rows[0]["metric_whitening"]),
            similarity=rows[0]["similarity"],
        )
        points = to_points(metric, np.array([row["centroid"] for row in rows]))
        return cls(
            metric,
            np.array(clusters),
            points.reshape(len(clusters), n_prefixes, -1),
            np.array([row["reach"] for row in rows]).reshape(len(clusters), n_prefixes),
        )

    def compare(self, vectors: np.ndarray) -> dict[str, np.ndarray]:
        """Compare vectors with every pattern.

        Parameters
        ----------
        vectors : numpy.ndarray, shape (n, 26)
            Vectors of reports of this stage.

        Returns
        -------
        dict of str to numpy.ndarray, shape (n,)
            By the names in ``FOUND``: the two most similar patterns, the distance to the nearest
            and the similarity with it, its share among all patterns, and whether the report lies
            beyond its reach.
        """
        k, p, m = self.points.shape
        every = np.arange(len(vectors))
        distances = distances_to(to_points(self.metric, vectors), self.points.reshape(k * p, m))
        distances = distances.reshape(len(vectors), k, p)
        prefix = np.argmin(distances / self.reaches, axis=2)
        distance = np.take_along_axis(distances, prefix[:, :, None], axis=2)[:, :, 0]
        relative = distance / self.reaches[np.arange(k), prefix]
        best = np.argmin(relative, axis=1)
        others = relative.copy()
        others[every, best] = np.inf
        exponent = (relative[every, best, None] ** 2 - relative**2) * SHARPNESS
        return {
            "nearest": self.clusters[best],
            "runner_up": self.clusters[np.argmin(others, axis=1)],
            "distance": distance[every, best],
            "similarity": 1 / (1 + relative[every, best] ** 2),
            "score": 1 / np.exp(exponent).sum(axis=1),
            "is_beyond": relative[every, best] > 1,
        }


def _as_table(
    batch: pa.Table, found: dict[str, np.ndarray], knots: pa.Table, version: str
) -> pa.Table:
    is_beyond = found["is_beyond"].astype(bool)
    confidence = apply_knots(
        knots, batch["is_ended"].to_numpy(), batch["n_ticks"].to_numpy(), found["score"]
    )
    columns = {
        "report_id": batch["report_id"].cast(pa.string()),
        "written_at": batch["written_at"].cast(pa.timestamp("us")),
        "cluster_id": pa.array(found["nearest"].astype(np.int32), mask=is_beyond),
        "similarity_score": found["similarity"],
        "cluster_match_confidence": np.where(is_beyond, 0.0, confidence),
        "distance": found["distance"],
        "runner_up_cluster_id": np.where(is_beyond, found["nearest"], found["runner_up"]).astype(
            np.int32
        ),
        "match_score": found["score"],
        "library_version": pa.repeat(version, batch.num_rows),
    }
    return pa.table(columns, schema=MATCH_SCHEMA)
