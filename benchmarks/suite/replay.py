"""Runs a part of the project's own compiled SQL in one DuckDB process, without dbt.

The part is cut out of the graph: what a few named models hold is read from Parquet, and every SQL
model from there to the last one is created in the order of the graph, in memory, as dbt would
create it. So the same events go into our SQL and into a peer, and neither pays for dbt.
"""

from __future__ import annotations

import json
import time
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

DATABASE = "archetype"
IN_PARTS = "session_window_features"
COUNT_PARTS = "select 1 + count(*) // {part_events} from session_events"
SET_PART = "set variable session_{end} = cast({value} as ubigint)"
N_HASHES = 2**64
THREADS = 2
Row = dict[str, object]


def read_nodes(target: Path) -> dict[str, Row]:
    """Read the models and seeds of a target folder of dbt, by their names."""
    manifest = json.loads((target / "manifest.json").read_text())
    return {
        node["name"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "seed")
    }


def find_part(target: Path, last: str, cut: list[str]) -> list[tuple[str, str, str]]:
    """Find the models from a cut to a last one.

    Parameters
    ----------
    target : pathlib.Path
        A target folder of dbt after a build that compiled them.
    last : str
        Name of the last model.
    cut : list of str
        Names of the models that are given.

    Returns
    -------
    list of (name, materialization, compiled SQL)
        In an order in which they can be created.

    Raises
    ------
    ValueError
        The cut names no model, or leaves a way to a source, a seed or a Python model.
    """
    nodes = read_nodes(target)
    unknown = [name for name in (last, *cut) if name not in nodes]
    if unknown:
        raise ValueError(f"no such model in the graph: {', '.join(unknown)}; change the cut")
    graph: dict[str, set[str]] = {}
    pending = [last]
    while pending:
        name = pending.pop()
        if name in graph:
            continue
        node = nodes[name]
        if node["resource_type"] != "model" or node["language"] != "sql" or node["sources"]:
            raise ValueError(f"the cut {cut} leaves a way from {last} to {name}, which is not SQL")
        parents = {
            one.split(".")[-1]
            for one in node["depends_on"]["nodes"]
            if one.split(".")[0] in ("model", "seed")
        }
        graph[name] = parents - set(cut)
        pending += graph[name]
    part = []
    for name in TopologicalSorter(graph).static_order():
        node = nodes[name]
        path = target / "compiled" / node["package_name"] / node["original_file_path"]
        part.append((name, node["config"]["materialized"], path.read_text()))
    return part


def replay(
    target: str,
    last: str,
    given: dict[str, str],
    spill: str,
    out: str | None = None,
    query: str = "from {last}",
    memory_limit: str | None = None,
) -> Row:
    """Create a part of the graph from Parquet files, and time it.

    Parameters
    ----------
    target, last : str
        See `find_part`.
    given : dict of str to str
        The Parquet file, or a query in brackets, of each model of the cut.
    spill : str
        Folder for what does not fit into memory.
    out : str, optional
        A Parquet file to write the result to, outside the clock.
    query : str
        What to write there.
    memory_limit : str, optional
        DuckDB's.

    Returns
    -------
    dict
        `engine_s`: from the first statement to the last; `result_rows`.
    """
    import duckdb

    part = find_part(Path(target), last, list(given))
    meta = read_nodes(Path(target))[IN_PARTS]["config"]["meta"]
    with duckdb.connect() as connection:
        connection.execute(f"attach ':memory:' as {DATABASE}; use {DATABASE}")
        connection.execute(f"set threads = {THREADS}; set timezone = 'UTC'")
        connection.execute(f"set temp_directory = '{spill}'")
        if memory_limit:
            connection.execute(f"set memory_limit = '{memory_limit}'")
        started = time.perf_counter()
        for name, rows in given.items():
            relation = rows if rows.startswith("(") else f"read_parquet('{rows}')"
            connection.execute(f"create view {name} as select * from {relation}")
        for name, materialized, sql in part:
            if name == IN_PARTS:
                (n_parts,) = connection.execute(COUNT_PARTS.format(**meta)).fetchone()
                _create_in_parts(connection, name, sql, n_parts)
            else:
                kind = "view" if materialized == "view" else "table"
                connection.execute(f"create {kind} {name} as {sql}")
        seconds = time.perf_counter() - started
        (n_rows,) = connection.execute(f"select count(*) from {last}").fetchone()
        if out:
            wanted = query.format(last=last)
            connection.execute(f"copy ({wanted}) to '{out}' (format parquet)")
    return {"engine_s": seconds, "result_rows": n_rows}


def _create_in_parts(
    connection: duckdb.DuckDBPyConnection, name: str, sql: str, n_parts: int
) -> None:
    """Do what the hooks begin_session_parts and add_session_parts do, which only dbt runs."""
    n_hashes = (N_HASHES - 1) // n_parts + 1
    for first in range(0, N_HASHES, n_hashes):
        last = min(first + n_hashes, N_HASHES) - 1
        connection.execute(SET_PART.format(end="from", value=first))
        connection.execute(SET_PART.format(end="to", value=last))
        verb = f"insert into {name}" if first else f"create table {name} as"
        connection.execute(f"{verb} {sql}")
