"""Match reports with the patterns of the library.

An open report is compared with what every pattern looked like when a quarter, half, three quarters
and all of it had been seen, and the nearest of these counts; an ended report is compared with ended
patterns alone. Nothing here looks at two reports at once, so a report that is matched alone
tomorrow gets, bit for bit, what it got among a million today.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from archetype.sales.calibrate import apply_knots
from archetype.sales.library import ENDED, Metric, distances, read_vectors

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
        ``MATCH_SCHEMA``, by report_id and written_at. Beyond the reach of the nearest pattern
        `cluster_id` is null, and that pattern is the runner-up. Of several that are equally near,
        the one of the lowest id wins.

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
        found = {}
        for stage, patterns in stages.items():
            at = np.flatnonzero(is_ended == stage)
            for name, values in patterns.compare(vectors[at]).items():
                found.setdefault(name, np.empty(batch.num_rows))[at] = values
        parts.append(_as_table(batch, found, knots, versions[0]))
    table = pa.concat_tables(parts)
    return table.sort_by([("report_id", "ascending"), ("written_at", "ascending")])


@dataclass(frozen=True, eq=False)
class Patterns:
    """What the patterns of a stage look like.

    Parameters
    ----------
    clusters : numpy.ndarray of int, shape (k,)
        Ids of the patterns, ascending.
    centroids : list of list of numpy.ndarray, shape (26,)
        Their centroids, by pattern and prefix.
    metrics : list of list of archetype.sales.library.Metric
        How vectors are compared with each.
    reach : float
        How far a report may lie from its pattern.
    """

    clusters: np.ndarray
    centroids: list[list[np.ndarray]]
    metrics: list[list[Metric]]
    reach: float

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
            There are fewer than two patterns.
        """
        rows = [row for row in library.to_pylist() if (row["prefix"] == ENDED) == is_ended]
        rows.sort(key=lambda row: (row["cluster_id"], row["prefix"]))
        clusters = sorted({row["cluster_id"] for row in rows})
        if len(clusters) < 2:
            raise ValueError(
                f"the library has {len(clusters)} patterns of {'ended' if is_ended else 'open'} "
                "reports; it needs 2 or more"
            )
        by_cluster = [[row for row in rows if row["cluster_id"] == name] for name in clusters]
        return cls(
            clusters=np.array(clusters),
            centroids=[[np.array(row["centroid"]) for row in own] for own in by_cluster],
            metrics=[[_read_metric(row) for row in own] for own in by_cluster],
            reach=rows[0]["reach"],
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
            `nearest` and `runner_up`, the ids of the two nearest patterns; `distance` to the
            nearest and `similarity` with it; its `score`, the share among all patterns; and
            `is_beyond`, whether the report lies beyond the reach.
        """
        every = np.arange(len(vectors))
        gaps = np.empty((len(vectors), len(self.clusters)))
        for place, (centroids, metrics) in enumerate(
            zip(self.centroids, self.metrics, strict=True)
        ):
            looks = zip(metrics, centroids, strict=True)
            gaps[:, place] = np.min(
                [distances(metric, vectors, centroid) for metric, centroid in looks], axis=0
            )
        best = np.argmin(gaps, axis=1)
        nearest = gaps[every, best]
        others = gaps.copy()
        others[every, best] = np.inf
        weights = np.exp(SHARPNESS * (nearest[:, None] ** 2 - gaps**2) / self.reach**2)
        total = np.zeros(len(vectors))
        for place in range(len(self.clusters)):
            total += weights[:, place]
        return {
            "nearest": self.clusters[best],
            "runner_up": self.clusters[np.argmin(others, axis=1)],
            "distance": nearest,
            "similarity": 1 / (1 + (nearest / self.reach) ** 2),
            "score": 1 / total,
            "is_beyond": nearest > self.reach,
        }


def _read_metric(row: dict) -> Metric:
    return Metric(
        centre=np.array(row["metric_centre"]),
        whitening=np.array(row["metric_whitening"]),
        similarity=row["similarity"],
    )


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
