"""Whole builds: what a user runs daily, and what an auditor asks of it."""

from __future__ import annotations

import random
import shutil

import duckdb
from conftest import QUICK, ROOT, SAMPLE

LOGS = ("session_model_log", "session_assignments")
SESSION_TABLES = {
    "session_processing_log",
    "session_fingerprints",
    "session_models",
    "session_archetypes",
    "session_trials",
    "session_assignments",
    "session_drift",
    "sessions",
    "build_runs",
}


def test_a_build_publishes_every_table_and_says_so(sample_warehouse):
    said = sample_warehouse.home.with_suffix(".txt").read_text()
    assert f"Read it: {sample_warehouse.published}" in said
    assert len(said.splitlines()) <= 40, "more than one screen"
    query = sample_warehouse.query
    assert {name for (name,) in query("select table_name from duckdb_tables()")} == SESSION_TABLES
    undescribed = query(
        "select table_name, column_name from duckdb_columns()"
        " where comment is null and not internal"
        " union all select table_name, '' from duckdb_tables() where comment is null"
    )
    assert undescribed == []
    assert query("select table_name from duckdb_tables() where not has_primary_key") == []


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


def test_same_input_same_bytes(sample_warehouse, warehouse, tmp_path):
    folder = tmp_path / "elsewhere" / "raw"
    folder.mkdir(parents=True)
    files = sorted(SAMPLE.glob("*.json"))
    names = [f"{number:04}.json" for number in range(len(files))]
    random.Random(5).shuffle(names)
    for file, name in zip(files, names, strict=True):
        shutil.copy(file, folder / name)
    warehouse.built(sessions=folder / "*.json", threads=4)
    assert warehouse.hashes() == sample_warehouse.hashes()
    assert len(warehouse.hashes()) == len(SESSION_TABLES) - 1


def test_content_hashes_tell_changes(sample_warehouse, tmp_path):
    from hashlib import md5

    shutil.copy(sample_warehouse.published, tmp_path / "copy.duckdb")
    with duckdb.connect(str(tmp_path / "copy.duckdb")) as connection:
        row_md5s = "select md5(cast(to_json(r) as varchar)) from session_trials as r order by 1"
        rows = [m for (m,) in connection.execute(row_md5s).fetchall()]
    buckets = {}
    for row in rows:
        buckets.setdefault(row[:2], []).append(row)
    whole = "".join(md5("".join(b).encode()).hexdigest() for _, b in sorted(buckets.items()))
    assert sample_warehouse.hashes()["session_trials"] == md5(whole.encode()).hexdigest()


def test_new_sessions_are_appended_and_ids_survive_a_refit(warehouse, tmp_path):
    raw = tmp_path / "raw"
    raw.mkdir()
    files = sorted(SAMPLE.glob("*.json"), key=lambda f: f.name.split("_2025")[1])
    for file in files[:50]:
        shutil.copy(file, raw)
    warehouse.built(sessions=raw / "*.json", **QUICK)
    first = set(warehouse.query("from session_assignments"))
    for file in files[50:]:
        shutil.copy(file, raw)
    warehouse.built(sessions=raw / "*.json", **QUICK)
    second = set(warehouse.query("from session_assignments"))
    assert first < second
    assert warehouse.query("select count(*) from session_models") == [(1,)]
    warehouse.built(sessions=raw / "*.json", refit=True, **QUICK)
    assert second < set(warehouse.query("from session_assignments"))
    status = warehouse.query(
        "select version_number, status, reason, valid_to is null from session_models order by 1"
    )
    assert status == [
        (1, "retired", "first model", False),
        (2, "champion", "asked for by the variable refit", True),
    ]
    kept = warehouse.query(
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


def test_drift_calls_for_a_refit(warehouse, tmp_path):
    from archetype.simulate import simulate_sessions

    simulate_sessions(tmp_path / "raw" / "first", 60, 1)
    pattern = tmp_path / "raw" / "*" / "*.json"
    warehouse.built(sessions=pattern, **QUICK)
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
    warehouse.built(sessions=pattern, **QUICK)
    drift = warehouse.query(
        "select feature_name, psi > 0.25 from session_drift where status = 'drifted'"
    )
    assert {"htf_regime_2", "significance_mean"} <= {name for name, _ in drift}
    reasons = warehouse.query("select reason from session_models order by version_number")
    assert len(reasons) == 2
    assert reasons[1][0].startswith("drift: ")


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


def test_published_file_names_no_folder(sample_warehouse):
    content = sample_warehouse.published.read_bytes()
    for path in (str(ROOT), str(sample_warehouse.home)):
        assert path.encode() not in content
