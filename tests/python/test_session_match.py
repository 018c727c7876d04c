"""Matching sessions with archetypes."""

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archetype.sessions.fit import fit_session_archetypes
from archetype.sessions.match import (
    MATCH_SCHEMA,
    centroid_distances,
    inverse_distance_confidence,
    match_sessions,
    nearest_centroids,
)
from archetype.sessions.space import FitParameters


def make_pending(n_rows, seed=1):
    """Draw sessions around four centres, some components imputed."""
    generator = np.random.default_rng(seed)
    centres = generator.normal(scale=1.5, size=(4, 30))
    vectors = centres[np.arange(n_rows) % 4] + generator.normal(size=(n_rows, 30))
    is_imputed = generator.random((n_rows, 30)) < 0.04
    return pa.table(
        {
            "session_id": [f"S_{(row * 7919) % 10007:05d}" for row in range(n_rows)],
            "feature_vector": pa.array(
                np.where(is_imputed, 0.0, vectors).tolist(), pa.list_(pa.float64())
            ),
            "is_imputed": pa.array(is_imputed.tolist(), pa.list_(pa.bool_())),
        }
    )


def fit(pending, **choices):
    """Fit archetypes on sessions, and read them as rows."""
    n_rows = pending.num_rows
    training = (
        pending.append_column("session_type", [["ASIA"] * n_rows])
        .append_column("session_on", [pa.array([20_000] * n_rows, pa.date32())])
        .append_column("as_of_at", [pa.array([0] * n_rows, pa.timestamp("us"))])
        .append_column("feature_schema", [["v1"] * n_rows])
        .append_column("relative_range", [pa.nulls(n_rows, pa.float64())])
        .append_column("vector_md5", [pa.nulls(n_rows, pa.string())])
    )
    quick = {"n_bootstraps": 0, "n_references": 0, "trial_k": (), "trial_components": ()}
    parameters = FitParameters(**(quick | choices))
    model = fit_session_archetypes(training, None, parameters, reason="test")
    return model, pa.Table.from_pylist(model.to_pylist()[0]["archetypes"])


def line(*centroids, distance="euclidean"):
    """Make a model of 30 plain features with centroids on the first axis."""
    model = pa.table(
        {
            "model_version": ["v"],
            "scaler_centre": [[0.0] * 30],
            "scaler_scale": [[1.0] * 30],
            "clip": [1000.0],
            "component_mean": [[0.0] * 30],
            "components": pa.array([[]], pa.list_(pa.list_(pa.float64()))),
            "explained_variance": pa.array([[]], pa.list_(pa.float64())),
            "distance": [distance],
        }
    )
    archetypes = pa.table(
        {
            "archetype_id": [name for name, _ in centroids],
            "centroid": [[float(place)] + [0.0] * 29 for _, place in centroids],
        }
    )
    return model, archetypes


def at(*places):
    """Make sessions on the first axis."""
    return pa.table(
        {
            "session_id": [f"S{row}" for row in range(len(places))],
            "feature_vector": [[float(place)] + [0.0] * 29 for place in places],
            "is_imputed": [[False] * 30 for _ in places],
        }
    )


@pytest.fixture(scope="module")
def pending():
    """Give 120 sessions."""
    return make_pending(120)


@pytest.fixture(scope="module")
def fitted(pending):
    """Fit them once."""
    return fit(pending)


@pytest.mark.parametrize(
    "choices",
    [{}, {"distance": "cosine"}, {"n_components": 0, "scaler": "robust"}, {"k": 1}, {"k": 8}],
)
def test_training_sessions_get_their_training_labels(pending, choices):
    """Every session, together or alone, gets bitwise its label and distance of the fit."""
    model, archetypes = fit(pending, **choices)
    trained = pa.Table.from_pylist(model.to_pylist()[0]["training"])
    matched = match_sessions(pending, model, archetypes)
    for name in ("session_id", "archetype_id", "distance"):
        assert matched[name].to_pylist() == trained[name].to_pylist()
    for row in (0, 57):
        alone = match_sessions(pending.slice(row, 1), model, archetypes).to_pylist()
        assert alone == [
            each
            for each in matched.to_pylist()
            if each["session_id"] == (pending["session_id"][row].as_py())
        ]


@settings(max_examples=25, deadline=None)
@given(
    cuts=st.sets(st.integers(1, 119), max_size=8),
    batch_rows=st.integers(1, 130),
    seed=st.integers(0, 999),
)
def test_batches_and_order_change_nothing(pending, fitted, cuts, batch_rows, seed):
    """However sessions are cut, sized into batches and ordered, the rows are the same."""
    whole = match_sessions(pending, *fitted)
    order = np.random.default_rng(seed).permutation(120)
    shuffled = match_sessions(pending.take(order), *fitted, batch_rows=batch_rows)
    assert shuffled.equals(whole)
    edges = [0, *sorted(cuts), 120]
    parts = [
        match_sessions(pending.slice(start, stop - start), *fitted)
        for start, stop in pairwise(edges)
    ]
    assert pa.concat_tables(parts).sort_by("session_id").combine_chunks().equals(whole)


def test_result_has_its_schema_and_is_sorted(pending, fitted):
    """Types, order and constants are as documented; inputs stay as they were."""
    before = pa.table(pending.to_pydict(), schema=pending.schema)
    matched = match_sessions(pending, *fitted)
    assert matched.schema.equals(MATCH_SCHEMA)
    ids = matched["session_id"].to_pylist()
    assert ids == sorted(ids)
    assert set(matched["method"].to_pylist()) == {"nearest_centroid_euclidean"}
    assert set(matched["confidence_method"].to_pylist()) == {"inverse_distance"}
    assert set(matched["model_version"].to_pylist()) == set(fitted[0]["model_version"].to_pylist())
    assert all(0 < value <= 1 for value in matched["confidence"].to_pylist())
    pairs = zip(matched["distance"], matched["second_best_distance"], strict=True)
    assert all(first.as_py() <= second.as_py() for first, second in pairs)
    assert pending.equals(before)


def test_order_of_archetypes_changes_nothing(pending, fitted):
    """Archetypes may come in any order."""
    model, archetypes = fitted
    backwards = archetypes.take(np.arange(archetypes.num_rows)[::-1])
    assert match_sessions(pending, model, backwards).equals(match_sessions(pending, *fitted))


def test_ties_go_to_the_lowest_id():
    """Half way between two centroids, the lower id wins, and the other is second."""
    (row,) = match_sessions(at(1), *line((9, 0), (4, 2), (5, 2))).to_pylist()
    assert (row["archetype_id"], row["second_best_archetype_id"]) == (4, 5)
    assert (row["distance"], row["second_best_distance"]) == (1, 1)
    assert row["confidence"] == pytest.approx(1 / 3)


def test_imputed_components_speak_for_nobody():
    """What is imputed takes the centre, whatever stands there."""
    session = at(0).set_column(1, "feature_vector", [[[500.0] + [0.0] * 29]])
    session = session.set_column(2, "is_imputed", [[[True] + [False] * 29]])
    (row,) = match_sessions(session, *line((1, 0), (2, 400))).to_pylist()
    assert (row["archetype_id"], row["distance"], row["confidence"]) == (1, 0, 1)


def test_one_archetype_has_no_second_best():
    """With k of 1 the second best is null and the confidence 1."""
    (row,) = match_sessions(at(3), *line((6, 1))).to_pylist()
    assert (row["archetype_id"], row["distance"], row["confidence"]) == (6, 2, 1)
    assert row["second_best_distance"] is row["second_best_archetype_id"] is None


def test_cosine_compares_directions():
    """Length does not count, and the method says so."""
    model, archetypes = line((1, 1), (2, -1), distance="cosine")
    rows = match_sessions(at(0.001, -70), model, archetypes).to_pylist()
    assert [row["archetype_id"] for row in rows] == [1, 2]
    assert [row["distance"] for row in rows] == [0, 0]
    assert rows[0]["method"] == "nearest_centroid_cosine"


def test_confidence_is_the_inverse_distance_weight():
    """It is (1/d1) / sum(1/di), and neither 0 nor a tiny distance breaks it."""
    distances = np.array([[1.0, 3.0], [0.0, 2.0], [1e-320, 1e-320], [5e-324, 1.0], [0.0, 0.0]])
    confidence = inverse_distance_confidence(distances)
    assert confidence[0] == pytest.approx(0.75)
    np.testing.assert_array_equal(confidence[1:], [1, 0.5, 1, 1])


@given(
    st.lists(
        st.lists(st.floats(0, 1e300), min_size=3, max_size=3),
        min_size=1,
        max_size=20,
    )
)
def test_confidence_stays_within_its_bounds(rows):
    """Any distances give a confidence between 1/k and 1."""
    confidence = inverse_distance_confidence(np.array(rows))
    assert ((confidence >= 1 / 3 * (1 - 1e-12)) & (confidence <= 1)).all()


def test_distances_are_euclidean():
    """They equal NumPy's norm, and the first of equal ones is nearest."""
    generator = np.random.default_rng(0)
    points, centroids = generator.normal(size=(9000, 4)), generator.normal(size=(5, 4))
    expected = np.linalg.norm(points[:, None] - centroids[None], axis=2)
    np.testing.assert_allclose(centroid_distances(points, centroids), expected, rtol=1e-12)
    labels, nearest = nearest_centroids(points, centroids)
    np.testing.assert_array_equal(labels, expected.argmin(axis=1))
    np.testing.assert_allclose(nearest, expected.min(axis=1), rtol=1e-12)


def test_nothing_pending_gives_nothing(pending, fitted):
    """An empty table of the right schema, even before there is a model."""
    model, archetypes = fitted
    for known in (model, model.slice(0, 0)):
        empty = match_sessions(pending.slice(0, 0), known, archetypes)
        assert empty.schema.equals(MATCH_SCHEMA)
        assert empty.num_rows == 0


def test_wrong_vectors_say_what_was_expected(pending, fitted):
    """Length, null and NaN are named with the session."""
    cases = [
        ([[1.0] * 29], "feature_vector has 29 entries, expected 30"),
        ([None], "feature_vector has null, expected 30"),
        ([[None] + [1.0] * 29], r"feature_vector\[0\].*expected a finite number"),
        ([[1.0] * 29 + [float("inf")]], r"feature_vector\[29\].*is inf"),
    ]
    for vectors, words in cases:
        session = at(0).set_column(1, "feature_vector", pa.array(vectors, pa.list_(pa.float64())))
        with pytest.raises(ValueError, match="session S0: " + words):
            match_sessions(session, *fitted)
    masked = at(0).set_column(2, "is_imputed", [[[False] * 31]])
    with pytest.raises(ValueError, match="is_imputed has 31 entries, expected 30"):
        match_sessions(masked, *fitted)


def test_wrong_models_say_what_was_expected(pending, fitted):
    """Two models, no model, doubled archetypes or centroids of another space are refused."""
    model, archetypes = fitted
    with pytest.raises(ValueError, match="one model version, found 0 rows"):
        match_sessions(pending, model.slice(0, 0), archetypes)
    with pytest.raises(ValueError, match="one model version, found 2 rows"):
        match_sessions(pending, pa.concat_tables([model, model]), archetypes)
    with pytest.raises(ValueError, match="archetype_id must be unique"):
        match_sessions(pending, model, pa.concat_tables([archetypes, archetypes]))
    with pytest.raises(ValueError, match="has 30 entries, expected 4"):
        match_sessions(pending, model, line((1, 0))[1])
    short = model.set_column(
        model.column_names.index("scaler_centre"), "scaler_centre", [[[1.0, 1.0]]]
    )
    with pytest.raises(ValueError, match="scaler_centre has 2 entries, expected 30"):
        match_sessions(pending, short, archetypes)
    with pytest.raises(ValueError, match="distance is 'manhattan'"):
        match_sessions(at(0), *line((1, 0), distance="manhattan"))
