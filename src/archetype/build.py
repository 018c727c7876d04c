"""Run `dbt build` and say in one screen what it did and where the result is."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import duckdb
from dbt.artifacts.schemas.results import NodeStatus
from dbt.artifacts.schemas.run import RunResult
from dbt.cli.main import dbtRunner, dbtRunnerResult
from rich.console import Console
from rich.table import Table

from archetype.audit import HEADS
from archetype.publish import PUBLISHED_NAME, WAREHOUSE_NAME

BROKEN = {NodeStatus.Error, NodeStatus.Fail, NodeStatus.RuntimeErr}
MAX_PROBLEMS = 12

_A_SIZE = "Set ARCHETYPE_MEMORY to a size such as 2500MB or 8GB, or unset it."
REMEDIES = {
    "Could not set lock": (
        "Another process has the warehouse open: close it. BI reads published.duckdb."
    ),
    "Memory must have a number": _A_SIZE,
    "Unknown unit for memory": _A_SIZE,
    "Out of Memory Error": (
        "DuckDB needs more than it may hold: set ARCHETYPE_MEMORY to more, 2500MB is usual."
    ),
}
"""What to do, by words of the engine's errors."""


def run_build(home: Path, arguments: list[str]) -> int:
    """Run `dbt build` in this process and print what it did.

    Parameters
    ----------
    home : pathlib.Path
        The folder that everything is written to; it exists.
    arguments : list of str
        Further arguments of `dbt build`.

    Returns
    -------
    int
        The exit code: 0 if every model, test and the publishing went well.
    """
    console = Console(highlight=False, width=110)
    logging.getLogger("dbt").setLevel(logging.ERROR)
    started = time.monotonic()
    outcome = dbtRunner().invoke(["--log-level", "none", "--no-print", "build", *arguments])
    seconds = time.monotonic() - started
    published = home / PUBLISHED_NAME
    if not outcome.success:
        _print_failure(console, outcome, published)
        return 1
    console.print(
        f"Built {home / WAREHOUSE_NAME} in {seconds:.0f} s.", markup=False, soft_wrap=True
    )
    if any(result.node.name == "publish" for result in outcome.result.results):
        with duckdb.connect(str(published), read_only=True) as connection:
            _print_summary(console, connection, published)
    return 0


def _print_failure(console: Console, outcome: dbtRunnerResult, published: Path) -> None:
    """Name what broke, and what readers still see."""
    problems = [str(outcome.exception)] if outcome.exception else []
    problems += [
        f"{getattr(result.node, 'name', '?')}: {_reason(result)}"
        for result in getattr(outcome.result, "results", None) or []
        if result.status in BROKEN
    ]
    console.print(f"The build failed, {len(problems)} problem(s):", style="bold red")
    for problem in problems[:MAX_PROBLEMS]:
        console.print(f"- {problem}", markup=False, soft_wrap=True)
    if len(problems) > MAX_PROBLEMS:
        console.print(f"... and {len(problems) - MAX_PROBLEMS} more: see logs/dbt.log.")
    for words, remedy in REMEDIES.items():
        if any(words in problem for problem in problems):
            console.print(remedy)
    results = getattr(outcome.result, "results", None) or []
    if any(one.node.name == "publish" and one.status == NodeStatus.Success for one in results):
        state = "holds this build: what failed is no part of it"
    else:
        state = "still holds the last good build" if published.exists() else "was not made"
    console.print(f"{published} {state}.", markup=False, soft_wrap=True)


def _reason(result: RunResult) -> str:
    """Give what a node failed with; of a Python model's traceback its last line."""
    message = (result.message or str(result.status)).strip()
    if "Traceback" in message:
        return message.splitlines()[-1].strip()
    claim = getattr(result.node, "description", "")
    # A test that ends with an error of its own says more than that it failed.
    message = message.rpartition("Invalid Input Error: ")[2]
    is_test = getattr(result.node, "resource_type", "") == "test"
    return f"{claim} ({message})" if is_test and claim else message


def _print_summary(
    console: Console, connection: duckdb.DuckDBPyConnection, published: Path
) -> None:
    """Print files by reason, anomalies by name, what this build added, and the archetypes."""
    files = connection.execute(
        "select status, reason, count(*) from session_processing_log"
        " group by all order by 1, 3 desc"
    ).fetchall()
    console.print(
        "Session files: " + ", ".join(f"{n} {status} ({why})" for status, why, n in files)
    )
    files = connection.execute(
        "select status, reason, count(*), sum(n_rows), sum(n_rows_used) from sales_processing_log"
        " group by all order by 1, 3 desc"
    ).fetchall()
    console.print(
        "Sales files: "
        + ", ".join(
            f"{n} {status} ({why}, {used:,} of {rows:,} rows)"
            for status, why, n, rows, used in files
        )
    )
    reports = connection.execute(
        "select cluster_name, count(*) from minority_reports group by all order by 2 desc, 1"
    ).fetchall()
    console.print("Sales anomalies: " + ", ".join(f"{n} {name}" for name, n in reports))
    console.print(_table_of_tables(connection))
    model = connection.execute(
        "select model_version, n_sessions, silhouette, stability, pipeline_stability, reason"
        " from session_models where status = 'champion'"
    ).fetchone()
    if model:
        version, n_sessions, silhouette, stability, strict, reason = model
        console.print(
            f"Model {version} of {n_sessions} sessions ({reason}):"
            f" silhouette {_number(silhouette)}, stability {_number(stability)}"
            f" ({_number(strict)} with the space refitted too)"
        )
        console.print(_table_of_archetypes(connection, version))
    head = connection.execute(HEADS).fetchall()[-1][0]
    console.print(f"Logs intact, head of their chain: {head}")
    console.print(
        f"Read it: {published} (DuckDB, schema main, read-only)",
        style="bold",
        markup=False,
        soft_wrap=True,
    )


def _number(value: float | None) -> str:
    """Give a metric with three digits, or say that it is undefined."""
    return "undefined" if value is None else f"{value:.3f}"


def _table_of_tables(connection: duckdb.DuckDBPyConnection) -> Table:
    """List every public table that has rows, with those that this build added."""
    builds = connection.execute(
        "select table_row_counts from build_runs order by started_at desc limit 2"
    ).fetchall()
    now = dict(builds[0][0])
    before = dict(builds[1][0]) if len(builds) > 1 else {}
    table = Table(box=None, pad_edge=False)
    table.add_column("table")
    table.add_column("rows", justify="right")
    table.add_column("since the last build", justify="right")
    for name, rows in now.items():
        if rows == 0:
            continue
        table.add_row(name, str(rows), f"{rows - before.get(name, 0):+d}")
    return table


def _table_of_archetypes(connection: duckdb.DuckDBPyConnection, version: str) -> Table:
    """List the archetypes of one model with the sessions assigned to each."""
    rows = connection.execute(
        """
        select archetype_id, archetype_label, size, count(assigned.session_id), medoid_session_id
        from session_archetypes as archetypes
        left join session_assignments as assigned using (model_version, archetype_id)
        where model_version = ?
        group by all
        order by archetype_id
        """,
        [version],
    ).fetchall()
    table = Table(box=None, pad_edge=False)
    for heading in ("archetype", "label", "fitted on", "assigned", "most typical session"):
        table.add_column(heading)
    for row in rows:
        table.add_row(*map(str, row))
    return table
