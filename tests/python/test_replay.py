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
from archetype.replay import compare
from archetype.replay_logs import EXEMPT, LOGS, check_every_log
from archetype.simulate import simulate_sales, simulate_sessions

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
# Sessions known to each build. Early calls are made by the second; the third fits anew.
BUILDS = (6, 9, 11)
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
    running = sessions[BUILDS[1] - 1]
    instants = {
        "at_a_tick": datetime(2025, 1, 3, 14),
        "mid_session": running.starts_at + (running.ends_at - running.starts_at) / 2,
        "after_all": datetime(2026, 1, 1),
        "spoilt": sessions[BUILDS[0] - 1].ends_at,
    }
    steps = []
    for i, (n_before, n_known) in enumerate(zip((0, *BUILDS), BUILDS, strict=False)):
        known = [one for one in sessions[n_before:n_known] if one is not late]
        raw = {f"sessions/{one.path.name}": str(one.path) for one in known}
        # The last build knows of two weeks more.
        weeks = sales[i : i + 1 if n_known < BUILDS[-1] else None]
        raw |= {f"sales/{path.name}": str(path) for path in weeks}
        steps.append({"raw": raw, "variables": VARIABLES | CHANGES[i]})
    steps[-1]["keep"] = "then"
    steps += [replayed("then", name, instants[name]) for name in list(instants)[:3]]
    raw = {f"sessions/{late.path.name}": str(late.path)}
    steps.append({"raw": raw, "variables": VARIABLES, "ends": ["sessions", "session_assignments"]})
    raw = {
        f"sessions/{edited.path.name}": edited_session(edited.path, root),
        f"sales/{sales[0].name}": edited_sales(sales[0], root),
    }
    steps.append({"raw": raw} | replayed("home", "spoilt", instants["spoilt"]))
    run_program(root, steps)
    outcomes = {path.stem: json.loads(path.read_text()) for path in root.glob("out/*.json")}
    return SimpleNamespace(
        root=root, instants=instants, outcomes=outcomes, late=late, edited=edited, sales=sales
    )


def simulated_sessions(folder: Path) -> list[SimpleNamespace]:
    """Simulate sessions; give each file with its span, by the end."""
    simulate_sessions(folder, BUILDS[-1], 5, "json")
    found = []
    for path in sorted(folder.glob("*_0*[0-9].json")):
        told = json.loads(path.read_text())["session_metadata"]
        day = told.get("session_date") or told["date"]
        start = told.get("session_start") or told["start_time"]
        starts_at = datetime.fromisoformat(f"{day} {start}") + NEW_YORK
        ends_at = starts_at + timedelta(minutes=float(told["session_duration"]))
        found.append(SimpleNamespace(path=path, starts_at=starts_at, ends_at=ends_at))
    return sorted(found, key=lambda one: (one.ends_at, one.path.name))


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


def replayed(home: str, name: str, to: datetime) -> dict[str, object]:
    """Spell the step of a replay."""
    asked = {"home": home, "fresh": f"fresh_{name}", "to": str(to), "variables": TOLD}
    return {"replay": asked, "out": f"out/{name}.json"}


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


@pytest.mark.parametrize("name", ["at_a_tick", "mid_session", "after_all"])
def test_the_raw_files_give_what_the_logs_said(history, name):
    outcome = history.outcomes[name]
    print(name, history.instants[name], json.dumps(outcome, indent=1))
    assert outcome["is_equal"]
