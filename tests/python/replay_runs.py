"""A history of builds in one process, and replays of it: parsed once, without tests.

It is run as a program, so that pytest's own process opens no warehouse::

    python replay_runs.py steps.json

`steps.json` is a list of steps. A step may give raw files (by the name under which they are to be
found from then on), build both wings or what leads to some tables with variables, keep copies of
the warehouse as it stood afterwards, or replay, whose outcome it writes to a file.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from typer.testing import CliRunner

from archetype.cli import app
from archetype.replay import WAREHOUSE_NAME
from archetype.replay_logs import LOGS

MARTS = ("session_processing_log", "sales_processing_log", "sales_clock_log", "sessions")
ENDS = (*MARTS, *(log.name for log in LOGS))
WITHOUT_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
QUIETLY = ("--quiet", "--log-level-file", "none", "--no-write-json")


def run_steps(steps: list[dict[str, object]], home: Path) -> None:
    """Take the steps one after the other; the first that fails ends the program."""
    manifest = None
    for step in steps:
        for name, source in step.get("raw", {}).items():
            give_file(home.parent / "raw" / name, source)
        if "variables" in step:
            # The variables of all builds differ in what SQL reads alone: they share one parse.
            manifest = manifest or parse(step["variables"])
            build(manifest, step["variables"], step.get("ends", ENDS), home)
        for name in step.get("keep", ()):
            (home.parent / name).mkdir()
            shutil.copy(home / WAREHOUSE_NAME, home.parent / name / WAREHOUSE_NAME)
        if "replay" in step:
            outcome = run_replay(
                home.parent / step["of"],
                [text.replace("{root}", str(home.parent)) for text in step["replay"]],
            )
            (home.parent / step["out"]).write_text(json.dumps(outcome))


def give_file(place: Path, source: str | None) -> None:
    """Put a raw file in its place, or take it away."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    if source:
        shutil.copy(source, place)


def parse(variables: dict[str, object]):
    """Parse the project; what it holds is written to `manifest.json` too."""
    return dbtRunner().invoke(["--quiet", "parse", "--vars", json.dumps(variables)]).result


def build(manifest, variables: dict[str, object], ends: list[str], home: Path) -> None:
    """Build what leads to some tables."""
    command = ["run"] if (home / WAREHOUSE_NAME).exists() else ["build", *WITHOUT_TESTS]
    selection = [f"+{name}" for name in ends]
    command += ["--select", *selection, "--vars", json.dumps(variables)]
    outcome = dbtRunner(manifest=manifest).invoke([*QUIETLY, *command])
    # Or the file would stay open, and its last changes in a file of their own.
    DuckDBConnectionManager.close_all_connections()
    if not outcome.success:
        sys.exit(f"the build with {variables} failed: {outcome.exception}")


def run_replay(home: Path, arguments: list[str]) -> dict[str, object]:
    """Call `archetype replay` for a home; give its exit code and what it printed."""
    result = CliRunner().invoke(app, ["replay", *arguments], env={"ARCHETYPE_HOME": str(home)})
    return {"exit_code": result.exit_code, "stdout": result.stdout, "stderr": result.stderr}


if __name__ == "__main__":
    run_steps(json.loads(Path(sys.argv[1]).read_text()), Path(os.environ["ARCHETYPE_HOME"]))
