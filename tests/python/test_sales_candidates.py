"""Candidates for the library: what recurs is found as one group, what is scattered is not."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import cache
from hashlib import md5

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sales_stand_ins import PATTERNS, ended_reports, library_curves

from archetype.sales import space
from archetype.sales.candidates import CANDIDATE_SCHEMA, find_candidates
from archetype.sales.features import FEATURE_NAMES

ended = cache(lambda seed, *counts: ended_reports(dict(counts), seed))


@cache
def curves():
    return library_curves(per_pattern=8)


def find(reports, min_reports=5):
    """Find candidates, as rows."""
    return find_candidates(reports, curves(), min_reports=min_reports).to_pylist()


def names_of(candidate, names):
    """Count a candidate's reports by their pattern."""
    return Counter(names[report_id] for report_id in candidate["report_ids"])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("n_sawtooth", "n_scattered"), [(8, 40), (20, 100), (100, 50)])
def test_an_unknown_pattern_is_one_candidate(seed, n_sawtooth, n_scattered):
    """Its reports last 6 to 60 ticks, at any hour and on any day."""
    counts = (("Sawtooth", n_sawtooth), ("Scatter", n_scattered))
    reports, names = ended(seed, *counts)
    found = [names_of(candidate, names) for candidate in find(reports)]
    of_it = [count for count in found if count["Sawtooth"]]
    assert len(of_it) == 1
    assert of_it[0]["Sawtooth"] >= 0.85 * n_sawtooth
    assert of_it[0]["Sawtooth"] >= 0.75 * of_it[0].total()


def test_a_large_group_does_not_fall_apart():
    reports, names = ended(5, ("Sawtooth", 600), ("Scatter", 300))
    largest = names_of(find(reports)[0], names)
    assert largest["Sawtooth"] >= 0.98 * 600
    assert largest["Sawtooth"] >= 0.95 * largest.total()


def test_a_pattern_that_is_all_there_is_is_found():
    reports, _ = ended(3, ("Sawtooth", 5))
    (only,) = find(reports)
    assert only["n_reports"] == 5
    assert only["report_ids"] == sorted(reports["report_id"].to_pylist())


def test_two_unknown_patterns_are_two_candidates():
    """To a library that holds neither, a stockout and a viral curve are new."""
    library = curves().filter(~np.isin(curves()["cluster_id"].to_numpy(), [1, 3]))
    reports, names = ended(2, ("Stockout", 30), ("Sawtooth", 30))
    found = find_candidates(reports, library, min_reports=5).to_pylist()
    assert [len(names_of(candidate, names)) for candidate in found[:2]] == [1, 1]
    assert {*names_of(found[0], names), *names_of(found[1], names)} == {"Stockout", "Sawtooth"}


def test_scattered_reports_are_no_candidates():
    found = [len(find(ended(seed, ("Scatter", 60))[0])) for seed in range(12)]
    assert np.mean(np.array(found) == 0) >= 0.75
    assert max(found) <= 1


def test_too_few_reports_are_no_candidate():
    reports, _ = ended(3, ("Sawtooth", 5))
    assert find(reports.slice(0, 4)) == []
    assert find(reports, min_reports=6) == []
    assert find(reports.slice(0, 0)) == []
    none = find_candidates(reports, curves().slice(0, 0), min_reports=5)
    assert none.equals(CANDIDATE_SCHEMA.empty_table())


def test_a_least_size_below_two_is_refused():
    with pytest.raises(ValueError, match="min_reports is 1; it must be 2 or more"):
        find(ended(3, ("Sawtooth", 5))[0], min_reports=1)


@pytest.mark.parametrize("min_reports", [2, 3, 8])
def test_no_candidate_is_smaller_than_asked_for(min_reports):
    reports, _ = ended(0, ("Sawtooth", 20), ("Scatter", 100))
    sizes = [candidate["n_reports"] for candidate in find(reports, min_reports)]
    assert sizes
    assert min(sizes) >= min_reports
    assert sizes == sorted(sizes, reverse=True)


def test_what_a_candidate_says_of_itself():
    reports, _ = ended(0, ("Sawtooth", 20), ("Scatter", 100))
    candidate = find(reports)[0]
    rows = {row["report_id"]: row for row in reports.to_pylist()}
    own = [rows[report_id] for report_id in candidate["report_ids"]]
    vectors = np.array([row["feature_vector"] for row in own])
    assert candidate["n_reports"] == len(own)
    assert candidate["medoid_report_id"] in candidate["report_ids"]
    assert candidate["centroid"] == pytest.approx(vectors.mean(axis=0))
    first = min(own, key=lambda row: (row["written_at"], row["report_id"]))
    assert candidate["candidate_id"] == md5(first["report_id"].encode()).hexdigest()
    assert 1 <= candidate["nearest_cluster_id"] <= len(PATTERNS)
    # It is no pattern of the library: further from it than its own reports lie apart.
    assert candidate["nearest_cluster_distance"] > candidate["spread"] > 0


def test_a_candidate_keeps_its_id_while_it_grows():
    reports, _ = ended(0, ("Sawtooth", 60))
    by_time = reports.sort_by([("written_at", "ascending"), ("report_id", "ascending")])
    ids = [{row["candidate_id"] for row in find(by_time.slice(0, n))} for n in (10, 20, 40, 60)]
    assert all(len(found) == 1 for found in ids)
    assert len(set.union(*ids)) == 1


@settings(max_examples=15)
@given(st.randoms(use_true_random=False))
def test_neither_order_nor_run_changes_a_bit(random):
    reports, _ = ended(1, ("Sawtooth", 20), ("Scatter", 60))
    order = list(range(reports.num_rows))
    random.shuffle(order)
    turned = list(range(curves().num_rows))
    random.shuffle(turned)
    again = find_candidates(reports.take(order), curves().take(turned), min_reports=5)
    assert again.equals(find_candidates(reports, curves(), min_reports=5))


@settings(max_examples=15)
@given(st.integers(0, 30), st.integers(0, 60), st.integers(0, 1000))
def test_no_report_belongs_to_two_candidates(n_sawtooth, n_scattered, seed):
    reports, _ = ended_reports({"Sawtooth": n_sawtooth, "Scatter": n_scattered}, seed)
    members = [name for row in find(reports) for name in row["report_ids"]]
    assert len(members) == len(set(members))
    assert set(members) <= set(reports["report_id"].to_pylist())


def test_equal_reports_are_one_candidate():
    reports, _ = ended(0, ("Sawtooth", 1))
    row = reports.to_pylist()[0]
    equal = [
        row | {"report_id": str(number), "written_at": row["written_at"] + timedelta(hours=number)}
        for number in range(7)
    ]
    (only,) = find(pa.Table.from_pylist(equal, schema=reports.schema))
    assert only["n_reports"] == 7
    assert only["spread"] == pytest.approx(0, abs=1e-12)
    assert only["medoid_report_id"] == "0"


def test_when_and_how_long_count_nothing_and_the_profile_counts_as_one():
    weights = dict(zip(FEATURE_NAMES, space.WEIGHTS, strict=True))
    assert [weights[name] for name in ("log_duration", "hour_sin", "hour_cos")] == [0, 0, 0]
    assert weights["weekend_share"] == 0
    assert sum(space.WEIGHTS[:12] ** 2) == pytest.approx(1)


def test_a_point_of_the_space_depends_on_its_vector_alone():
    vectors = np.array(curves()["feature_vector"].to_pylist())
    fitted = space.fit_space(vectors)
    points = space.to_points(fitted, vectors)
    assert np.array_equal(space.to_points(fitted, vectors[7:8]), points[7:8])
    assert np.abs(points).max() <= space.CLIP
    constant = space.fit_space(np.ones((3, 26)))
    assert np.array_equal(space.to_points(constant, np.ones((1, 26))), np.zeros((1, 26)))
