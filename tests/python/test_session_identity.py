"""Ids of archetypes from one model version to the next."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archetype.sessions.identity import Predecessors, assign_identities


def place(*coordinates):
    """Put centroids on the first two axes of the 30."""
    centroids = np.zeros((len(coordinates), 30))
    centroids[:, :2] = coordinates
    return centroids


def carry_on(new, old, ids=None, sizes=None, tolerance=1.0, latest=None):
    """Assign ids to centroids that follow others."""
    ids = list(range(1, len(old) + 1)) if ids is None else ids
    sizes = np.arange(len(new), 0, -1) if sizes is None else np.array(sizes)
    known = Predecessors(np.array(ids), old, max(ids) if latest is None else latest)
    return assign_identities(new, sizes, known, tolerance)


SQUARE = place((0, 0), (4, 0), (0, 4), (4, 4))


def test_founders_are_numbered_by_size_then_place():
    """The largest is 1; equal sizes go by centroid."""
    centroids = place((3, 0), (1, 2), (1, 1), (0, 0))
    found = assign_identities(centroids, np.array([5, 7, 7, 2]), None, 1.0)
    assert found.archetype_ids == [3, 2, 1, 4]
    assert found.lineages == ["founded"] * 4
    assert found.parents == found.match_distances == [None] * 4
    assert (found.died, found.max_archetype_id) == ([], 4)


@settings(deadline=None)
@given(
    seed=st.integers(0, 9999),
    order=st.permutations(range(4)),
    ids=st.lists(st.integers(1, 50), min_size=4, max_size=4, unique=True),
)
def test_ids_are_kept_under_small_moves_and_any_order(seed, order, ids):
    """What moved little keeps its id, whatever the ids are and in whatever order they come."""
    generator = np.random.default_rng(seed)
    moved = SQUARE + generator.normal(scale=0.1, size=SQUARE.shape)
    rows = np.array(order)
    found = carry_on(moved[rows], SQUARE, ids, sizes=generator.integers(1, 9, 4))
    assert found.archetype_ids == [ids[row] for row in rows]
    assert found.lineages == ["kept"] * 4
    np.testing.assert_allclose(
        found.match_distances, np.linalg.norm(moved - SQUARE, axis=1)[rows], rtol=1e-12
    )
    assert found.max_archetype_id == max(ids)


@settings(deadline=None)
@given(seed=st.integers(0, 9999), n_old=st.integers(1, 6), n_new=st.integers(1, 6))
def test_order_of_old_and_new_changes_nothing(seed, n_old, n_new):
    """Permuting either side permutes the answer and no more; ids are unique and never reused."""
    generator = np.random.default_rng(seed)
    old, new = generator.normal(size=(n_old, 30)), generator.normal(size=(n_new, 30))
    ids, sizes = np.arange(1, n_old + 1) * 3, generator.integers(1, 5, n_new)
    found = carry_on(new, old, ids.tolist(), sizes, latest=40)
    by_old, by_new = generator.permutation(n_old), generator.permutation(n_new)
    again = carry_on(new[by_new], old[by_old], ids[by_old].tolist(), sizes[by_new], latest=40)
    assert again.archetype_ids == [found.archetype_ids[row] for row in by_new]
    assert again.lineages == [found.lineages[row] for row in by_new]
    assert again.parents == [found.parents[row] for row in by_new]
    assert again.died == found.died
    assert len(set(found.archetype_ids)) == n_new
    fresh = sorted(name for name in found.archetype_ids if name not in ids)
    assert fresh == list(range(41, 41 + len(fresh)))
    assert found.max_archetype_id == 40 + len(fresh)
    assert sorted(found.died + found.of_lineage("kept")) == ids.tolist()


def test_birth_far_from_everybody():
    """A new place gets the next id that was never used."""
    found = carry_on(np.vstack([SQUARE, place((30, 30))]), SQUARE, latest=9)
    assert found.archetype_ids == [1, 2, 3, 4, 10]
    assert found.of_lineage("born") == [10]
    assert found.parents[4] is found.match_distances[4] is None
    assert found.max_archetype_id == 10


def test_death_of_what_nobody_follows():
    """An old id without successor dies, and the highest id stays what it was."""
    found = carry_on(SQUARE[:3], SQUARE)
    assert found.archetype_ids == [1, 2, 3]
    assert (found.died, found.max_archetype_id) == ([4], 4)


def test_split_names_its_parent():
    """Of two that share the old place, the nearer keeps the id and the other is its split."""
    new = np.vstack([SQUARE, place((5.5, 4.5))])
    found = carry_on(new, SQUARE)
    assert found.archetype_ids == [1, 2, 3, 4, 5]
    assert found.of_lineage("split") == [5]
    assert found.parents == [None, None, None, None, 4]
    assert found.match_distances[4] == pytest.approx(np.hypot(1.5, 0.5))


def test_tolerance_decides_how_far_an_archetype_may_move():
    """Half way to the nearest sibling is within 1.0 of it, and beyond 0.4."""
    new = place((2, 0), (4, 0), (0, 4), (4, 4))
    assert carry_on(new, SQUARE).lineages == ["kept"] * 4
    strict = carry_on(new, SQUARE, tolerance=0.4)
    assert strict.lineages == ["born", "kept", "kept", "kept"]
    assert (strict.archetype_ids[0], strict.died) == (5, [1])


def test_who_stayed_is_not_pulled_away_by_who_left():
    """An archetype that did not move keeps its id although a chain of others would cost no more."""
    old = place((0, 0), (10, 0))
    new = place((0.1, 0), (-9, 0))
    found = carry_on(new, old)
    assert found.archetype_ids == [1, 3]
    assert found.died == [2]
    assert (found.lineages[1], found.parents[1]) == ("split", 1)


def test_nearer_of_two_claims_wins_in_its_own_measure():
    """With one successor for two, the old one that moved least in its own reach lives on."""
    old = place((0, 0), (10, 0), (11, 0))
    found = carry_on(place((0.5, 0)), old)
    assert (found.archetype_ids, found.died) == ([1], [2, 3])


def test_only_archetype_always_finds_a_successor():
    """Without siblings nothing can be mistaken for it: the nearest keeps the id, others split."""
    found = carry_on(place((90, 0), (50, 0), (70, 0)), place((0, 0)), ids=[7])
    assert found.archetype_ids == [8, 7, 9]
    assert found.lineages == ["split", "kept", "split"]
    assert found.parents == [7, None, 7]


def test_other_features_cannot_be_recognised():
    """Without comparable centroids everybody dies and everybody is born."""
    known = Predecessors(np.array([2, 5]), None, 6)
    found = assign_identities(SQUARE, np.array([1, 4, 3, 2]), known, 1.0)
    assert found.archetype_ids == [10, 7, 8, 9]
    assert (found.died, found.lineages) == ([2, 5], ["born"] * 4)


def test_coincident_predecessors_are_no_accident():
    """Two old archetypes at one place have no reach, and are nobody's parents."""
    found = carry_on(place((0, 0), (1, 0)), place((0, 0), (0, 0)))
    assert found.archetype_ids == [3, 4]
    assert found.died == [1, 2]
