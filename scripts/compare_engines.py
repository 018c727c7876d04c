"""Read with one DuckDB what another published, and compare it with what this one publishes.

    python scripts/compare_engines.py <home built by another version> [<home built by this one>]

Every table is read, the scoring macros of every file are called, and of two files from the same raw
files every cell is compared. It says what it has compared, and fails with the first difference.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

BUILDS = "build_runs"
# Which build it was, when, and in what order an engine wrote a log: that differs in these tables,
# and what is named of them does not.
OF_THE_BUILD = {
    BUILDS: "table_content_hashes, table_row_counts, session_model_version",
    "log_checkpoints": "log_name, checkpoint_number, row_count, n_new_rows",
}


def main(*homes: str) -> list[str]:
    """Read and compare.

    Parameters
    ----------
    *homes : str
        One or two homes with a `published.duckdb` each.

    Returns
    -------
    list of str
        What was found, a line each.

    Raises
    ------
    SystemExit
        A file cannot be read whole, or two differ; the message names the table.
    """
    sides = ("old", "new")[: len(homes)]
    with duckdb.connect() as connection:
        lines = []
        for side, home in zip(sides, homes, strict=True):
            path = str(Path(home, "published.duckdb")).replace("'", "''")
            connection.execute(f"attach '{path}' as {side} (read_only)")
            lines += [read_file(connection, side), score(connection, side)]
        if len(sides) > 1:
            lines.append(compare(connection))
    return lines


def tables_of(connection: duckdb.DuckDBPyConnection, side: str) -> list[str]:
    """Give the tables of a file, in the order of their names."""
    query = "select table_name from duckdb_tables() where database_name = ? order by 1"
    return [name for (name,) in connection.execute(query, [side]).fetchall()]


def read_file(connection: duckdb.DuckDBPyConnection, side: str) -> str:
    """Read every row of every table, as many as the build has recorded."""
    version, counts = connection.execute(
        f"select duckdb_version, table_row_counts from {side}.{BUILDS}"
        " order by started_at desc limit 1"
    ).fetchone()
    tables = tables_of(connection, side)
    for table in tables:
        found = len(connection.execute(f"from {side}.{table}").fetchall())
        if found != dict(counts).get(table, found):
            sys.exit(f"{table} has {found} rows, expected {dict(counts)[table]}")
    n_rows = sum(dict(counts).values())
    read = f"read {len(tables)} tables with {n_rows} rows"
    return f"DuckDB {duckdb.__version__}: {read} of the file of {version}."


def score(connection: duckdb.DuckDBPyConnection, side: str) -> str:
    """Score every full session with the file's macros: as it was assigned."""
    connection.execute(f"use {side}")
    n_scored, n_wrong = connection.execute(
        "select count(*), count(*) filter (where archetype_id != archetype_of(feature_vector,"
        " imputed_features) or archetype_confidence(feature_vector) is null or len("
        "archetype_distances(feature_vector)) < archetype_id)"
        " from session_assignments inner join session_fingerprints using (session_id)"
        " where checkpoint_pct = 100"
    ).fetchone()
    connection.execute("use memory")
    if n_wrong or not n_scored:
        sys.exit(f"archetype_of is wrong of {n_wrong} of {n_scored} sessions")
    return f"Its macros score {n_scored} sessions as they are assigned."


def compare(connection: duckdb.DuckDBPyConnection) -> str:
    """Compare every cell of two files, and the recorded hashes."""
    tables, others = tables_of(connection, "old"), tables_of(connection, "new")
    if tables != others:
        sys.exit(f"tables that only one file has: {sorted({*tables} ^ {*others})}")
    for table in tables:
        columns = OF_THE_BUILD.get(table, "*")
        for one, other in (("old", "new"), ("new", "old")):
            rows = connection.execute(
                f"select {columns} from {one}.{table}"
                f" except all select {columns} from {other}.{table}"
            ).fetchall()
            if rows:
                sys.exit(f"{table}: {len(rows)} rows of the {one} file differ, first: {rows[0]}")
    return f"The {len(tables)} tables of both files are the same, cell for cell and by hash."


if __name__ == "__main__":
    print("\n".join(main(*sys.argv[1:3])))
