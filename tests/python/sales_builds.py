"""Many builds of the sales wing in one process: parsed once, without tests.

It is run as a program, so that pytest's own process opens no warehouse::

    python sales_builds.py steps.json

`steps.json` is a list of steps. A step may swap the folder of raw files, build with variables, keep
a copy of the warehouse as it stood afterwards, or be killed in the middle; those come first, since
a process that has opened a warehouse cannot be forked.
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
        # Seeds are loaded once; after that they would only be loaded again.
        command = ["run"] if warehouse.exists() else ["build", *WITHOUT_TESTS]
        command += ["--select", *SELECTION, "--vars", json.dumps(step.get("variables", {}))]
        if step.get("die_after"):
            build_and_die(manifest, command, step["die_after"])
            continue
        if not build(manifest, command):
            sys.exit(f"the build failed: {step}")
        # Or the file would stay open, and its last changes in a file of their own.
        DuckDBConnectionManager.close_all_connections()
        if step.get("keep"):
            shutil.copy(warehouse, step["keep"])


def build(manifest, command: list[str], callbacks: tuple = ()) -> bool:
    """Run dbt in this process; say whether all went well."""
    quietly = ["--quiet", "--log-level-file", "none", "--no-write-json"]
    return dbtRunner(manifest=manifest, callbacks=list(callbacks)).invoke(quietly + command).success


def build_and_die(manifest, command: list[str], node_name: str) -> None:
    """Build in a child that is killed once a node has run; end the program if it is not."""
    child = os.fork()
    if child == 0:
        build(manifest, command, (killer(node_name),))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
        sys.exit(f"the build went beyond {node_name}")


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
