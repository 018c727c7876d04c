"""Remove what a killed build left behind, before the next one begins.

`profiles.yml` names this module as a plugin of dbt-duckdb, so every command of dbt that opens the
warehouse cleans it first: `archetype build` and plain `dbt build` alike. DuckDB lets one process at
a time write a file. So whatever lies beside a warehouse that was just opened, and has no other
writer than a build, has no living owner.
"""

from __future__ import annotations

import contextlib
import fcntl
from pathlib import Path

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin

from archetype.publish import remove_drafts

# A folder of this name is where DuckDB puts what memory does not hold, in files of these names.
SPILL_SUFFIX = ".tmp"
SPILL_FILES = "duckdb_temp_*"

# DuckDB begins a new file with so many bytes of headers: one of fewer holds no table, and cannot be
# opened. These bytes of it say whose it is.
HEADER_BYTES = 12_288
MAGIC = slice(8, 12), b"DUCK"

# dbt builds a table under another name and swaps it with the old one.
_DBT_RELATIONS = """
    select schema_name, table_name, 'table'
    from duckdb_tables()
    where database_name = current_database() and regexp_matches(table_name, '__dbt_(tmp|backup)')
    union all
    select schema_name, view_name, 'view'
    from duckdb_views()
    where database_name = current_database() and regexp_matches(view_name, '__dbt_(tmp|backup)')
"""


class Plugin(BasePlugin):
    """What dbt-duckdb calls as it opens the warehouse, before anything runs in it."""

    def update_connection_config(self, creds: object, config: dict[str, object]) -> None:
        """Remove a warehouse that was hardly begun; the configuration is left as it is."""
        remove_unborn(Path(creds.path))

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Remove leftovers; the connection itself is left as it is."""
        remove_leftovers(conn)


def remove_unborn(warehouse: Path) -> None:
    """Remove a warehouse whose build was killed in the instant in which it made the file.

    Parameters
    ----------
    warehouse : pathlib.Path
        A file of DuckDB's, if there is one. It is left alone if it has all its headers, if it is
        another program's, or if a living process holds it.
    """
    if not warehouse.is_file() or warehouse.stat().st_size >= HEADER_BYTES:
        return
    with warehouse.open("rb+") as file, contextlib.suppress(OSError):
        # DuckDB locks the file that it has opened in the same way.
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        place, magic = MAGIC
        content = file.read()
        if len(content) < HEADER_BYTES and magic.startswith(content[place]):
            warehouse.unlink()


def remove_leftovers(connection: duckdb.DuckDBPyConnection) -> None:
    """Remove spill files, drafts of the published file and dbt's tables that a kill left.

    Drafts of sidecars and artifacts may be of a command that needs no warehouse: those who write
    them remove what is left, each under a lock of its own.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        The first connection to a warehouse that was opened for writing, before any other query.
    """
    (path,) = connection.execute(
        "select path from duckdb_databases() where database_name = current_database()"
    ).fetchone()
    if path is None:
        return
    warehouse = Path(path)
    spill = warehouse.with_name(f"{warehouse.name}{SPILL_SUFFIX}")
    for file in spill.glob(SPILL_FILES):
        file.unlink()
    # There is no such folder, or it holds what is not DuckDB's.
    with contextlib.suppress(OSError):
        spill.rmdir()
    remove_drafts(warehouse.parent)
    for schema, name, kind in connection.execute(_DBT_RELATIONS).fetchall():
        connection.execute(f'drop {kind} "{schema}"."{name}"')
