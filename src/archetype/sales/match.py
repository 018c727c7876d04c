"""Match reports with the patterns of the library.

An open report is compared with what every pattern looked like when a quarter, half, three quarters
and all of it had been seen, and the nearest of these counts; an ended report is compared with ended
patterns alone. Nothing here looks at two reports at once, so a report that is matched alone
tomorrow gets, bit for bit, what it got among a million today.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from archetype.sales.calibrate import apply_knots
from archetype.sales.features import N_FEATURES
from archetype.sales.library import ENDED, Metric, read_vectors, to_points

# Rows per step.
BATCH_ROWS = 8_192
# Rows per matrix product: its result stays in cache.
BLOCK_ROWS = 256
# Another machine's matrix product may differ in the last bits.
DECIMALS = 12
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
    found = match_batches(pending.to_batches(BATCH_ROWS), library, knots)
    table = pa.Table.from_batches(found, MATCH_SCHEMA)
    return table.sort_by([("report_id", "ascending"), ("written_at", "ascending")])


def match_batches(
    pending: Iterable[pa.RecordBatch], library: pa.Table, knots: pa.Table
) -> Iterator[pa.RecordBatch]:
    """Name the patterns of reports batch by batch, as ``match_reports`` does.

    Parameters
    ----------
    pending : iterable of pyarrow.RecordBatch
        Batches of `pending`.
    library, knots : pyarrow.Table
        See ``match_reports``.

    Yields
    ------
    pyarrow.RecordBatch
        ``MATCH_SCHEMA``, in the order of `pending`. Nothing is asked of the library unless there is
        a batch with rows.

    Raises
    ------
    ValueError
        See ``match_reports``.
    """
    stages: dict[bool, Patterns] = {}
    for batch in pending:
        if batch.num_rows == 0:
            continue
        if not stages:
            version = _only_version(library)
            stages = {
                ended: Patterns.from_library(library, is_ended=ended) for ended in (False, True)
            }
        table = pa.Table.from_batches([batch])
        vectors = read_vectors(table)
        is_ended = table["is_ended"].to_numpy()
        found: dict[str, np.ndarray] = {}
        for stage, patterns in stages.items():
            at = np.flatnonzero(is_ended == stage)
            for name, values in patterns.compare(vectors[at]).items():
                found.setdefault(name, np.empty(len(vectors)))[at] = values
        yield from _as_table(table, found, knots, version).to_batches()


def _only_version(library: pa.Table) -> str:
    versions = library["library_version"].unique().to_pylist()
    if len(versions) != 1:
        raise ValueError(f"the library must be of one version, found {len(versions)}: {versions}")
    return versions[0]


@dataclass(frozen=True, eq=False)
class Patterns:
    """What the patterns of a stage look like.

    Parameters
    ----------
    clusters : numpy.ndarray of int, shape (k,)
        Ids of the patterns, ascending.
    looks : numpy.ndarray of int, shape (k,)
        The first look of each pattern; a pattern has one at every prefix of the stage.
    centre : numpy.ndarray, shape (26,)
        Subtracted from a vector first.
    whitening : numpy.ndarray, shape (26 p, 26)
        The whitening of every look's metric, one below the other.
    points : numpy.ndarray, shape (26 p,)
        The centroid of every look, by its own metric.
    similarity : {"cosine", "euclidean", "mahalanobis"}
        With "cosine", points lie on the unit sphere.
    reach : float
        How far a report may lie from its pattern.
    """

    clusters: np.ndarray
    looks: np.ndarray
    centre: np.ndarray
    whitening: np.ndarray
    points: np.ndarray
    similarity: str
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
        metrics = [_read_metric(row) for row in rows]
        centre = metrics[0].centre
        if any((metric.centre != centre).any() for metric in metrics):
            raise ValueError("the metrics of a stage must have one centre")
        centroids = [np.array([row["centroid"]]) for row in rows]
        points = [to_points(*pair)[0] for pair in zip(metrics, centroids, strict=True)]
        return cls(
            clusters=np.array(clusters),
            looks=np.searchsorted([row["cluster_id"] for row in rows], clusters),
            centre=centre,
            whitening=np.concatenate([metric.whitening for metric in metrics]),
            points=np.concatenate(points),
            similarity=metrics[0].similarity,
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
        gaps = self.distances(vectors)
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

    def distances(self, vectors: np.ndarray) -> np.ndarray:
        """Measure the distance of vectors to every pattern, which is that to its nearest look.

        Parameters
        ----------
        vectors : numpy.ndarray, shape (n, 26)
            Vectors of reports of this stage.

        Returns
        -------
        numpy.ndarray, shape (n, k)
            Each row is, bit for bit, the same in any company: every product is of matrices of the
            same shape, whatever their rows, and sums over the components run in their order.
        """
        gaps = np.empty((len(vectors), len(self.clusters)))
        points = np.empty((len(self.points), BLOCK_ROWS))
        by_look = points.reshape(-1, N_FEATURES, BLOCK_ROWS)
        for start in range(0, len(vectors), BLOCK_ROWS):
            some = vectors[start : start + BLOCK_ROWS]
            block = np.zeros((BLOCK_ROWS, N_FEATURES))
            block[: len(some)] = some - self.centre
            np.matmul(self.whitening, block.T, out=points)
            if self.similarity == "cosine":
                lengths = np.sqrt((by_look * by_look).sum(axis=1, keepdims=True))
                by_look /= np.where(lengths > 0, lengths, 1.0)
            points -= self.points[:, None]
            points *= points
            squares = np.minimum.reduceat(by_look.sum(axis=1), self.looks)
            gaps[start : start + BLOCK_ROWS] = np.sqrt(squares[:, : len(some)]).T
        return gaps


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
        "similarity_score": found["similarity"].round(DECIMALS),
        "cluster_match_confidence": np.where(is_beyond, 0.0, confidence).round(DECIMALS),
        "distance": found["distance"].round(DECIMALS),
        "runner_up_cluster_id": np.where(is_beyond, found["nearest"], found["runner_up"]).astype(
            np.int32
        ),
        "match_score": found["score"].round(DECIMALS),
        "library_version": pa.repeat(version, batch.num_rows),
    }
    return pa.table(columns, schema=MATCH_SCHEMA)
