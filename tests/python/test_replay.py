"""A replay: what the logs said at an instant is what the raw files give, or it says where not."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
from conftest import ROOT
from typer.testing import CliRunner

from archetype.cli import app
from archetype.replay import WAREHOUSE_NAME, compare
from archetype.replay_cli import read_instant
from archetype.replay_logs import LOGS, check_every_log
from archetype.replay_plan import plan_steps
from archetype.simulate import simulate_sales, simulate_sessions

# Whole histories, each built and rebuilt.
pytestmark = pytest.mark.long

FIRST_DAY = datetime(2024, 12, 16)
# Small enough for a few sessions and three weeks of sales; none of it is a default.
VARIABLES = {
    **{"k": 2, "components": 2, "bootstraps": 2, "n_init": 1},
    **{"min_events_to_fit": 6, "baseline_days": 14, "baseline_min_days": 5},
}
# No log holds them: a replay is told them, as the builds were.
TOLD = {name: VARIABLES[name] for name in ("min_events_to_fit", "baseline_days")} | {
    "baseline_min_days": VARIABLES["baseline_min_days"]
}
# Of two days of sessions, by their ends. The second build knows of two of one type, the later of
# which began after an instant that is replayed: a feature that looked ahead would differ.
CHOSEN = (0, 1, 2, 3, 4, 5, 6, 8, 9, 14, 15, 16)
# Sessions known to each build. Early calls are made by the second; the third fits anew.
BUILDS = (6, 10, 12)
CHANGES = ({}, {"session_fingerprinting": True}, {"refit": True})
EDITED, LATE = 1, 3
NEW_YORK = timedelta(hours=5)


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """Build both wings three times over files that grow, with a refit, and replay it."""
    root = tmp_path_factory.mktemp("replay")
    sessions = simulated_sessions(root / "sessions")
    sales = simulated_sales(root / "sales")
    edited, late = sessions[EDITED], sessions[LATE]
    running = sessions[BUILDS[1] - 2]
    a_tick = (running.starts_at + timedelta(hours=2)).replace(minute=0)
    assert running.starts_at < a_tick < running.ends_at
    steps = []
    for i, (n_before, n_known) in enumerate(zip((0, *BUILDS), BUILDS, strict=False)):
        known = [one for one in sessions[n_before:n_known] if one is not late]
        raw = {f"sessions/{one.path.name}": str(one.path) for one in known}
        # The last build knows of two weeks more.
        weeks = sales[i : i + 1 if n_known < BUILDS[-1] else None]
        raw |= {f"sales/{path.name}": str(path) for path in weeks}
        steps.append({"raw": raw, "variables": VARIABLES | CHANGES[i]})
    steps[-1]["keep"] = ["then", "untouched"]
    steps.append(replay_of("then", "on_the_way", a_tick))
    steps.append(replay_of("then", "after_all", datetime(2026, 1, 1), "--json"))
    raw = {f"sessions/{late.path.name}": str(late.path)}
    steps.append({"raw": raw, "variables": VARIABLES, "ends": ["sessions", "session_assignments"]})
    raw = {
        f"sessions/{edited.path.name}": edited_session(edited.path, root),
        f"sales/{sales[0].name}": edited_sales(sales[0], root),
    }
    first_fit = sessions[BUILDS[0] - 1].ends_at
    steps.append({"raw": raw} | replay_of("home", "spoilt", first_fit, "--json"))
    raw = {f"sales/{path.name}": None for path in sales}
    steps.append({"raw": raw} | replay_of("then", "without", first_fit))
    run_program(root, steps)
    outcomes = {path.stem: json.loads(path.read_text()) for path in root.glob("out/*.json")}
    return SimpleNamespace(root=root, outcomes=outcomes, late=late, edited=edited, sales=sales)


def simulated_sessions(folder: Path) -> list[SimpleNamespace]:
    """Simulate sessions; give each file with its span, by the end."""
    simulate_sessions(folder, CHOSEN[-1] + 1, 5, "json")
    found = []
    for path in sorted(folder.glob("*_0*[0-9].json")):
        told = json.loads(path.read_text())["session_metadata"]
        day = told.get("session_date") or told["date"]
        start = told.get("session_start") or told["start_time"]
        starts_at = datetime.fromisoformat(f"{day} {start}") + NEW_YORK
        ends_at = starts_at + timedelta(minutes=float(told["session_duration"]))
        name = f"{told['session_type']}_{day}".upper().replace("NYAM", "NY_AM")
        found.append(SimpleNamespace(path=path, id=name, starts_at=starts_at, ends_at=ends_at))
    found = sorted(found, key=lambda one: (one.ends_at, one.path.name))
    return [found[i] for i in CHOSEN]


def simulated_sales(folder: Path) -> list[Path]:
    """Simulate sales of a file a week, with an hour of one series each day that is out of line."""
    simulate_sales(
        *(folder, 2, 3, 24, 3, "1 hour", "csv"), anomalies=0, start=FIRST_DAY.date(), dirt=False
    )
    paths = sorted(folder.glob("sales_*.csv"))
    for path in paths[1:]:
        rewrite(path, lambda row: row["sku"] == "SKU001" and "T12:" < row["sold_at"][10:] < "T15:")
    return paths


def rewrite(path: Path, is_meant) -> None:
    """Sell eight times as much in some rows of a file."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        for row in rows:
            row["units"] = int(row["units"]) * (8 if is_meant(row) else 1)
            writer.writerow(row)


def edited_session(path: Path, root: Path) -> str:
    """Copy a session and raise its first price."""
    document = json.loads(path.read_text())
    lists = (document.get(name) or [] for name in ("events", "price_movements"))
    event = next(event for events in lists for event in events if "price_level" in event)
    event["price_level"] = float(event["price_level"]) * 1.01
    edited = root / f"edited_{path.name}"
    edited.write_text(json.dumps(document))
    return str(edited)


def edited_sales(path: Path, root: Path) -> str:
    """Copy a file of sales and raise the units of its first row."""
    edited = Path(shutil.copy(path, root / f"edited_{path.name}"))
    with path.open(newline="") as file:
        first_at = next(csv.DictReader(file))["sold_at"]
    rewrite(edited, lambda row: row["sold_at"] == first_at)
    return str(edited)


def replay_of(home: str, name: str, to: datetime, *further: str) -> dict[str, object]:
    """Spell the step of a replay whose own home has its name."""
    arguments = [
        "--to",
        to.isoformat(),
        "--home",
        f"{{root}}/{name}",
        *further,
        "--vars",
        json.dumps(TOLD),
    ]
    return {"of": home, "replay": arguments, "out": f"out/{name}.json"}


def run_program(root: Path, steps: list[dict[str, object]]) -> None:
    (root / "home").mkdir()
    (root / "out").mkdir()
    (root / "steps.json").write_text(json.dumps(steps))
    environment = os.environ | {
        "ARCHETYPE_HOME": str(root / "home"),
        "ARCHETYPE_SESSIONS": str(root / "raw" / "sessions" / "*.json"),
        "ARCHETYPE_SALES": str(root / "raw" / "sales" / "*.csv"),
        "ARCHETYPE_MRDL": "",
        "ARCHETYPE_THREADS": "1",
        "DBT_TARGET_PATH": str(root / "target"),
        "DBT_LOG_PATH": str(root / "logs"),
    }
    program = [sys.executable, str(Path(__file__).with_name("replay_runs.py"))]
    result = subprocess.run(
        [*program, str(root / "steps.json")],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def difference(outcome: dict[str, object], log: str) -> dict[str, object]:
    """Give the first difference in a log."""
    found = json.loads(outcome["stdout"])["logs"]
    return next(one["first"] for one in found if one["log"] == log)


def replay_command(home: Path, *arguments: str, monkeypatch):
    """Call the command for a home."""
    monkeypatch.chdir(ROOT)
    return CliRunner().invoke(app, ["replay", *arguments], env={"ARCHETYPE_HOME": str(home)})


def test_a_replay_gives_what_was_said_within_a_session_and_at_the_end_of_a_tick(history):
    outcome = history.outcomes["on_the_way"]
    assert outcome["exit_code"] == 0, outcome
    assert "the raw files give them" in outcome["stdout"]
    assert "replaying sales up to 2025-01-07" in outcome["stderr"]


def test_a_replay_goes_through_a_refit_and_early_calls(history):
    outcome = history.outcomes["after_all"]
    found = json.loads(outcome["stdout"])
    assert outcome["exit_code"] == 0, found
    assert found["is_equal"]
    assert found["notes"] == []
    rows = {log["log"]: (log["n_logged"], log["n_rebuilt"]) for log in found["logs"]}
    assert rows["session_model_log"] == (2, 2)
    assert min(rows[log.name][0] for log in LOGS) > 0, "a log without rows shows nothing"
    assert all(logged == rebuilt for logged, rebuilt in rows.values())
    # The fit, the early calls of the second build, the refit; and one build of all sales.
    assert found["n_builds"] == 4


def test_a_replay_leaves_the_home_alone(history):
    then, untouched = (history.root / name / WAREHOUSE_NAME for name in ("then", "untouched"))
    assert then.read_bytes() == untouched.read_bytes()
    assert [path.name for path in then.parent.iterdir()] == [then.name]


def test_a_raw_file_that_was_edited_is_found(history):
    outcome = history.outcomes["spoilt"]
    assert outcome["exit_code"] == 1
    first = difference(outcome, "stg_sales__ticks")
    assert (first["key"]["file_name"], first["column"]) == (history.sales[0].name, "units")
    assert float(first["rebuilt"]) == 8 * float(first["logged"])
    notes = json.loads(outcome["stdout"])["notes"]
    assert f"since the last build, raw sales files are changed: {history.sales[0].name}" in notes
    changed = history.edited.path.name
    assert f"since the last build, raw session files are changed: {changed}" in notes
    assert any("was fitted on another vector of" in note for note in notes)


def test_a_session_that_came_late_is_named(history):
    notes = json.loads(history.outcomes["spoilt"]["stdout"])["notes"]
    late = next(note for note in notes if "was not fitted on" in note)
    assert f"was not fitted on {history.late.id}: older than the fit" in late
    assert difference(history.outcomes["spoilt"], "session_model_log")["what"] != "differs"


def test_raw_files_that_are_missing_are_told_in_a_line(history):
    outcome = history.outcomes["without"]
    assert outcome["exit_code"] == 2
    (error,) = [line for line in outcome["stderr"].splitlines() if line.startswith("error:")]
    assert "no file matches" in error
    assert "ARCHETYPE_SALES" in error


@pytest.mark.parametrize(
    ("log", "column", "value"),
    [
        ("session_assignments", "distance", "distance + 1e-13"),
        ("session_early_calls", "probabilities", "list_reverse(probabilities)"),
        ("minority_reports_detected_log", "severity_score", "severity_score * 2"),
        ("session_model_log", "reason", "'none'"),
    ],
)
def test_a_row_that_was_edited_is_the_first_difference(history, tmp_path, log, column, value):
    edited = edited_home(history, tmp_path, f"update {log} set {column} = {value}")
    found = compare(edited, history.root / "after_all", datetime(2026, 1, 1))
    assert [one.log for one in found.logs if one.first] == [log]
    first = next(one.first for one in found.logs if one.first)
    assert (first.what, first.column) == ("differs", column)
    assert first.logged != first.rebuilt


def test_a_row_that_was_deleted_is_the_first_difference(history, tmp_path):
    rowid = "(select max(rowid) from session_minidash)"
    edited = edited_home(history, tmp_path, f"delete from session_minidash where rowid = {rowid}")
    found = compare(edited, history.root / "after_all", datetime(2026, 1, 1))
    (log,) = [one for one in found.logs if one.first]
    assert (log.log, log.first.what) == ("session_minidash", "only in the replay")
    # What comes later takes no part.
    assert compare(edited, history.root / "after_all", datetime(2025, 1, 2)).is_equal


def test_a_zero_is_a_zero_with_any_sign(history, tmp_path):
    change = "update minority_report_map set x = case when rowid = 0 then {} else x end"
    folders = []
    for name, zero in (("one", "0.0"), ("other", "-0.0")):
        folders.append(tmp_path / name)
        edited_home(history, folders[-1], change.format(f"cast('{zero}' as double)"))
    assert compare(*folders, datetime(2026, 1, 1)).is_equal


def edited_home(history, folder: Path, *statements: str) -> Path:
    """Copy the home and change its warehouse by hand."""
    folder.mkdir(exist_ok=True)
    shutil.copy(history.root / "then" / WAREHOUSE_NAME, folder / WAREHOUSE_NAME)
    with duckdb.connect(str(folder / WAREHOUSE_NAME)) as connection:
        for statement in statements:
            connection.execute(statement)
    return folder


@pytest.mark.parametrize(
    ("to", "problem"),
    [
        ("yesterday", "--to 'yesterday' is no instant"),
        ("1999-12-31", "nothing was logged by 1999-12-31 00:00:00: the first row is"),
    ],
)
def test_an_instant_without_a_replay_is_refused(history, monkeypatch, to, problem):
    result = replay_command(history.root / "then", "--to", to, monkeypatch=monkeypatch)
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert problem in line


def test_a_home_without_a_warehouse_is_refused(tmp_path, monkeypatch):
    result = replay_command(tmp_path, "--to", "2025-01-01", monkeypatch=monkeypatch)
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert f"there is no warehouse {tmp_path}" in line


def test_a_replay_needs_an_empty_home_and_chooses_what_to_build(history, monkeypatch):
    home, given = history.root / "then", ("--to", "2025-01-07")
    full = ("--home", str(history.root))
    for arguments, problem in ((full, "is not empty"), (("--select", "x"), "--select is not for")):
        result = replay_command(home, *given, *arguments, monkeypatch=monkeypatch)
        assert result.exit_code == 2
        assert problem in result.stderr


def test_instants_are_read_in_utc():
    assert read_instant("2025-01-31T18:00:00+01:00") == datetime(2025, 1, 31, 17)
    assert read_instant("2025-01-31") == datetime(2025, 1, 31)


def test_no_log_is_forgotten(history):
    manifest = json.loads((history.root / "target" / "manifest.json").read_text())
    names = {
        node["name"]
        for node in manifest["nodes"].values()
        if node["config"]["materialized"] == "incremental"
    }
    check_every_log(names)
    with pytest.raises(ValueError, match="the log another_log has no instant"):
        check_every_log(names | {"another_log"})
    with pytest.raises(ValueError, match="session_minidash is no incremental model"):
        check_every_log(names - {"session_minidash"})


def test_a_fit_is_planned_with_its_own_parameters_and_callers():
    """Two models: 4 of 7 sessions, then another k; early calls by one caller, then by another."""
    connection = duckdb.connect()
    connection.execute(PLANNED)
    day = [datetime(2025, 1, i) for i in range(1, 10)]
    steps = plan_steps(connection, "memory", day[8])
    told = [(step.to.day, step.variables.get("k"), step.variables["refit"]) for step in steps]
    assert told == [(2, 2, False), (3, 2, False), (5, 3, True), (7, 3, False)]
    early = [
        (step.variables["session_fingerprinting"], step.variables.get("early_caller"))
        for step in steps
    ]
    assert early == [(True, "prototype"), (True, "discriminant"), (False, None), (False, None)]
    assert steps[0].variables["sessions_to"] == "2025-01-02 00:00:00"
    # A session that runs from the 6th to the 7th is read whole.
    assert [step.to.day for step in plan_steps(connection, "memory", day[5])] == [2, 3, 5, 7]
    assert [step.to.day for step in plan_steps(connection, "memory", day[3])] == [2, 3]


PLANNED = """
create table session_model_log as
from (values
    ('a', 1, '{"k":2,"n_components":3}', timestamp '2025-01-02'),
    ('b', 2, '{"k":3,"n_components":3}', timestamp '2025-01-05')
) as t (model_version, version_number, parameters, valid_from);
create table session_fingerprints as
select cast(i as varchar) as session_id, timestamp '2024-12-31' + to_days(i - 1) as started_at,
    timestamp '2024-12-31' + to_days(i) as as_of_at
from range(1, 8) as t (i);
create table session_assignments as
select 'a' as model_version, as_of_at from session_fingerprints where session_id <= '3'
union all select 'b', as_of_at from session_fingerprints;
create table session_early_caller_log as
from (values
    ('p', 1, 'a', '{"caller":"prototype"}'), ('d', 2, 'a', '{"caller":"discriminant"}')
) as t (caller_version, caller_number, model_version, parameters);
create table session_early_calls as
from (values
    ('1', 'a', 'p', timestamp '2025-01-01'), ('2', 'a', 'p', timestamp '2025-01-02'),
    ('3', 'a', 'd', timestamp '2025-01-03')
) as t (session_id, model_version, caller_version, as_of_at);
"""
