"""Copy the public tables into the file that BI reads, atomically."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa

from archetype.durable import flush

PUBLISHED_NAME = "published.duckdb"
WAREHOUSE_NAME = "archetype.duckdb"
ATTACHED_NAME = "publishing"


class Macro(NamedTuple):
    """A function in SQL that is published beside the tables.

    Parameters
    ----------
    name : str
        What it is called.
    definition : str
        What follows its name in ``create macro``: parameters and body, of every overload. It is
        bound outside the file's own schema, so it must be its own: no table, no other macro.
    comment : str
        What it does, in words.
    """

    name: str
    definition: str
    comment: str


def publish_tables(
    connection: duckdb.DuckDBPyConnection, tables: list[str], macros: Sequence[Macro] = ()
) -> pa.Table:
    """Replace ``published.duckdb`` beside the warehouse by a new copy of the public tables.

    Readers see the old file or the new one, never a mixture: the copy is written under another
    name, flushed to disk and then renamed. Constraints and comments are copied too, so the file
    describes itself.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        A connection to the warehouse.
    tables : list of str
        Names of the tables to copy from the warehouse's schema ``main``.
    macros : sequence of Macro
        Macros to create beside them.

    Returns
    -------
    pyarrow.Table
        One row a table: ``table_name`` and ``row_count``.
    """
    (warehouse,) = connection.execute("select current_database()").fetchone()
    target = home_of(connection) / PUBLISHED_NAME
    draft = target.with_name(f"{PUBLISHED_NAME}.{os.getpid()}.draft")
    remove_drafts(target.parent)
    try:
        connection.execute(f"attach '{_quoted(str(draft))}' as {ATTACHED_NAME}")
        try:
            counts = [_copy(connection, warehouse, table) for table in tables]
            for macro in macros:
                _create(connection, macro)
        finally:
            connection.execute(f"detach {ATTACHED_NAME}")
        flush(draft)
        draft.replace(target)
        flush(target.parent)
    finally:
        draft.unlink(missing_ok=True)
    return pa.table(
        {"table_name": pa.array(tables, pa.string()), "row_count": pa.array(counts, pa.int64())}
    )


def remove_drafts(home: Path) -> None:
    """Remove what builds that were killed left of files that they were about to publish.

    Parameters
    ----------
    home : pathlib.Path
        The folder of the warehouse, which this process has open for writing: no other build runs.
    """
    for draft in home.glob(f"{PUBLISHED_NAME}.*.draft*"):
        draft.unlink()


def home_of(connection: duckdb.DuckDBPyConnection) -> Path:
    """Give the folder of everything that a build writes.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        A connection to the warehouse.

    Returns
    -------
    pathlib.Path
        The folder that the warehouse's file lies in.
    """
    (path,) = connection.execute(
        "select path from duckdb_databases() where database_name = current_database()"
    ).fetchone()
    return Path(path).parent


def _copy(connection: duckdb.DuckDBPyConnection, warehouse: str, table: str) -> int:
    """Copy one table with its constraints and comments; give its row count."""
    where = f"database_name = '{_quoted(warehouse)}' and schema_name = 'main'"
    where += f" and table_name = '{_quoted(table)}'"
    found = connection.execute(f"select sql, comment from duckdb_tables() where {where}").fetchone()
    if found is None:
        raise ValueError(f"Table {table} is not in the warehouse: build it, then publish again.")
    definition, comment = found
    connection.execute(
        definition.replace(f"CREATE TABLE {table}", f"CREATE TABLE {ATTACHED_NAME}.main.{table}", 1)
    )
    connection.execute(
        f"insert into {ATTACHED_NAME}.main.{table} from {warehouse}.main.{table} order by all"
    )
    if comment:
        connection.execute(f"comment on table {ATTACHED_NAME}.main.{table} is '{_quoted(comment)}'")
    columns = connection.execute(
        f"select column_name, comment from duckdb_columns() where {where} and comment is not null"
    ).fetchall()
    for column, text in columns:
        connection.execute(
            f"comment on column {ATTACHED_NAME}.main.{table}.{column} is '{_quoted(text)}'"
        )
    return connection.execute(f"select count(*) from {ATTACHED_NAME}.main.{table}").fetchone()[0]


def _create(connection: duckdb.DuckDBPyConnection, macro: Macro) -> None:
    """Create one macro with its comment."""
    name = f"{ATTACHED_NAME}.main.{macro.name}"
    connection.execute(f"create macro {name}{macro.definition}")
    connection.execute(f"comment on macro {name} is '{_quoted(macro.comment)}'")


def _quoted(text: str) -> str:
    """Escape a text for a SQL literal."""
    return text.replace("'", "''")
