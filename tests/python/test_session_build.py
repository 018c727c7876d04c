"""Whole builds: what a user runs daily, and what an auditor asks of it."""

from __future__ import annotations

import json
import random
import re
import shutil
from hashlib import md5
from pathlib import Path

import duckdb
import pytest
from conftest import QUICK, ROOT, SAMPLE, Warehouse

from archetype.simulate import simulate_sessions

LOGS = (
    "session_model_log",
    "session_assignments",
    "stg_sales__ticks",
    "baseline_sales_model_prediction_log",
    "anomaly_classifier_model_prediction_log",
    "minority_reports_detected_log",
    "minority_event_ended_log",
    "anomaly_vectors",
    "minority_reports_clustered_log",
    "minority_map_anchors",
    "minority_report_map",
    "sales_clock_log",
)
PUBLIC_TABLES = {
    "session_processing_log",
    "session_fingerprints",
    "session_relative_ranges",
    "session_models",
    "session_archetypes",
    "session_trials",
    "session_assignments",
    "session_drift",
    "session_early_callers",
    "session_early_call_scores",
    "session_early_call_reliability",
    "session_early_calls",
    "session_minidash",
    "sessions",
    "sales_processing_log",
    "baseline_sales_model_prediction_log",
    "anomaly_classifier_model_prediction_log",
    "minority_reports_detected_log",
    "minority_event_ended_log",
    "anomaly_vectors",
    "minority_reports_clustered_log",
    "minority_map_anchors",
    "minority_report_map",
    "minority_reports",
    "cluster_library",
    "cluster_library_candidates",
    "build_runs",
    "log_checkpoints",
}


def test_a_build_publishes_every_table_and_says_so(sample_warehouse):
    said = sample_warehouse.home.with_suffix(".txt").read_text()
    assert f"Read it: {sample_warehouse.published}" in said
    assert len(said.splitlines()) <= 40, "more than one screen"
    query = sample_warehouse.query
    assert {name for (name,) in query("select table_name from duckdb_tables()")} == PUBLIC_TABLES
    undescribed = query(
        "select table_name, column_name from duckdb_columns()"
        " where comment is null and not internal"
        " union all select table_name, '' from duckdb_tables() where comment is null"
    )
    assert undescribed == []
    # An index of tens of millions of rows would have to lie in memory: a data test stands for it.
    assert set(query("select table_name from duckdb_tables() where not has_primary_key")) == {
        ("anomaly_classifier_model_prediction_log",),
        ("baseline_sales_model_prediction_log",),
    }


def test_a_second_build_appends_nothing_and_refits_nothing(sample_copy):
    def logs():
        return [sample_copy.query_warehouse(f"from {log} order by all") for log in LOGS]

    before = logs()
    sample_copy.built()
    assert logs() == before
    assert sample_copy.query("select count(*) from build_runs") == [(2,)]
    sample_copy.built("--full-refresh", refit=True)
    assert logs() == before
    assert sample_copy.query("select count(*) from build_runs") == [(3,)]


@pytest.mark.long
def test_same_input_same_bytes(sample_warehouse, warehouse, tmp_path):
    folder = tmp_path / "elsewhere" / "raw"
    folder.mkdir(parents=True)
    files = sorted(SAMPLE.glob("*.json"))
    names = [f"{number:04}.json" for number in range(len(files))]
    random.Random(5).shuffle(names)
    for file, name in zip(files, names, strict=True):
        shutil.copy(file, folder / name)
    # The sample itself was built with one thread: see conftest.py.
    warehouse.built(sessions=folder / "*.json", threads=4)
    assert warehouse.hashes() == sample_warehouse.hashes()
    assert len(warehouse.hashes()) == len(PUBLIC_TABLES) - 2


def project_in_parts(folder: Path, n_events: int) -> Path:
    """Link the project, with parts of so few events that it takes many of them."""
    folder.mkdir()
    for path in ROOT.iterdir():
        if path.name not in ("models", "target", "logs"):
            (folder / path.name).symlink_to(path)
    shutil.copytree(ROOT / "models", folder / "models")
    (model,) = (folder / "models").rglob("session_window_features.sql")
    sql, n_found = re.subn(r"'part_events': \d+", f"'part_events': {n_events}", model.read_text())
    assert n_found == 1
    model.write_text(sql)
    return folder


@pytest.mark.long
def test_many_events_give_the_same_bytes_on_any_threads_and_in_any_parts(tmp_path):
    simulate_sessions(tmp_path / "raw", 3000, 2, "parquet")
    in_parts = project_in_parts(tmp_path / "project", 20_000)
    vectors = []
    for number, options in enumerate(({"threads": 4}, {"threads": 1, "project": in_parts})):
        home = Warehouse(tmp_path / f"home_{number}")
        home.built_up_to("session_fingerprints", sessions=tmp_path / "raw" / "*.parquet", **options)
        # More than one row group of DuckDB, or one thread would do all the work.
        assert home.query_warehouse("select count(*) > 122_880 from session_events") == [(True,)]
        vectors.append(home.query_warehouse("from session_fingerprints order by all"))
    assert vectors[0] == vectors[1]


def content_hash(connection, table):
    """Compute a content hash once more, from its description in CONTRIBUTING.md."""
    rows = connection.execute(f"select cast(to_json(r) as varchar) from {table} as r").fetchall()
    hashes = [md5(re.sub(r"-0\.0(?=[,\]}])", "0.0", row).encode()).hexdigest() for (row,) in rows]
    buckets = {}
    for row in sorted(hashes):
        buckets.setdefault(row[:2], []).append(row)
    whole = "".join(md5("".join(b).encode()).hexdigest() for _, b in sorted(buckets.items()))
    return md5(whole.encode()).hexdigest()


def test_content_hashes_tell_a_changed_cell_and_no_other_order(sample_warehouse, tmp_path):
    shutil.copy(sample_warehouse.published, tmp_path / "copy.duckdb")
    recorded = sample_warehouse.hashes()
    with duckdb.connect(str(tmp_path / "copy.duckdb")) as connection:
        for table in PUBLIC_TABLES - {
            "build_runs",
            "log_checkpoints",
            "session_processing_log",
            "sales_processing_log",
        }:
            assert content_hash(connection, table) == recorded[table]
            connection.execute(f"create table shuffled as from {table} order by random()")
            assert content_hash(connection, "shuffled") == recorded[table]
            connection.execute("drop table shuffled")
        connection.execute("update session_assignments set distance = distance + 1e-15")
        changed = content_hash(connection, "session_assignments")
    assert changed != recorded["session_assignments"]


def test_nothing_sees_the_future(sample_warehouse, warehouse, tmp_path):
    raw = tmp_path / "raw"
    shutil.copytree(SAMPLE, raw)
    row = sample_warehouse.query(
        "select session_id, file_name, as_of_at from session_fingerprints"
        " inner join session_processing_log using (session_id)"
        " where dialect = 'adapted' and status = 'processed' and checkpoint_pct = 30"
        " order by as_of_at limit 1 offset 9"
    )
    session_id, name, seen_until = row[0]
    document = json.loads((raw / name).read_text())
    start, end = (document["session_metadata"][f"session_{edge}"] for edge in ("start", "end"))
    limit = as_seconds(start) + 0.3 * ((as_seconds(end) - as_seconds(start)) % 86400)
    late = [e for e in document["events"] if as_seconds(e["timestamp"]) > limit]
    kept = [e for e in document["events"] if as_seconds(e["timestamp"]) <= limit]
    assert len(late) > 5
    for event in late[1:]:
        event |= {"type": "fvg", "price_level": 1.0, "magnitude": 9.0, "structural_role": "x"}
    document["events"] = kept + late[1:]
    (raw / name).write_text(json.dumps(document))
    warehouse.built_up_to("session_fingerprints", sessions=raw / "*.json")
    known = f"""
        from session_fingerprints
        where as_of_at <= '{seen_until}' or (session_id = '{session_id}' and checkpoint_pct <= 30)
        order by session_id, checkpoint_pct
    """
    before = sample_warehouse.query(known)
    assert len(before) > 60
    assert warehouse.query_warehouse(known) == before
    later = f"from session_fingerprints where session_id = '{session_id}' and checkpoint_pct > 30"
    assert set(map(str, warehouse.query_warehouse(later))).isdisjoint(
        map(str, sample_warehouse.query(later))
    )


def as_seconds(text):
    """Read HH:MM:SS as seconds of the day."""
    hours, minutes, seconds = map(int, text.split(":"))
    return 3600 * hours + 60 * minutes + seconds


@pytest.mark.long
def test_new_sessions_are_appended_and_ids_survive_a_refit(warehouse, tmp_path):
    raw = tmp_path / "raw"
    raw.mkdir()
    files = sorted(SAMPLE.glob("*.json"), key=lambda f: f.name.split("_2025")[1])
    for file in files[:50]:
        shutil.copy(file, raw)
    warehouse.built_sessions(sessions=raw / "*.json", **QUICK)
    first = set(warehouse.query_warehouse("from session_assignments"))
    for file in files[50:]:
        shutil.copy(file, raw)
    warehouse.built_sessions(sessions=raw / "*.json", **QUICK)
    second = set(warehouse.query_warehouse("from session_assignments"))
    assert first < second
    assert warehouse.query_warehouse("select count(*) from session_models") == [(1,)]
    warehouse.built_sessions(sessions=raw / "*.json", refit=True, **QUICK)
    assert second < set(warehouse.query_warehouse("from session_assignments"))
    status = warehouse.query_warehouse(
        "select version_number, status, reason, valid_to is null from session_models order by 1"
    )
    assert status == [
        (1, "retired", "first model", False),
        (2, "champion", "asked for by the variable refit", True),
    ]
    kept = warehouse.query_warehouse(
        """
        select count(*) filter (where old.archetype_id = new.archetype_id) / count(*)
        from session_assignments as old
        inner join session_assignments as new using (session_id)
        inner join session_models as old_model on old.model_version = old_model.model_version
        inner join session_models as new_model on new.model_version = new_model.model_version
        where old_model.version_number = 1 and new_model.version_number = 2
        """
    )
    assert kept[0][0] >= 0.6


@pytest.mark.long
def test_part_of_the_graph_keeps_the_chain_of_versions(warehouse, tmp_path):
    raw = tmp_path / "raw"
    raw.mkdir()
    files = sorted(SAMPLE.glob("*.json"), key=lambda f: f.name.split("_2025")[1])
    for file in files[:50]:
        shutil.copy(file, raw)
    chain = "select version_number, status, parent_version from session_models order by 1"
    warehouse.built_sessions(sessions=raw / "*.json", **QUICK)
    founded = warehouse.query_warehouse(chain)
    for file in files[50:]:
        shutil.copy(file, raw)
    rest = ("--exclude", "test_type:unit", "build_row_md5s+", "publish")
    part = ("--indirect-selection", "cautious", *rest)
    warehouse.built("--select", "list_session_files+", *part, sessions=raw / "*.json", **QUICK)
    assert warehouse.query_warehouse(chain) == founded
    warehouse.built("--select", "fit_session_archetypes+", *part, refit=True, **QUICK)
    assert warehouse.query_warehouse(chain) == founded
    # A refit on older data alone is a link of the chain like any other.
    for file in files[40:]:
        (raw / file.name).unlink()
    warehouse.built_sessions(sessions=raw / "*.json", refit=True, **QUICK)
    assert [row[:2] for row in warehouse.query_warehouse(chain)] == [
        (1, "retired"),
        (2, "champion"),
    ]


@pytest.mark.long
def test_drift_calls_for_a_refit(warehouse, tmp_path):
    simulate_sessions(tmp_path / "raw" / "first", 60, 1)
    pattern = tmp_path / "raw" / "*" / "*.json"
    warehouse.built_sessions(sessions=pattern, **QUICK)
    simulate_sessions(tmp_path / "later", 150, 1)
    moved = tmp_path / "raw" / "later"
    moved.mkdir()
    for file in (tmp_path / "later").glob("*.json"):
        text = file.read_text()
        if file.name in {f.name for f in (tmp_path / "raw" / "first").glob("*.json")}:
            continue
        # Regimes, magnitudes and significance as they never were before.
        text = text.replace('"htf_confluence":0.', '"htf_confluence":0.9')
        text = text.replace('"magnitude":', '"magnitude":10')
        text = text.replace('"archaeological_significance":0.', '"archaeological_significance":0.9')
        (moved / file.name).write_text(text)
    warehouse.built_sessions(sessions=pattern, **QUICK)
    found = "select feature_name from session_feature_drift where psi > greatest(0.25, psi_noise)"
    assert {("htf_regime_2",), ("significance_mean",)} <= set(warehouse.query_warehouse(found))
    # The model of this build was fitted on all of them, so nothing has drifted from it.
    assert warehouse.query_warehouse("select distinct n_sessions_new, psi from session_drift") == [
        (0, None)
    ]
    reasons = warehouse.query_warehouse("select reason from session_models order by version_number")
    assert len(reasons) == 2
    assert reasons[1][0].startswith("drift: ")


@pytest.mark.long
def test_changed_parameters_wait_for_a_refit(sample_copy):
    sample_copy.built_up_to("session_models", k=4)
    models = "select k, status from session_models order by version_number"
    assert sample_copy.query_warehouse(models) == [(5, "champion")]
    sample_copy.built_up_to("session_models", k=4, refit=True, **QUICK)
    sample_copy.built_up_to("session_models", refit=True, **QUICK)
    assert sample_copy.query_warehouse(models) == [
        (5, "retired"),
        (4, "retired"),
        (5, "champion"),
    ]


def test_a_failed_test_leaves_readers_the_last_good_build(sample_copy):
    before = sample_copy.published.read_bytes()
    with duckdb.connect(str(sample_copy.home / "archetype.duckdb")) as connection:
        connection.execute("update session_assignments set archetype_id = archetype_id % 5 + 1")
    result = sample_copy.build()
    assert result.returncode == 1
    assert "assert_sessions_get_their_training_label" in result.stdout
    assert f"{sample_copy.published} still holds the last good build." in result.stdout
    assert sample_copy.published.read_bytes() == before


@pytest.mark.parametrize(
    ("memory", "remedy"),
    [
        ("lots", "to a size such as 2500MB"),
        ("2500", "to a size such as 2500MB"),
        ("0MB", "to more"),
    ],
)
def test_a_wrong_limit_of_memory_is_named(warehouse, monkeypatch, memory, remedy):
    monkeypatch.setenv("ARCHETYPE_MEMORY", memory)
    result = warehouse.build("--select", "run_config")
    assert result.returncode == 1
    assert re.search(f"ARCHETYPE_MEMORY {remedy}", result.stdout)


def test_published_file_names_no_folder(sample_warehouse):
    content = sample_warehouse.published.read_bytes()
    for path in (str(ROOT), str(sample_warehouse.home)):
        assert path.encode() not in content
