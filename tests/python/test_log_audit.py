"""Logs are what was logged: every way to falsify one is told, with log, build and key."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import duckdb
import pytest
import yaml
from conftest import ROOT
from typer.testing import CliRunner

from archetype.cli import app

NOTHING = "0" * 64
PART = ("--indirect-selection", "cautious", "--exclude", "test_type:unit")


def rewritten(log: str, query: str) -> str:
    """Write SQL that puts another table in a log's place, as its key forbids some changes."""
    return f"create table forged as {query}; drop table {log}; alter table forged rename to {log}"


@dataclass(frozen=True)
class Attack:
    """What somebody does to a warehouse by hand, and what is to be said of it."""

    sql: str
    log: str
    problem: str
    # A query for the first key, asked before the attack.
    key: str | None = None


IN_ORDER = "select * exclude place from (select *, rowid as place from {log}) order by {order}"
FIRST_BUILD = "(select build_id from log_checkpoints order by checkpoint_number limit 1)"
FORGED_HASH = (
    "checkpoint_hash = sha256(concat_ws(',', build_id, log_name, checkpoint_number, started_at,"
    " row_count, n_new_rows, content_hash, previous_hash))"
)
ATTACKS = {
    "a changed row": Attack(
        "update session_assignments set distance = distance + 1e-15 where rowid = 7",
        *("session_assignments", "row_changed"),
        "select concat_ws(', ', session_id, model_version) from session_assignments"
        " where rowid = 7",
    ),
    # DuckDB moves a row whose lists are updated to the end.
    "a changed row that moves": Attack(
        "update anomaly_vectors set n_ticks = n_ticks + 1, feature_vector = feature_vector"
        " where rowid = 500",
        *("anomaly_vectors", "row_changed"),
        "select concat_ws(', ', report_id, written_at) from anomaly_vectors where rowid = 500",
    ),
    "a deleted row": Attack(
        "delete from minority_reports_detected_log where rowid = 100",
        *("minority_reports_detected_log", "row_missing"),
        "select concat_ws(', ', report_id, written_at) from minority_reports_detected_log"
        " where rowid = 100",
    ),
    "the last row deleted": Attack(
        "delete from stg_sales__ticks where rowid = (select max(rowid) from stg_sales__ticks)",
        *("stg_sales__ticks", "row_missing"),
        "select concat_ws(', ', file_name, store_id, sku, tick_local) from stg_sales__ticks"
        " order by rowid desc limit 1",
    ),
    "an inserted row": Attack(
        "insert into session_assignments"
        " select * replace ('FORGED' as session_id, 'x' as model_version)"
        " from session_assignments limit 1",
        *("session_assignments", "row_inserted"),
        "select 'FORGED, x'",
    ),
    "a row inserted in the middle": Attack(
        rewritten(
            "minority_report_map",
            "select * exclude place from (select *, rowid as place from minority_report_map"
            " union all (select * replace ('FORGED' as report_id), 10.5 from minority_report_map"
            " limit 1)) order by place",
        ),
        *("minority_report_map", "row_inserted"),
        "select 'FORGED'",
    ),
    "two rows swapped": Attack(
        rewritten(
            "baseline_sales_model_prediction_log",
            IN_ORDER.format(
                log="baseline_sales_model_prediction_log",
                order="case place when 10 then 20 when 20 then 10 else place end",
            ),
        ),
        *("baseline_sales_model_prediction_log", "row_reordered"),
        "select concat_ws(', ', store_id, sku, written_at)"
        " from baseline_sales_model_prediction_log where rowid = 10",
    ),
    "a doubled append": Attack(
        rewritten(
            "minority_event_ended_log",
            "from minority_event_ended_log union all from minority_event_ended_log",
        ),
        *("minority_event_ended_log", "row_inserted"),
        "select report_id from minority_event_ended_log where rowid = 0",
    ),
    "an edited ledger row": Attack(
        "update log_row_hashes set row_hash = uuid() where log_name = 'anomaly_vectors'"
        " and row_number = 77",
        *("anomaly_vectors", "ledger_changed"),
        "select concat_ws(', ', report_id, written_at) from anomaly_vectors where rowid = 76",
    ),
    "a deleted ledger row": Attack(
        "delete from log_row_hashes where log_name = 'anomaly_vectors' and row_number = 77",
        *("anomaly_vectors", "ledger_changed"),
        "select concat_ws(', ', report_id, written_at) from anomaly_vectors where rowid = 76",
    ),
    "a row changed with its ledger row": Attack(
        "update session_assignments set distance = distance + 1 where rowid = 7;"
        " update log_row_hashes set row_hash = (select row_hash from log_current_rows"
        " where log_name = 'session_assignments' and row_number = 8)"
        " where log_name = 'session_assignments' and row_number = 8",
        *("session_assignments", "content_changed"),
    ),
    "an edited checkpoint": Attack(
        "update log_checkpoints set started_at = started_at - interval 1 day"
        f" where log_name = 'anomaly_vectors' and build_id = {FIRST_BUILD}",
        *("anomaly_vectors", "chain_broken"),
    ),
    "a checkpoint edited with its hash": Attack(
        f"update log_checkpoints set started_at = started_at - interval 1 day;"
        f" update log_checkpoints set {FORGED_HASH}",
        *("log_checkpoints", "row_changed"),
        "select concat_ws(', ', build_id, log_name) from log_checkpoints where rowid = 0",
    ),
    "a deleted checkpoint": Attack(
        f"delete from log_checkpoints where log_name = 'anomaly_vectors'"
        f" and build_id = {FIRST_BUILD}",
        *("log_checkpoints", "row_missing"),
        f"select {FIRST_BUILD} || ', anomaly_vectors'",
    ),
    "the last build's checkpoints deleted": Attack(
        "delete from log_checkpoints where checkpoint_number ="
        " (select max(checkpoint_number) from log_checkpoints)",
        *("log_checkpoints", "row_missing"),
        "select concat_ws(', ', build_id, log_name) from log_checkpoints"
        " order by checkpoint_number desc, rowid limit 1",
    ),
}


@pytest.fixture(scope="module")
def twice_built(tmp_path_factory, sample_warehouse):
    """Give a copy of the sample's home after a second build that logged itself alone."""
    home = tmp_path_factory.mktemp("twice") / "home"
    shutil.copytree(sample_warehouse.home, home)
    return type(sample_warehouse)(home).built("--select", "build_runs+", *PART)


@pytest.fixture(scope="module")
def falsified(tmp_path_factory, twice_built):
    """Carry out every attack on a copy of its own; give the homes, keys, and what dbt said."""
    homes, keys, drafts = {}, {}, {}
    root = tmp_path_factory.mktemp("falsified")
    for number, (name, attack) in enumerate(ATTACKS.items()):
        homes[name] = root / str(number)
        homes[name].mkdir()
        warehouse = homes[name] / "archetype.duckdb"
        shutil.copy(twice_built.home / "archetype.duckdb", warehouse)
        with duckdb.connect(str(warehouse)) as connection:
            if attack.key:
                (keys[name],) = connection.execute(attack.key).fetchone()
            connection.execute(attack.sql)
        drafts[name] = root / f"{number}.duckdb"
        shutil.copy(warehouse, drafts[name])
    said = dbt_test(root / "home", *drafts.values())
    return homes, keys, {name: said[str(draft)] for name, draft in drafts.items()}


def dbt_test(home: Path, *warehouses: Path) -> dict[str, str | None]:
    """Run the dbt test of the logs in a process of its own; see `log_audit_tests.py`."""
    home.mkdir()
    environment = os.environ | {
        "ARCHETYPE_HOME": str(home),
        "DBT_TARGET_PATH": str(home / "target"),
        "DBT_LOG_PATH": str(home / "logs"),
        "ARCHETYPE_THREADS": "1",
    }
    program = ROOT / "tests" / "python" / "log_audit_tests.py"
    result = subprocess.run(
        [sys.executable, str(program), *map(str, warehouses)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return json.loads(result.stdout.splitlines()[-1])


def audit(home: Path, *arguments: str):
    """Run `archetype audit` as a user would."""
    return CliRunner().invoke(app, ["audit", *arguments], env={"ARCHETYPE_HOME": str(home)})


@pytest.mark.parametrize("name", ATTACKS)
def test_every_falsification_is_told_with_log_build_and_key(falsified, name):
    homes, keys, said_by_dbt = falsified
    attack = ATTACKS[name]
    told = audit(homes[name])
    assert told.exit_code == 1, told.output
    line = re.search(rf"not as logged: {attack.log}, (.+): {attack.problem}(.*)", told.output)
    assert line, told.output
    assert line.group(2) == (f" at {keys[name]}" if attack.key else "")
    assert re.fullmatch(r"build [0-9a-f-]{36}|after the last build", line.group(1))
    assert f"{attack.log}, {line.group(1)}: {attack.problem}{line.group(2)}" in said_by_dbt[name]


def test_breaks_are_told_of_the_log_alone_that_was_falsified(falsified):
    homes, _, _ = falsified
    told = audit(homes["a changed row"], "--json")
    (alone,) = json.loads(told.stdout)["breaks"]
    assert alone["log_name"] == "session_assignments"
    with duckdb.connect(str(homes["a changed row"] / "archetype.duckdb")) as connection:
        (build,) = connection.execute(f"select {FIRST_BUILD}").fetchone()
    assert alone["build_id"] == build


def test_a_clean_chain_is_intact_and_only_grows(sample_warehouse, twice_built):
    before = sample_warehouse.query("from log_checkpoints order by all")
    after = twice_built.query("from log_checkpoints order by all")
    n_logs = len(append_only_tables())
    assert (len(before), len(after)) == (n_logs, 2 * n_logs)
    assert set(before) < set(after)
    grown = twice_built.query(
        "select log_name from log_checkpoints where checkpoint_number = 2 and n_new_rows > 0"
    )
    assert sorted(grown) == [("build_runs",), ("log_checkpoints",)]
    told = audit(twice_built.home)
    assert told.exit_code == 0, told.output
    assert "BROKEN" not in told.output
    assert len(told.output.splitlines()) == n_logs + 2


def test_a_hash_that_was_written_down_is_found_again(sample_warehouse, twice_built):
    said = sample_warehouse.home.with_suffix(".txt").read_text()
    (head,) = re.findall(r"head of their chain: ([0-9a-f]{64})", said)
    assert audit(twice_built.home, "--expect", head.upper()).exit_code == 0
    ((checkpoint,),) = sample_warehouse.query(
        "select checkpoint_hash from log_checkpoints where log_name = 'session_assignments'"
    )
    told = audit(twice_built.home, "--log", "session_assignments", "--expect", checkpoint)
    assert told.exit_code == 0
    assert len(told.output.splitlines()) == 4
    told = audit(twice_built.home, "--expect", NOTHING)
    assert told.exit_code == 1
    assert f"no checkpoint has the hash {NOTHING}" in told.output


def test_a_chain_other_than_the_published_one_is_told(twice_built, sample_warehouse, tmp_path):
    # Somebody puts an older warehouse back: it is whole, and yet readers were shown more.
    shutil.copy(sample_warehouse.home / "archetype.duckdb", tmp_path / "archetype.duckdb")
    assert audit(tmp_path).exit_code == 0
    shutil.copy(twice_built.published, tmp_path / "published.duckdb")
    told = audit(tmp_path)
    ((build,),) = twice_built.query(
        "select distinct build_id from log_checkpoints where checkpoint_number = 2"
    )
    assert told.exit_code == 1
    assert f"session_assignments, build {build}: chain_broken, published.duckdb" in told.output


def test_the_chain_is_what_contributing_says(twice_built):
    """Compute checkpoints once more, from the description in CONTRIBUTING.md."""
    checkpoints = twice_built.query(
        "select * from log_checkpoints order by checkpoint_number, log_name"
    )
    position = {"content": {}, "rows": {}}
    head, hashes, number = NOTHING, [], 1
    for row in checkpoints:
        build, log, at, started, n_rows, n_new, content, previous, own = row
        if at > number:
            head, hashes, number = digest("".join(hashes)), [], at
        assert previous == head
        assert own == digest(",".join(map(str, (build, log, at, as_sql(started), *row[4:8]))))
        hashes.append(own)
        before = position["content"].get(log, NOTHING)
        first = position["rows"].get(log, 0) + 1
        assert n_rows == first + n_new - 1
        rows = digest_of(twice_built, log, first, n_rows)
        assert content == (digest(before + rows) if n_new else before)
        position["content"][log], position["rows"][log] = content, n_rows


def as_sql(instant) -> str:
    """Write an instant as DuckDB does."""
    return str(instant).rstrip("0") if instant.microsecond else str(instant)


def digest(text: str) -> str:
    """Give the SHA-256 of a text."""
    return sha256(text.encode()).hexdigest()


def digest_of(warehouse, log: str, first: int, last: int) -> str:
    """Hash rows of a log: by 16, by 16,384, then all."""
    rows = warehouse.query_warehouse(f"select cast(to_json(r) as varchar) from {log} as r")
    texts = [re.sub(r"-0\.0(?=[,\]}])", "0.0", row) for (row,) in rows]
    blocks, chunks = {}, {}
    for place in range(first, last + 1):
        row_hash = digest(texts[place - 1])[:32]
        as_uuid = "-".join(
            (row_hash[:8], row_hash[8:12], row_hash[12:16], row_hash[16:20], row_hash[20:])
        )
        blocks.setdefault((place - 1) // 16, []).append(as_uuid)
    for block, row_hashes in sorted(blocks.items()):
        chunks.setdefault(block // 1024, []).append(digest(",".join(row_hashes)))
    return digest("".join(digest("".join(chunk)) for _, chunk in sorted(chunks.items())))


def test_a_build_over_falsified_logs_fails_and_blesses_nothing(sample_copy):
    warehouse = sample_copy.home / "archetype.duckdb"
    published = sample_copy.published.read_bytes()
    with duckdb.connect(str(warehouse)) as connection:
        (key,) = connection.execute("select build_id from build_runs").fetchone()
        connection.execute("insert into build_runs select * replace ('FORGED' as build_id) from"
                           " build_runs")  # fmt: skip
        connection.execute("update session_assignments set confidence = 0.5 where rowid = 3")
    for _ in range(2):
        result = sample_copy.build("--select", "build_runs+", *PART)
        assert result.returncode == 1
        # The build's own row of build_runs comes after the forged one, and is not taken for it.
        assert re.search(r"build_runs, [^:]+: row_inserted at FORGED", result.stdout)
        assert re.search(r"session_assignments, build [0-9a-f-]{36}: row_changed", result.stdout)
        assert sample_copy.published.read_bytes() == published
    with duckdb.connect(str(warehouse)) as connection:
        assert connection.execute("select count(*) from build_runs").fetchone() == (4,)
        keys = "select row_key from log_row_hashes where log_name = 'build_runs'"
        logged = [logged for (logged,) in connection.execute(keys).fetchall()]
    assert len(logged) == 3
    assert logged[0] == key
    assert "FORGED" not in logged


def test_rows_and_their_hashes_are_appended_together_or_not_at_all(sample_copy):
    rename = "alter table log_row_hashes rename column {} to {}"
    with duckdb.connect(str(sample_copy.home / "archetype.duckdb")) as connection:
        connection.execute(rename.format("row_key", "elsewhere"))
    assert sample_copy.build("--select", "build_runs", *PART).returncode == 1
    with duckdb.connect(str(sample_copy.home / "archetype.duckdb")) as connection:
        assert connection.execute("select count(*) from build_runs").fetchone() == (1,)
        connection.execute(rename.format("elsewhere", "row_key"))
    assert audit(sample_copy.home).exit_code == 0
    # What a part of the graph logs comes to no checkpoint, and belongs to the next.
    sample_copy.built("--select", "build_runs", *PART)
    assert audit(sample_copy.home).exit_code == 0
    sample_copy.built("--select", "log_row_hashes+", *PART)
    assert sample_copy.query(
        "select row_count, n_new_rows from log_checkpoints"
        " where log_name = 'build_runs' order by checkpoint_number"
    ) == [(1, 1), (2, 1)]
    assert audit(sample_copy.home).exit_code == 0


@pytest.mark.long
def test_an_older_warehouse_begins_with_what_stands(sample_copy):
    with duckdb.connect(str(sample_copy.home / "archetype.duckdb")) as connection:
        for view in ("breaks", "audit", "differences", "chunks", "current_rows"):
            connection.execute(f"drop view log_{view}")
        for table in ("checkpoints", "row_hashes"):
            connection.execute(f"drop table log_{table}")
    told = audit(sample_copy.home)
    assert told.exit_code == 2
    assert "Build it with this version" in told.output
    sample_copy.built("--select", "log_row_hashes+", *PART)
    ((n_rows,),) = sample_copy.query_warehouse("select count(*) from session_assignments")
    assert sample_copy.query(
        "select checkpoint_number, row_count, n_new_rows, previous_hash from log_checkpoints"
        " where log_name = 'session_assignments'"
    ) == [(1, n_rows, n_rows, NOTHING)]
    assert audit(sample_copy.home).exit_code == 0


def test_where_nothing_can_be_proved_the_audit_says_why(tmp_path, sample_copy):
    told = audit(tmp_path)
    assert (told.exit_code, "does not exist: build first" in told.output) == (2, True)
    told = audit(sample_copy.home, "--log", "nonsense")
    assert (told.exit_code, "there is no log nonsense" in told.output) == (2, True)
    warehouse = sample_copy.home / "archetype.duckdb"
    holder = subprocess.Popen(
        [
            *(sys.executable, "-c"),
            f"import duckdb; c = duckdb.connect({str(warehouse)!r}); print('open', flush=True);"
            " input()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout.readline() == b"open\n"
    told = audit(sample_copy.home)
    holder.communicate(b"\n")
    assert (told.exit_code, "another process has it open" in told.output) == (2, True)


def append_only_tables() -> dict[str, list[str]]:
    """Read the macro's mapping from logs to keys."""
    text = (ROOT / "macros" / "append_only_tables.sql").read_text()
    found = re.findall(r"'(\w+)': \[([^\]]+)\]", text)
    return {log: re.findall(r"'(\w+)'", columns) for log, columns in found}


def test_every_incremental_model_is_an_append_only_table():
    incremental = {}
    for path in (ROOT / "models").rglob("*.sql"):
        if path.parent.name == "logs" or "materialized='incremental'" in path.read_text():
            (model,) = yaml.safe_load(path.with_suffix(".yml").read_text())["models"]
            keys = [c["columns"] for c in model.get("constraints", ()) if "columns" in c]
            keys += [
                test["unique_among_new_ticks"]["arguments"]["columns"]
                for test in model.get("data_tests", ())
                if "unique_among_new_ticks" in test
            ]
            incremental[path.stem] = keys[0] if keys else None
    assert incremental.pop("log_row_hashes") is None
    assert incremental == append_only_tables()
