"""Garbage in: every file used or reasoned, sums hold, good neighbours unmoved, memory bounded.

More, or other, garbage than CI tries, with the table of outcomes printed::

    ARCHETYPE_MUTATIONS=5000 ARCHETYPE_SEED=3 .venv/bin/pytest -n 0 -rP tests/python/test_garbage.py
"""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import re
import resource
import shutil
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import QUICK, ROOT, WITHOUT_UNIT_TESTS, Warehouse
from garbage_folders import (
    SALES,
    SMALL,
    Folder,
    isolated,
    report_folder,
    sales_folder,
    session_as_parquet,
    session_folder,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import EVENT, INSTANTS, LISTS, METADATA, SESSION_JSON
from parquet_mutations import FOREIGN, written

from archetype.files import MAX_JSON_BYTES, MAX_JSON_COMMAS, list_files
from archetype.sales.files import list_sales_files
from archetype.sessions.live import LiveError, LiveScorer

COUNT = int(os.environ.get("ARCHETYPE_MUTATIONS", "540"))
SEED = int(os.environ.get("ARCHETYPE_SEED", "1"))
# So many files of garbage lie in one build; it costs little more than one of ten.
PER_BUILD = 540
MAX_BYTES = 2 << 30

STORES = "('S01', 'S02', 'S03', 'S04')"
# What these kinds must end as, whatever else is left open.
SESSION_REASONS = {
    "empty": {"empty_file"},
    "blank": {"empty_file"},
    "noise": {"not_utf8", "invalid_json"},
    "only_nulls": {"invalid_json"},
    "compressed": {"not_utf8"},
    "utf16": {"not_utf8"},
    "lines_of_json": {"invalid_json"},
    "wrapped": {"not_an_object", "not_a_session"},
    "only_magic": {"invalid_parquet"},
    "no_rows": {"empty_file"},
    "two_utf8_marks": {"invalid_json"},
    "long_text": {"eligible_to_fit", "low_information", "superseded"},
    "many_events": {"eligible_to_fit", "low_information", "superseded"},
    "many_values": {"no_readable_times", "too_few_events", "superseded"},
    "too_long_text": {"too_large"},
    "too_many_events": {"too_large"},
    "too_many_values": {"too_large"},
    "too_long_noise": {"too_large"},
    "not_a_file": {"unreadable_file"},
}
SALES_REASONS = {
    "empty": {"empty_file"},
    "blank": {"empty_file"},
    "only_nulls": {"not_csv"},
    "utf16": {"not_utf8"},
    "only_a_header": {"no_rows"},
    "only_magic": {"invalid_parquet"},
    "no_rows": {"no_rows"},
    "not_a_file": {"unreadable_file"},
}


def build_apart(home: Path, arguments: tuple, options: dict) -> tuple[int, str, int]:
    """Build in a process that started nothing else; give exit code, output and peak memory."""
    result = Warehouse(home).build(*arguments, **options)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    return result.returncode, result.stdout + result.stderr, peak


def measured_build(home: Path, arguments: tuple[str, ...] = (), **options) -> Warehouse:
    """Build; fail the test where the build fails or takes too much memory."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        code, output, peak = pool.submit(build_apart, home, arguments, options).result()
    print(f"peak memory of the build: {peak / 2**20:.0f} MB")
    assert code == 0, output
    assert peak < MAX_BYTES, f"{peak / 2**20:.0f} MB"
    return Warehouse(home)


def check_outcomes(
    folder: Folder, rows: list[tuple[str, str, str]], wanted: dict[str, set[str]]
) -> None:
    """Check that every file has its row and is what its kind must be; print what became of all."""
    logged = {name: (status, reason) for name, status, reason in rows}
    listed = {os.fsencode(f.name).decode(errors="backslashreplace") for f in folder.path.iterdir()}
    assert set(logged) == listed - {f"folder{s}" for s in (".json", ".csv")} - {
        f"link_to_folder{s}" for s in (".json", ".csv")
    }
    wrong = {
        name: (kind, logged[name])
        for name, kind in folder.kinds.items()
        if kind in wanted and logged[name][1] not in wanted[kind]
    }
    assert wrong == {}
    outcomes = Counter((kind, *logged[name]) for name, kind in folder.kinds.items())
    print(f"{folder.path.name}: {len(folder.kinds)} files")
    for (kind, status, reason), count in sorted(outcomes.items()):
        print(f"  {kind:20} {status:10} {reason:25} {count:5}")


# What does not depend on other stores: how much counts scatter is pooled over all.
SALES_TABLES = {
    "stg_sales__ticks": "* exclude (file_name)",
    "baseline_sales_model_prediction_log": "*",
}


def rounds() -> list[tuple[int, int]]:
    """Give the seed and the number of mutations of each round."""
    n_rounds = -(-COUNT // PER_BUILD)
    return [(SEED + number, -(-COUNT // n_rounds)) for number in range(n_rounds)]


@pytest.mark.long
@pytest.mark.parametrize(("seed", "count"), rounds())
def test_garbage_ends_as_used_or_reasoned_and_its_neighbours_are_built(
    tmp_path, sample_warehouse, seed, count
):
    sessions = session_folder(tmp_path / "sessions", count // 2, seed)
    sales = sales_folder(tmp_path / "sales", count * 3 // 8, seed)
    built = measured_build(
        tmp_path / "home", sessions=sessions.path / "*", sales=sales.path / "*", **QUICK
    )
    rows = "select distinct file_name, status, reason from"
    check_outcomes(sessions, built.query(f"{rows} session_processing_log"), SESSION_REASONS)
    check_outcomes(sales, built.query(f"{rows} sales_processing_log"), SALES_REASONS)
    # One row a JSON file; a Parquet file has one a session.
    assert (
        built.query(
            "select file_name from session_processing_log where file_name not like '%.parquet'"
            " group by file_name having count(*) > 1"
        )
        == []
    )
    ids = tuple(row[0] for row in sample_warehouse.query("select session_id from sessions"))
    prints = f"select * from session_fingerprints where session_id in {ids} order by all"
    assert repr(built.query(prints)) == repr(sample_warehouse.query(prints))
    for name, columns in SALES_TABLES.items():
        stored = f"select {columns} from {name} where store_id in {STORES} order by all"
        assert repr(built.query_warehouse(stored)) == repr(sample_warehouse.query_warehouse(stored))


@pytest.mark.long
@pytest.mark.parametrize(("seed", "count"), rounds())
def test_garbage_reports_end_as_used_or_reasoned(tmp_path, seed, count):
    for file in ("sales_2025-01-06.csv", "sales_2025-01-13.csv", "sales_2025-01-20.csv"):
        (tmp_path / "sales").mkdir(exist_ok=True)
        shutil.copy(SALES / file, tmp_path / "sales" / file)
    folder = report_folder(tmp_path / "reports", count // 8, seed)
    ends = ("minority_reports", "sales_processing_log", "sales_clock_log")
    built = measured_build(
        tmp_path / "home",
        sales=tmp_path / "sales" / "*",
        reports=folder.path / "*",
        arguments=(
            *("--select", *(f"+{end}" for end in ends)),
            *("--indirect-selection", "cautious", *WITHOUT_UNIT_TESTS),
        ),
    )
    logged = (
        "select file_name, status, reason from sales_processing_log where file_kind = 'reports'"
    )
    rows = built.query_warehouse(logged)
    assert len(rows) == len(set(rows))
    check_outcomes(folder, rows, SALES_REASONS)
    assert built.query_warehouse(f"{logged} and file_name = 'good.csv'")[0][1:] == (
        "processed",
        "rows_used",
    )


def test_parquet_files_of_other_types_and_hostile_names_do_not_meet(tmp_path, warehouse):
    raw = tmp_path / "raw"
    raw.mkdir()
    table = pq.read_table(io.BytesIO(session_as_parquet(isolated(SMALL, 1))))
    moments = pa.array([FOREIGN["moment"][0]] * len(table), pa.timestamp("ns"))
    numbers = pa.array([2**64 - 1] * len(table), pa.uint64())
    lists = pa.array([[1]] * len(table), pa.list_(pa.int8()))
    tables = {
        "hostile": table.append_column('a")), (select 1) --', numbers),
        "lists": table.append_column("note", lists),
        "moments": table.append_column("symbol", moments).append_column("note", moments),
        "numbers": table.append_column("symbol", numbers).append_column("note", numbers),
    }
    for name, one in tables.items():
        (raw / f"{name}.parquet").write_bytes(written(one))
    events = "stg_session_parquet__events"
    warehouse.built_up_to(events, sessions=raw / "*")
    read = f"select split_part(session_key, '/', 1), count(*) from {events} group by 1 order by 1"
    assert warehouse.query_warehouse(read) == [(f"{name}.parquet", len(table)) for name in tables]


def test_what_would_stop_the_reader_is_found_before(tmp_path):
    table = pq.read_table(io.BytesIO(session_as_parquet(isolated(SMALL, 1))))
    bad = pa.array([b"\xff"] * len(table), pa.binary()).view(pa.string())
    (tmp_path / "text.parquet").write_bytes(written(table.append_column("note", bad)))
    with (tmp_path / "large.json").open("wb") as file:
        file.truncate(MAX_JSON_BYTES + 1)
    (tmp_path / "many.json").write_bytes(b"[" + b"1," * (MAX_JSON_COMMAS + 1) + b"1]")
    listed = list_files(str(tmp_path / "*"), "X").to_pylist()
    assert {row["file_name"]: row["reason"] for row in listed} == {
        "large.json": "too_large",
        "many.json": "too_large",
        "text.parquet": "invalid_parquet",
    }
    (tmp_path / "ends.csv").write_bytes(b"store_id,sku\r\nA,1\rA,2\nA,3\r\r\nA,4\n" * 9)
    (row,) = list_sales_files(str(tmp_path / "*.csv"), "X").to_pylist()
    assert (row["reason"], row["detail"]) == ("not_csv", "its quotes or line ends are mixed up")


# What a session that is described, or says why it is not, may be made of.
TEXTS = st.text(max_size=8) | st.sampled_from(
    ("garbage", "ny_am", "2001-02-03", "09:30:00", "10:00:00", "23:59", "ET", "UTC", *INSTANTS)
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=4,
)
EVENTS = st.lists(st.dictionaries(st.sampled_from(EVENT), VALUES, max_size=6) | VALUES, max_size=8)
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "session_metadata": st.dictionaries(st.sampled_from(METADATA), VALUES, max_size=9) | VALUES,
        **dict.fromkeys(LISTS, EVENTS | VALUES),
    },
)
SPOILT = st.builds(
    lambda mutation, seed, number: SESSION_JSON[mutation].apply(
        isolated(SMALL, number), Random(seed)
    ),
    st.integers(0, len(SESSION_JSON) - 1),
    st.integers(0, 2**32),
    st.integers(0, 99),
)
FILES = st.binary(max_size=40) | DOCUMENTS.map(lambda one: json.dumps(one).encode()) | SPOILT


@pytest.fixture(scope="module")
def live(sample_warehouse):
    with LiveScorer(sample_warehouse.published, project=ROOT) as scorer:
        yield scorer


@given(contents=st.lists(FILES, min_size=40, max_size=60))
@settings(max_examples=10, suppress_health_check=list(HealthCheck))
def test_any_bytes_are_described_or_say_why(live, contents):
    live.start(100)
    described = live._chain.describe(contents, 100)
    # The files are held still; their log is asked for at once, since each query costs its planning.
    logged = live._chain._connection.execute(
        live._chain._query(100, "select file_name, status, message from session_processing_log")
    ).fetchall()
    assert sorted(int(name) for name, _, _ in logged) == list(range(len(contents)))
    assert all(message for _, _, message in logged)
    assert {int(name) for name, status, _ in logged if status == "processed"} == set(described)
    for row in described.values():
        assert np.isfinite(row["feature_vector"]).all()


def test_a_live_session_is_described_or_says_why(live, tmp_path):
    paths = [tmp_path / f"{number}.json" for number in range(0, len(SESSION_JSON), 12)]
    for number, path in enumerate(paths):
        spoilt = SESSION_JSON[12 * number].apply(isolated(SMALL, number), Random(SEED))
        path.write_bytes(spoilt)
    for path, seen in zip(paths, live.describe_many(paths, 100), strict=True):
        if isinstance(seen, LiveError):
            assert re.match(rf"{re.escape(str(path))}: [a-z_0-9]+: \S", str(seen))
        else:
            assert np.isfinite(seen.vector).all()
