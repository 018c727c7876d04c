"""The library that is committed: what an analyst may rely on when adding a curve."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from conftest import ROOT

from archetype.sales.library import fit_library
from archetype.sales.match import match_reports

SEEDS = ROOT / "seeds"


def read_seed(name):
    """Read a seed as rows."""
    with (SEEDS / f"{name}.csv").open() as file:
        return list(csv.DictReader(file))


CURVES = read_seed("cluster_library_exemplars")
NAMES = {row["cluster_id"]: row["cluster_name"] for row in read_seed("cluster_library_patterns")}


def test_there_are_enough_patterns_and_curves():
    counts = Counter(row["cluster_id"] for row in CURVES)
    assert set(counts) == set(NAMES)
    assert len(counts) >= 8
    assert min(counts.values()) >= 5
    assert len({row["exemplar_id"] for row in CURVES}) == len(CURVES)


def test_curves_can_be_read():
    """Whole numbers, as many of units as of baseline, 6 to 60 of them."""
    for row in CURVES:
        units, baseline = ([int(x) for x in row[name].split(" ")] for name in ("units", "baseline"))
        assert len(units) == len(baseline)
        assert 6 <= len(units) <= 60
        assert min(baseline) > 0
        assert min(units) >= 0
        assert row["cluster_name"] == NAMES[row["cluster_id"]]
        slug = row["cluster_name"].lower().replace(" ", "_")
        assert row["exemplar_id"].rsplit("_", 1)[0] == slug


def test_curves_are_large_enough_to_be_found():
    """A peak of twice the baseline or more, or a trough of 0.4 or less."""
    for row in CURVES:
        units, baseline = (np.array(row[name].split(" "), float) for name in ("units", "baseline"))
        ratio = units / baseline
        assert ratio.max() >= 1.9 or ratio.min() <= 0.4, row["exemplar_id"]


@pytest.fixture(scope="module")
def warehouse_tables(sample_warehouse):
    """Give the draws, names and knots of the built library."""
    path = str(sample_warehouse.home / "archetype.duckdb")
    with duckdb.connect(path, read_only=True) as connection:
        return tuple(
            connection.execute(f"select * from {name}").to_arrow_table()
            for name in (
                "cluster_library_draws",
                "cluster_library_patterns",
                "cluster_match_calibration",
            )
        )


def ended(draws):
    """Give the ended draws as pending reports, one each."""
    own = draws.filter(pa.compute.equal(draws["prefix"], "ended"))
    keys = pa.compute.binary_join_element_wise(
        own["exemplar_id"], pa.compute.cast(own["draw"], pa.string()), " "
    )
    return pa.table(
        {
            "report_id": keys,
            "written_at": pa.array([0] * own.num_rows, pa.timestamp("us")),
            "is_ended": [True] * own.num_rows,
            "n_ticks": pa.array([20] * own.num_rows, pa.int32()),
            "feature_vector": own["feature_vector"],
        }
    )


def named(matches):
    """Count what each curve's draws were named."""
    counts = defaultdict(Counter)
    rows = zip(matches["report_id"].to_pylist(), matches["cluster_id"].to_pylist(), strict=True)
    for key, cluster in rows:
        counts[key.split(" ")[0]][cluster] += 1
    return counts


def test_every_curve_comes_out_nearest_its_own_pattern(warehouse_tables):
    draws, patterns, knots = warehouse_tables
    found = named(match_reports(ended(draws), fit_library(draws, patterns, knots), knots))
    own = {row["exemplar_id"]: int(row["cluster_id"]) for row in CURVES}
    wrong = [name for name, counts in found.items() if counts.most_common(1)[0][0] != own[name]]
    assert wrong == []


def test_curves_left_out_are_named_all_the_same(warehouse_tables):
    """Every pattern gives up a quarter of its curves at a time; the others name them."""
    draws, patterns, knots = warehouse_tables
    own = {row["exemplar_id"]: int(row["cluster_id"]) for row in CURVES}
    right = 0
    for turn in range(4):
        out = [name for name in own if int(name.rsplit("_", 1)[1]) % 4 == turn]
        is_out = pa.compute.is_in(draws["exemplar_id"], pa.array(out))
        library = fit_library(draws.filter(pa.compute.invert(is_out)), patterns, knots)
        found = named(match_reports(ended(draws.filter(is_out)), library, knots))
        right += sum(counts.most_common(1)[0][0] == own[name] for name, counts in found.items())
    assert right / len(own) >= 0.9


@pytest.mark.long
def test_logged_rows_outlive_their_library(sample_copy):
    """Another way of comparing makes another version, and leaves what was logged as it was."""
    log = "select * from minority_reports_clustered_log order by report_id, written_at"
    before = sample_copy.query(log)
    sample_copy.built(similarity="cosine")
    assert sample_copy.query(log) == before
    versions = "select distinct library_version from {}"
    new = sample_copy.query(versions.format("cluster_library"))
    assert new != sample_copy.query(versions.format("minority_reports_clustered_log"))
