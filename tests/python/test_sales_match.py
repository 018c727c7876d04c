"""Matching reports with the patterns of the library."""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archetype.sales.features import FEATURE_NAMES, N_FEATURES
from archetype.sales.library import LIBRARY_SCHEMA, SIMILARITIES, fit_library, read_vectors
from archetype.sales.match import MATCH_SCHEMA, match_reports

PREFIXES = ("25", "50", "75", "100", "ended")
PATTERNS = pa.table({"cluster_id": [1, 2, 3], "cluster_name": ["a", "b", "c"]})
KNOTS = pa.table(
    {
        "is_ended": [True, True] + [False] * 4,
        "min_ticks": pa.array([0, 0, 1, 1, 6, 6], pa.int32()),
        "score": [0.0, 1.0] * 3,
        "confidence": [0.0, 1.0, 0.0, 0.5, 0.25, 0.75],
    }
)


def make_draws(n_curves=5, n_draws=4, seed=1, scale=4.0):
    """Draw vectors of three patterns at every prefix."""
    generator = np.random.default_rng(seed)
    rows = []
    for cluster in (1, 2, 3):
        for prefix in PREFIXES:
            centre = generator.normal(scale=scale, size=N_FEATURES)
            for curve in range(n_curves):
                for draw in range(n_draws):
                    vector = centre + generator.normal(size=N_FEATURES)
                    rows.append((cluster, f"{cluster}_{curve}", draw + 1, prefix, vector.tolist()))
    names = ("cluster_id", "exemplar_id", "draw", "prefix", "feature_vector")
    return pa.table(dict(zip(names, zip(*rows, strict=True), strict=True)))


@cache
def library(similarity="mahalanobis"):
    """Give a library of three patterns."""
    return fit_library(make_draws(), PATTERNS, KNOTS, similarity=similarity)


def reports(vectors, is_ended=False, n_ticks=8):
    """Make pending rows of vectors."""
    n_rows = len(vectors)
    return pa.table(
        {
            "report_id": [f"R{(row * 7919) % 10007:05d}" for row in range(n_rows)],
            "written_at": pa.array([0] * n_rows, pa.timestamp("us")),
            "is_ended": np.broadcast_to(is_ended, n_rows),
            "n_ticks": pa.array(np.broadcast_to(n_ticks, n_rows), pa.int32()),
            "feature_vector": pa.array(np.asarray(vectors).tolist(), pa.list_(pa.float64())),
        }
    )


vectors = st.lists(
    st.lists(st.floats(-20, 20, allow_subnormal=False), min_size=N_FEATURES, max_size=N_FEATURES),
    min_size=1,
    max_size=12,
)


@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_centroids_match_themselves(similarity):
    known = library(similarity)
    centroids = read_vectors(known.rename_columns({"centroid": "feature_vector"}))
    is_ended = np.array([prefix == "ended" for prefix in known["prefix"].to_pylist()])
    found = match_reports(reports(centroids, is_ended), known, KNOTS)
    by_report = dict(
        zip(
            reports(centroids)["report_id"].to_pylist(),
            known["cluster_id"].to_pylist(),
            strict=True,
        )
    )
    assert found["cluster_id"].to_pylist() == [
        by_report[name] for name in found["report_id"].to_pylist()
    ]
    np.testing.assert_allclose(found["similarity_score"], 1)
    assert found["distance"].to_numpy().max() < 1e-9


@settings(max_examples=40)
@given(vectors, st.sampled_from(SIMILARITIES), st.booleans(), st.integers(1, 200))
def test_scores_lie_between_0_and_1(drawn, similarity, is_ended, n_ticks):
    found = match_reports(reports(drawn, is_ended, n_ticks), library(similarity), KNOTS)
    for name in ("similarity_score", "cluster_match_confidence", "match_score"):
        values = found[name].to_numpy()
        assert ((values >= 0) & (values <= 1)).all(), name
    is_unmatched = found["cluster_id"].is_null().to_numpy()
    np.testing.assert_array_equal(is_unmatched, found["similarity_score"].to_numpy() < 0.5)
    assert (found["cluster_match_confidence"].to_numpy()[is_unmatched] == 0).all()
    assert (found["distance"].to_numpy() >= 0).all()


@settings(max_examples=40)
@given(vectors, st.sampled_from(SIMILARITIES), st.randoms(use_true_random=False))
def test_report_is_matched_alike_in_any_company_and_order(drawn, similarity, random):
    pending = reports(drawn, np.arange(len(drawn)) % 3 == 0, np.arange(len(drawn)) + 1)
    known = library(similarity)
    together = match_reports(pending, known, KNOTS)
    order = list(range(len(drawn)))
    random.shuffle(order)
    assert match_reports(pending.take(order), known, KNOTS).equals(together)
    rows = random.sample(range(known.num_rows), known.num_rows)
    assert match_reports(pending, known.take(rows), KNOTS).equals(together)
    parts = [match_reports(pending.slice(row, 1), known, KNOTS) for row in range(len(drawn))]
    alone = pa.concat_tables(parts).sort_by("report_id")
    for name in MATCH_SCHEMA.names:
        assert alone[name].combine_chunks().equals(together[name].combine_chunks()), name


def test_steps_change_nothing(monkeypatch):
    drawn = np.random.default_rng(2).normal(scale=5, size=(300, N_FEATURES))
    whole = match_reports(reports(drawn), library(), KNOTS)
    monkeypatch.setattr("archetype.sales.match.BATCH_ROWS", 7)
    assert match_reports(reports(drawn), library(), KNOTS).equals(whole)


def test_beyond_the_reach_is_unmatched():
    """The nearest pattern is then the runner-up: never the least bad name."""
    found = match_reports(reports([[50.0] * N_FEATURES]), library(), KNOTS).to_pylist()[0]
    assert found["cluster_id"] is None
    assert found["cluster_match_confidence"] == 0
    assert found["similarity_score"] < 0.5
    assert found["runner_up_cluster_id"] in (1, 2, 3)


def test_open_reports_are_compared_with_every_open_prefix_and_no_other():
    """A report that looks like three quarters of a pattern is that; an ended one is not."""
    known = library()
    at = {(row["cluster_id"], row["prefix"]): row["centroid"] for row in known.to_pylist()}
    for prefix in PREFIXES:
        found = match_reports(reports([at[2, prefix]] * 2, [False, True]), known, KNOTS)
        names = dict(
            zip(found["report_id"].to_pylist(), found["cluster_id"].to_pylist(), strict=True)
        )
        is_open = prefix != "ended"
        assert (names["R00000"] == 2) == is_open
        assert (names["R07919"] == 2) != is_open


def test_confidence_is_read_off_the_knots_of_the_stage():
    """A score s is worth s at the end, s / 2 of fewer than six ticks, 1/4 + s / 2 of more."""
    known = library()
    at = {(row["cluster_id"], row["prefix"]): row["centroid"] for row in known.to_pylist()}
    pending = reports(
        [at[1, "50"], at[1, "50"], at[1, "ended"]], [False, False, True], [5, 6, 6]
    ).set_column(0, "report_id", [["a", "b", "c"]])
    young, old, ended = match_reports(pending, known, KNOTS).to_pylist()
    assert young["cluster_match_confidence"] == pytest.approx(young["match_score"] / 2)
    assert old["cluster_match_confidence"] == pytest.approx(0.25 + old["match_score"] / 2)
    assert ended["cluster_match_confidence"] == pytest.approx(ended["match_score"])


def test_version_is_that_of_curves_names_parameters_and_calibration():
    draws = make_draws()
    version = library()["library_version"][0].as_py()
    order = np.random.default_rng(1).permutation(draws.num_rows)
    assert library()["library_version"].unique().to_pylist() == [version]
    assert fit_library(draws.take(order), PATTERNS, KNOTS).equals(library())
    renamed = pa.table({"cluster_id": [1, 2, 3], "cluster_name": ["a", "b", "d"]})
    others = (
        fit_library(make_draws(seed=2), PATTERNS, KNOTS),
        fit_library(draws, renamed, KNOTS),
        fit_library(draws, PATTERNS, KNOTS.slice(1)),
        fit_library(draws, PATTERNS, KNOTS, similarity="cosine"),
    )
    versions = {other["library_version"][0].as_py() for other in others}
    assert len(versions | {version}) == 5


def test_nothing_pending_gives_nothing():
    empty = match_reports(reports(np.zeros((1, N_FEATURES))).slice(1), library(), KNOTS)
    assert empty.schema.equals(MATCH_SCHEMA)
    assert library().schema.equals(LIBRARY_SCHEMA)
    assert empty.num_rows == 0


def test_wrong_input_says_what_was_expected():
    short = reports([[1.0] * 25])
    with pytest.raises(ValueError, match="feature_vector in row 0 has 25 entries, expected 26"):
        match_reports(short, library(), KNOTS)
    bad = reports([[float("nan")] + [1.0] * 25])
    with pytest.raises(ValueError, match=f"{FEATURE_NAMES[0]} of .* expected a finite number"):
        match_reports(bad, library(), KNOTS)
    two = pa.concat_tables([library(), library("cosine")])
    with pytest.raises(ValueError, match="must be of one version, found 2"):
        match_reports(reports([[1.0] * 26]), two, KNOTS)
    alone = library().filter(pa.compute.equal(library()["cluster_id"], 1))
    with pytest.raises(ValueError, match="1 patterns of open reports; it needs 2 or more"):
        match_reports(reports([[1.0] * 26]), alone, KNOTS)
    with pytest.raises(ValueError, match="similarity is 'manhattan'; it must be one of cosine"):
        fit_library(make_draws(), PATTERNS, KNOTS, similarity="manhattan")
    with pytest.raises(ValueError, match="cluster 1 has 1 vector at prefix"):
        fit_library(make_draws(n_curves=1, n_draws=1), PATTERNS, KNOTS)
