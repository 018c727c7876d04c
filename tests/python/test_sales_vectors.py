"""The components of a slice: the SQL itself, on slices that nobody has thought of."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_sales_vectors import describe_slice

from archetype.sales.features import FEATURE_NAMES

MODELS = ("slice_shapes", "slice_vectors")
PROFILE = slice(0, 12)

ticks = st.tuples(st.integers(0, 5_000), st.integers(1, 800).map(lambda x: x / 4))
slices = st.tuples(
    st.lists(ticks, min_size=1, max_size=60),
    st.lists(ticks, max_size=4),
    st.datetimes(datetime(2024, 1, 1), datetime(2026, 1, 1)).map(
        lambda x: x.replace(minute=0, second=0, microsecond=0)
    ),
)


@pytest.fixture(scope="module")
def sql(tmp_path_factory):
    """Compile the models, and bind them to tables in memory."""
    home = tmp_path_factory.mktemp("compiled")
    environment = os.environ | {
        "ARCHETYPE_HOME": str(home),
        "DBT_TARGET_PATH": str(home / "target"),
        "DBT_LOG_PATH": str(home / "logs"),
    }
    dbt = str(Path(sys.executable).with_name("dbt"))
    command = [dbt, "--quiet", "compile", "--select", *MODELS]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    folder = home / "target" / "compiled" / "archetype" / "models" / "features" / "sales"
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as archetype")
        connection.execute("use archetype")
        lists = (
            "n_ticks integer, units double[], baseline double[], tick_locals timestamp[], "
            "lead_in_units double[], lead_in_baseline double[]"
        )
        connection.execute(
            f"create table anomaly_slices (report_id varchar, version integer, {lists})"
        )
        connection.execute(
            "create table exemplar_slices "
            f"(exemplar_id varchar, draw integer, prefix varchar, {lists})"
        )
        shapes, vectors = ((folder / f"{name}.sql").read_text() for name in MODELS)
        connection.execute(f"create view slice_shapes as {shapes}")
        connection.execute(f"create view slice_vectors as {vectors}")
        yield connection


def vectors_of(connection, rows):
    """Describe slices, each five lists, as reports of one build."""
    connection.execute("delete from anomaly_slices")
    connection.executemany(
        "insert into anomaly_slices values (?, 1, ?, ?, ?, ?, ?, ?)",
        [[str(i), len(row[0]), *row] for i, row in enumerate(rows)],
    )
    query = "select feature_vector from slice_vectors order by cast(report_id as integer)"
    return np.array([row[0] for row in connection.execute(query).fetchall()])


def lists_of(drawn):
    """Give a drawn slice as lists: units, baseline, local ticks, and what leads in."""
    counts, lead_in, start = drawn
    units, baseline = ([float(x) for x in column] for column in zip(*counts, strict=True))
    local = [start + timedelta(hours=i) for i in range(len(counts))]
    if not lead_in:
        return units, baseline, local, None, None
    before = ([float(x) for x in column] for column in zip(*lead_in, strict=True))
    return units, baseline, local, *before


@settings(max_examples=60)
@given(st.lists(slices, min_size=1, max_size=5))
def test_sql_says_what_the_reference_says(sql, drawn):
    rows = [lists_of(one) for one in drawn]
    expected = [describe_slice(*row) for row in rows]
    np.testing.assert_allclose(vectors_of(sql, rows), expected, atol=2e-8, rtol=1e-7)


@settings(max_examples=30)
@given(slices, st.integers(2, 50))
def test_shape_knows_no_scale(sql, drawn, factor):
    """Sizes of store and of anomaly change uplift, amplitude and what counts as near zero alone."""
    units, baseline, local, *_ = lists_of(drawn)
    larger = ([factor * x for x in units], [factor * x for x in baseline], local, None, None)
    stronger = (
        [usual + factor * (x - usual) for x, usual in zip(units, baseline, strict=True)],
        *(baseline, local, None, None),
    )
    usual = (units, baseline, local, None, None)
    plain, of_larger, of_stronger = vectors_of(sql, [usual, larger, stronger])
    sizes = {"log_uplift", "amplitude", "near_zero_share"}
    same = [name not in sizes for name in FEATURE_NAMES]
    np.testing.assert_allclose(of_stronger[same], plain[same], atol=1e-6)
    np.testing.assert_allclose(of_larger[same], plain[same], atol=1e-6)
    assert of_larger[FEATURE_NAMES.index("amplitude")] == pytest.approx(
        plain[FEATURE_NAMES.index("amplitude")], abs=1e-8
    )


@settings(max_examples=30)
@given(st.lists(slices, min_size=2, max_size=8))
def test_vector_is_the_same_in_any_company(sql, drawn):
    rows = [lists_of(one) for one in drawn]
    together = vectors_of(sql, rows)
    alone = np.concatenate([vectors_of(sql, [row]) for row in rows])
    assert together.tobytes() == alone.tobytes()
    assert np.abs(together[:, PROFILE]).max() <= 1


def test_very_long_slices_are_described(sql):
    """A report that has stood for a year of quarters of an hour."""
    n = 365 * 96
    local = [datetime(2025, 1, 1) + timedelta(minutes=15 * i) for i in range(n)]
    vector = vectors_of(sql, [([30.0] * n, [10.0] * n, local, None, None)])[0]
    assert vector[PROFILE].tolist() == [1.0] * 12
    assert vector[FEATURE_NAMES.index("log_duration")] == pytest.approx(np.log(n))
    assert vector[FEATURE_NAMES.index("weekend_share")] == pytest.approx(104 / 365)
