"""Many builds of the sales wing in one process: parsed once, without tests.

It is run as a program, so that a build can be killed and pytest's own process opens no warehouse::

    python sales_builds.py steps.json

`steps.json` is a list of steps. A step may swap the folder of raw files, build with variables, die
in the middle, and keep a copy of the warehouse as it stood afterwards.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from pathlib import Path

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

REPORT_LOGS = (
    "minority_reports_detected_log",
    "minority_event_ended_log",
    "anomaly_vectors",
    "minority_reports_clustered_log",
    "minority_report_map",
)
LOGS = (
    "baseline_sales_model_prediction_log",
    "anomaly_classifier_model_prediction_log",
    *REPORT_LOGS,
)
SELECTION = tuple(f"+{name}" for name in ("sales_clock_log", *LOGS))
WITHOUT_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")


def run_steps(steps: list[dict[str, object]], home: Path) -> None:
    """Take the steps one after the other; the first that fails ends the program."""
    manifest = dbtRunner().invoke(["--quiet", "parse"]).result
    warehouse = home / "archetype.duckdb"
    for step in steps:
        if step.get("raw"):
            swap_folder(home / "raw", Path(step["raw"]))
        if step.get("fresh"):
            warehouse.unlink(missing_ok=True)
        callbacks = [killer(step["die_after"])] if step.get("die_after") else []
        # Seeds are loaded once; after that they would only be loaded again.
        command = ["run"] if warehouse.exists() else ["build", *WITHOUT_TESTS]
        outcome = dbtRunner(manifest=manifest, callbacks=callbacks).invoke(
            [
                *("--quiet", "--log-level-file", "none", "--no-write-json"),
                *command,
                *("--select", *SELECTION),
                *("--vars", json.dumps(step.get("variables", {}))),
            ]
        )
        # Or the file would stay open, and its last changes in a file of their own.
        DuckDBConnectionManager.close_all_connections()
        if not outcome.success:
            sys.exit(f"the build failed: {step}")
        if step.get("keep"):
            shutil.copy(warehouse, step["keep"])


def swap_folder(link: Path, folder: Path) -> None:
    """Let the folder of raw files be another one."""
    link.unlink(missing_ok=True)
    link.symlink_to(folder)


def killer(node_name: str):
    """Make a callback that kills this process, beyond any handler, once a node has run."""

    def kill(event) -> None:
        if event.info.name == "LogModelResult" and event.data.node_info.node_name == node_name:
            os.kill(os.getpid(), signal.SIGKILL)

    return kill


if __name__ == "__main__":
    run_steps(json.loads(Path(sys.argv[1]).read_text()), Path(os.environ["ARCHETYPE_HOME"]))
