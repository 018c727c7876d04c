"""What a home holds, for tests that compare one with another."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path

import duckdb
from conftest import ROOT

# Tables with such a column say when a build ran, or hash those that do: histories differ in them.
CLOCK_COLUMNS = {"build_id", "row_hash"}


def published_tables() -> dict[str, list[str]]:
    """Read the macro of this name: public tables, and the columns that their hashes leave out."""
    text = (ROOT / "macros" / "published_tables.sql").read_text()
    return ast.literal_eval(re.search(r"return\((\{.*?\})\)", text, re.DOTALL)[1])


def content(connection, table: str, left_out: Iterable[str] = ()) -> tuple[int, str]:
    """Count a table's rows and hash them once more, as CONTRIBUTING.md describes it."""
    excluded = f"exclude ({', '.join(left_out)})" if left_out else ""
    return connection.execute(
        f"""
        select
            cast(coalesce(sum(n_rows), 0) as bigint),
            md5(coalesce(string_agg(bucket_md5, '' order by bucket), ''))
        from (
            select
                left(row_md5, 2) as bucket,
                count(*) as n_rows,
                md5(string_agg(row_md5, '' order by row_md5)) as bucket_md5
            from (
                select
                    md5(
                        regexp_replace(
                            cast(to_json(kept) as varchar), '-0\\.0([,\\]}}])', '0.0\\1', 'g'
                        )
                    ) as row_md5
                from (select * {excluded} from {table}) as kept
            )
            group by bucket
        )
        """
    ).fetchone()


def torn(connection) -> list[str]:
    """Name the public tables whose rows are not those that the last build counted and hashed."""
    (build_id, rows, hashes) = connection.execute(
        "select build_id, table_row_counts, table_content_hashes from build_runs"
        " order by started_at desc limit 1"
    ).fetchone()
    rows, hashes = dict(rows), dict(hashes)
    return [
        f"{table} is not of build {build_id}: {found} for {(rows[table], hashes[table])}"
        for table, left_out in published_tables().items()
        if (found := content(connection, table, left_out)) != (rows[table], hashes[table])
    ]


@dataclass(frozen=True)
class State:
    """What a home holds at one moment.

    Parameters
    ----------
    logs : dict
        Per append-only table its row count and content hash; those that hold the wall clock are
        left out.
    tables : set of str
        All tables and views of the warehouse.
    builds : list of dict
        The content hashes of all public tables, per row of `build_runs`.
    files : dict
        The md5 of each sidecar and of each file of an artifact.
    names : set of str
        The names in the home itself.
    published : str or None
        The md5 of the published file.
    """

    logs: dict[str, tuple[int, str]]
    tables: set[str]
    builds: list[dict[str, str]]
    files: dict[str, str]
    names: set[str]
    published: str | None


def state_of(home: Path, logs: Iterable[str]) -> State:
    """Look at a home without changing it; where there is no home, at nothing."""
    warehouse, published = home / "archetype.duckdb", home / "published.duckdb"
    contents, tables, builds = {}, set(), []
    if warehouse.exists():
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            columns = "select table_name, column_name from duckdb_columns() where not internal"
            found = connection.execute(columns).fetchall()
            tables = {table for table, _ in found}
            with_clock = {table for table, column in found if column in CLOCK_COLUMNS}
            for log in logs:
                if log in tables - with_clock:
                    contents[log] = content(connection, log)
            if "build_runs" in tables:
                sql = "select table_content_hashes from build_runs order by started_at"
                rows = connection.execute(sql).fetchall()
                builds = [dict(hashes) for (hashes,) in rows]
    files = (file for folder in ("runs", "artifacts") for file in (home / folder).rglob("*"))
    return State(
        logs=contents,
        tables=tables,
        builds=builds,
        files={
            str(file.relative_to(home)): md5(file.read_bytes()).hexdigest()
            for file in files
            if file.is_file()
        },
        names={file.name for file in home.glob("*")},
        published=md5(published.read_bytes()).hexdigest() if published.exists() else None,
    )


def visible(files: dict[str, str]) -> dict[str, str]:
    """Leave out what is still being written: those names, or their folders', begin with a dot."""
    return {name: content for name, content in files.items() if "/." not in name}


def differing(found: dict[str, object], wanted: dict[str, object]) -> list[str]:
    """Say what two mappings hold differently."""
    names = sorted(found.keys() | wanted.keys())
    return [
        f"{name}: {found.get(name)} for {wanted.get(name)}"
        for name in names
        if found.get(name) != wanted.get(name)
    ]
