"""Keep the ids of archetypes from one model version to the next.

An archetype is its place in feature space, not its rank in a list: archetype 3 stays archetype 3 on
every dashboard as long as something stands near where it stood, and a new id is one that never was
used.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from archetype.sessions.match import centroid_distances


@dataclass(frozen=True, eq=False)
class Predecessors:
    """The archetypes of the model that is in force, and what ids have been used.

    Parameters
    ----------
    archetype_ids : numpy.ndarray of int, shape (k_old,)
        Their ids, in any order.
    centroids_scaled : numpy.ndarray, shape (k_old, 30), or None
        Their centroids in feature units, brought into the new model's scaled and clipped features.
        None where they were made of other features: then nobody can be recognised.
    max_archetype_id : int
        The highest id that any version ever used.
    """

    archetype_ids: np.ndarray
    centroids_scaled: np.ndarray | None
    max_archetype_id: int


@dataclass(frozen=True, eq=False)
class Identities:
    """Who is who. Sequences run over the new archetypes, in the order in which they came.

    Parameters
    ----------
    archetype_ids : list of int
        Ids, unique.
    lineages : list of str
        "founded" (there was no model), "kept", "split" or "born".
    parents : list of int or None
        The old archetype that a split one came of.
    match_distances : list of float or None
        Distance to the old archetype whose id was kept, or that was split; in scaled features.
    died : list of int
        Old ids that nobody carries on, ascending.
    max_archetype_id : int
        The highest id used so far.
    """

    archetype_ids: list[int]
    lineages: list[str]
    parents: list[int | None]
    match_distances: list[float | None]
    died: list[int]
    max_archetype_id: int

    def of_lineage(self, lineage: str) -> list[int]:
        """List the ids of one lineage.

        Parameters
        ----------
        lineage : str
            "founded", "kept", "split" or "born".

        Returns
        -------
        list of int
            Ascending.
        """
        pairs = zip(self.archetype_ids, self.lineages, strict=True)
        return sorted(name for name, found in pairs if found == lineage)


def assign_identities(
    centroids_scaled: np.ndarray,
    sizes: np.ndarray,
    predecessors: Predecessors | None,
    tolerance: float,
) -> Identities:
    """Give archetypes their ids.

    Without predecessors: 1 to k by descending size, ties by centroid. With them, an old archetype's
    reach is `tolerance` times its distance to its nearest old sibling, and a pair of old and new
    keeps the id only if its distance is less than that reach. Old and new are paired so that the
    sum of distances, each measured in the reach of the old one and counted as 1 beyond it, is least
    (Hungarian method): a pair that cannot keep its id anyway then never pulls apart one that can. A
    single old archetype has no sibling that it could be taken for: its reach is without limit, its
    nearest successor keeps the id, and every other is a split of it.

    A new archetype that keeps no id gets the next that never was used, in order of size. It is a
    split of the nearest old archetype whose reach it lies in and whose id somebody else keeps, and
    born otherwise.

    Parameters
    ----------
    centroids_scaled : numpy.ndarray, shape (k, 30)
        New centroids, in scaled and clipped features.
    sizes : numpy.ndarray of int, shape (k,)
        Sessions of each.
    predecessors : Predecessors or None
        The archetypes of the model in force, if there is one.
    tolerance : float
        Share of the way to the nearest sibling, above 0.

    Returns
    -------
    Identities
        The order of the new and of the old archetypes changes nothing but the order of the result.

    References
    ----------
    Kuhn (1955), The Hungarian method for the assignment problem, Naval Research Logistics Quarterly
    2, as in ``scipy.optimize.linear_sum_assignment``.
    """
    k = len(sizes)
    precedence = np.lexsort((*centroids_scaled.T[::-1], -sizes))
    if predecessors is None:
        ids = np.empty(k, dtype=int)
        ids[precedence] = np.arange(1, k + 1)
        return Identities(ids.tolist(), ["founded"] * k, [None] * k, [None] * k, [], k)
    return _carry_on(centroids_scaled, precedence, predecessors, tolerance)


def _carry_on(
    centroids_scaled: np.ndarray,
    precedence: np.ndarray,
    predecessors: Predecessors,
    tolerance: float,
) -> Identities:
    old_ids = np.sort(predecessors.archetype_ids)
    distances = np.full((len(old_ids), len(centroids_scaled)), np.inf)
    reach = np.zeros(len(old_ids))
    if predecessors.centroids_scaled is not None:
        old = predecessors.centroids_scaled[np.argsort(predecessors.archetype_ids)]
        distances = centroid_distances(old, centroids_scaled)
        reach = tolerance * _sibling_distances(old)
    kept = _pair(distances[:, precedence], reach)
    heir_of = {int(precedence[new]): row for row, new in kept.items()}

    k, latest = len(centroids_scaled), predecessors.max_archetype_id
    ids, lineages = [0] * k, ["born"] * k
    parents: list[int | None] = [None] * k
    match_distances: list[float | None] = [None] * k
    for new in precedence.tolist():
        row = heir_of.get(new)
        if row is not None:
            ids[new], lineages[new] = int(old_ids[row]), "kept"
        else:
            latest += 1
            ids[new] = latest
            row = _parent(distances[:, new], reach, kept)
            if row is not None:
                lineages[new], parents[new] = "split", int(old_ids[row])
        match_distances[new] = None if row is None else float(distances[row, new])
    died = [int(name) for row, name in enumerate(old_ids) if row not in kept]
    return Identities(ids, lineages, parents, match_distances, died, latest)


def _sibling_distances(centroids: np.ndarray) -> np.ndarray:
    between = centroid_distances(centroids, centroids)
    np.fill_diagonal(between, np.inf)
    return between.min(axis=1)


def _pair(distances: np.ndarray, reach: np.ndarray) -> dict[int, int]:
    unit = np.where(np.isinf(reach), distances.max() + 1.0, reach)[:, None]
    costs = np.divide(distances, unit, out=np.ones_like(distances), where=unit > 0)
    rows, columns = linear_sum_assignment(np.minimum(costs, 1.0))
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return {row: column for row, column in pairs if distances[row, column] < reach[row]}


def _parent(distances: np.ndarray, reach: np.ndarray, kept: dict[int, int]) -> int | None:
    near = [row for row in kept if distances[row] < reach[row]]
    return min(near, key=lambda row: (distances[row], row), default=None)
