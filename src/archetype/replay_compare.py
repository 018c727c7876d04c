"""Compare what the logs of two warehouses said at an instant, row by row and cell by cell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from archetype.replay_logs import LOGS, Log
from archetype.replay_plan import find_tables

_SHOWN_BEFORE, _SHOWN = 20, 72


@dataclass(frozen=True)
class Difference:
    """The first row, by instant and key, in which a log and its replay differ.

    Parameters
    ----------
    key : dict of str to str
        The log's key.
    column : str or None
        The first column that differs; None where one side lacks the row.
    logged, rebuilt : str or None
        Its values, cut to where they part; None for null or where the row is missing.
    what : {"differs", "only in the log", "only in the replay", "other columns"}
        How they differ.
    """

    key: dict[str, str]
    column: str | None
    logged: str | None
    rebuilt: str | None
    what: str


@dataclass(frozen=True)
class Comparison:
    """One log and its replay.

    Parameters
    ----------
    log : str
        Its name.
    n_logged, n_rebuilt : int
        Rows at the instant.
    n_different : int
        Keys whose rows differ or are missing on one side.
    first : Difference or None
        The first of them.
    """

    log: str
    n_logged: int
    n_rebuilt: int
    n_different: int
    first: Difference | None


def compare_logs(
    connection: duckdb.DuckDBPyConnection, warehouse: str, replay: str, to: datetime
) -> list[Comparison]:
    """Compare every log.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Both warehouses are attached to it.
    warehouse, replay : str
        What they are attached as.
    to : datetime.datetime
        The instant, UTC: rows of later ones take no part.

    Returns
    -------
    list of Comparison
        In the order of ``LOGS``, those that either warehouse has.

    Notes
    -----
    Cells are compared exactly, doubles bit by bit, but 0.0 is -0.0. DuckDB joins what does not fit
    into memory on disk, so that no log is too large.
    """
    logged, rebuilt = find_tables(connection, warehouse), find_tables(connection, replay)
    return [
        _compare(connection, log, warehouse, replay, to, (log.name in logged, log.name in rebuilt))
        for log in LOGS
        if log.name in logged | rebuilt
    ]


def _compare(
    connection: duckdb.DuckDBPyConnection,
    log: Log,
    warehouse: str,
    replay: str,
    to: datetime,
    is_there: tuple[bool, bool],
) -> Comparison:
    sides = zip((warehouse, replay), is_there, strict=True)
    counts = [_count(connection, _rows_at(log, side), to) if there else 0 for side, there in sides]
    if not any(counts):
        return Comparison(log.name, 0, 0, 0, None)
    if not all(is_there):
        side = "the log" if is_there[0] else "the replay"
        whole = Difference({}, None, None, None, f"only in {side}")
        return Comparison(log.name, *counts, max(counts), whole)
    columns, others = _columns(connection, log, warehouse, replay)
    if others:
        whole = Difference({}, ", ".join(others), None, None, "other columns")
        return Comparison(log.name, *counts, max(counts), whole)
    keys = _key(connection, log, warehouse)
    differing = " or ".join(f"logged.{name} is distinct from rebuilt.{name}" for name in columns)
    joined = " and ".join(f"logged.{name} = rebuilt.{name}" for name in keys)
    different = f"""
        from ({_rows_at(log, warehouse)}) as logged
        full join ({_rows_at(log, replay)}) as rebuilt on {joined}
        where logged.replay_instant is null or rebuilt.replay_instant is null or {differing}
    """
    n_different = _count(connection, f"select 1 {different}", to)
    if not n_different and counts[0] != counts[1]:
        whole = Difference({}, None, None, None, "rows that stand twice")
        return Comparison(log.name, *counts, abs(counts[0] - counts[1]), whole)
    first = _first(connection, different, columns, keys, to) if n_different else None
    return Comparison(log.name, *counts, n_different, first)


def _count(connection: duckdb.DuckDBPyConnection, rows: str, to: datetime) -> int:
    return connection.execute(f"select count(*) from ({rows})", {"to": to}).fetchone()[0]


def _rows_at(log: Log, side: str) -> str:
    """Select the rows of a log that stood there at the instant, with their own."""
    instant = log.instant.format(warehouse=f"{side}.main")
    return (
        f"select * from (select log.*, {instant} as replay_instant from {side}.main.{log.name}"
        " as log) where replay_instant <= $to"
    )


def _columns(
    connection: duckdb.DuckDBPyConnection, log: Log, warehouse: str, replay: str
) -> tuple[list[str], list[str]]:
    """Give the columns that both have, in order, and those that one lacks or types otherwise."""
    sql = (
        "select column_name, data_type from duckdb_columns()"
        " where database_name = ? and schema_name = 'main' and table_name = ?"
        " order by column_index"
    )
    logged, rebuilt = (
        dict(connection.execute(sql, [side, log.name]).fetchall()) for side in (warehouse, replay)
    )
    others = [name for name in {**logged, **rebuilt} if logged.get(name) != rebuilt.get(name)]
    return [name for name in logged if name not in others], others


def _key(connection: duckdb.DuckDBPyConnection, log: Log, warehouse: str) -> list[str]:
    """Give the columns that name a row of a log: its primary key, where it has one."""
    if log.key:
        return list(log.key)
    (key,) = connection.execute(
        "select constraint_column_names from duckdb_constraints()"
        " where database_name = ? and schema_name = 'main' and table_name = ?"
        " and constraint_type = 'PRIMARY KEY'",
        [warehouse, log.name],
    ).fetchone()
    return key


def _first(
    connection: duckdb.DuckDBPyConnection,
    different: str,
    columns: list[str],
    keys: list[str],
    to: datetime,
) -> Difference:
    """Fetch the first row that differs and find out where."""
    key_texts = ", ".join(f"cast(coalesce(logged.{k}, rebuilt.{k}) as varchar)" for k in keys)
    order = ", ".join(f"coalesce(logged.{k}, rebuilt.{k})" for k in keys)
    flags = ", ".join(f"logged.{name} is distinct from rebuilt.{name}" for name in columns)
    texts = [
        ", ".join(f"cast({side}.{name} as varchar)" for name in columns)
        for side in ("logged", "rebuilt")
    ]
    key, flags, logged, rebuilt, has_logged, has_rebuilt = connection.execute(
        f"""
        select [{key_texts}], [{flags}], [{texts[0]}], [{texts[1]}],
            logged.replay_instant is not null, rebuilt.replay_instant is not null
        {different}
        order by coalesce(logged.replay_instant, rebuilt.replay_instant), {order}
        limit 1
        """,
        {"to": to},
    ).fetchone()
    named = dict(zip(keys, key, strict=True))
    if not has_logged or not has_rebuilt:
        side = "the log" if has_logged else "the replay"
        return Difference(named, None, None, None, f"only in {side}")
    place = flags.index(True)
    return Difference(
        named, columns[place], *_cut_to_difference(logged[place], rebuilt[place]), "differs"
    )


def _cut_to_difference(logged: str | None, rebuilt: str | None) -> tuple[str | None, str | None]:
    """Cut two long texts to the stretch in which they part."""
    if logged is None or rebuilt is None:
        return tuple(text and _cut(text, 0) for text in (logged, rebuilt))
    pairs = enumerate(zip(logged, rebuilt, strict=False))
    part = next((i for i, (one, other) in pairs if one != other), min(len(logged), len(rebuilt)))
    start = max(0, part - _SHOWN_BEFORE) if max(len(logged), len(rebuilt)) > _SHOWN else 0
    return _cut(logged, start), _cut(rebuilt, start)


def _cut(text: str, start: int) -> str:
    end = start + _SHOWN
    return ("..." if start else "") + text[start:end] + ("..." if len(text) > end else "")
