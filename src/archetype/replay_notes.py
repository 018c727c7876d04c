"""Say what may have made a replay differ: raw files that changed, or what came late."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime

import duckdb

from archetype.replay_plan import find_tables
from archetype.sessions.space import FitParameters

_SHOWN = 5


def note_raw_files(
    connection: duckdb.DuckDBPyConnection, warehouse: str, replay: str
) -> Iterator[str]:
    """Compare the raw files with those of the last build.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Both warehouses are attached to it.
    warehouse, replay : str
        What they are attached as.

    Yields
    ------
    str
        A line a wing and kind of change.
    """
    wings = (
        ("session", "session_processing_log", "list_session_files", ""),
        ("sales", "sales_processing_log", "list_sales_files", "where file_kind = 'sales'"),
    )
    logged, rebuilt = find_tables(connection, warehouse), find_tables(connection, replay)
    for wing, log, listing, condition in wings:
        if log not in logged or listing not in rebuilt:
            continue
        rows = connection.execute(
            f"""
            select case when after.file_name is null then 'gone'
                when before.file_name is null then 'new, no build has read it'
                else 'changed' end as what,
                list_sort(list(coalesce(before.file_name, after.file_name))) as names
            from (select distinct file_name, file_md5 from {warehouse}.main.{log} {condition})
                as before
            full join {replay}.main.{listing} as after on before.file_name = after.file_name
            where before.file_name is null or after.file_name is null
                or before.file_md5 is distinct from after.file_md5
            group by what order by what
            """
        ).fetchall()
        for what, names in rows:
            yield f"since the last build, raw {wing} files are {what}: {_spell(names)}"


def note_models(
    connection: duckdb.DuckDBPyConnection, warehouse: str, replay: str, to: datetime
) -> Iterator[str]:
    """Say why versions of the model could not be fitted again.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Both warehouses are attached to it.
    warehouse, replay : str
        What they are attached as.
    to : datetime.datetime
        The instant, UTC.

    Yields
    ------
    str
        A line a reason, of the first version that differs: later ones follow from it.
    """
    both = (warehouse, replay)
    if any("session_model_log" not in find_tables(connection, side) for side in both):
        return
    sql = (
        "select version_number, model_version, feature_schema, parameters"
        " from {}.main.session_model_log where valid_from <= ? order by version_number"
    )
    logged, rebuilt = (connection.execute(sql.format(side), [to]).fetchall() for side in both)
    for was, now in zip(logged, rebuilt, strict=False):
        if was[1] == now[1]:
            continue
        name = f"model {was[0]} ({was[1]})"
        if was[2] != now[2]:
            yield f"{name} describes sessions by feature schema {was[2]}, this code by {now[2]}"
        yield from _note_parameters(name, was[3])
        yield from _note_training(connection, both, was[1], now[1], name)
        return


def _note_parameters(name: str, parameters: str) -> Iterator[str]:
    given = json.loads(parameters)
    known = json.loads(json.dumps(asdict(FitParameters.from_variables({}))))
    strange = sorted(set(given) ^ set(known))
    if strange:
        yield f"{name} was fitted by other code, whose parameters differ in {_spell(strange)}"


def _note_training(
    connection: duckdb.DuckDBPyConnection,
    both: tuple[str, str],
    was: str,
    now: str,
    name: str,
) -> Iterator[str]:
    """Name the sessions in which two training sets differ."""
    fitted = (
        "(select unnest(training, recursive := true) from {}.main.session_model_log"
        " where model_version = ?)"
    )
    rows = connection.execute(
        f"""
        with was as {fitted.format(both[0])}, now as {fitted.format(both[1])}
        select case when now.session_id is null then 'was fitted on {{}}: not there any more'
            when was.session_id is null then 'was not fitted on {{}}: older than the fit, so its'
                || ' raw file came later or was changed'
            else 'was fitted on another vector of {{}}' end as what,
            list_sort(list(coalesce(was.session_id, now.session_id))) as sessions
        from was full join now on was.session_id = now.session_id
        where was.session_id is null or now.session_id is null
            or was.vector_md5 is distinct from now.vector_md5
        group by what order by what desc
        """,
        [was, now],
    ).fetchall()
    for what, sessions in rows:
        yield f"{name} {what.format(_spell(sessions))}"


def note_late_rows(connection: duckdb.DuckDBPyConnection, warehouse: str) -> Iterator[str]:
    """Name what came after its time: rows that builds read otherwise than a replay must.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        The warehouse is attached to it.
    warehouse : str
        What it is attached as.

    Yields
    ------
    str
        A line for sales, a line for sessions.
    """
    tables = find_tables(connection, warehouse)
    if "sales_processing_log" in tables:
        names = connection.execute(
            f"select list(file_name || ' (' || n_rows_late || ' rows)' order by file_name)"
            f" from {warehouse}.main.sales_processing_log where n_rows_late > 0"
        ).fetchone()[0]
        if names:
            yield f"sales came after their tick was logged, so no build used them: {_spell(names)}"
    if "sessions" in tables:
        names = connection.execute(
            f"select list(session_id order by session_id)"
            f" from {warehouse}.main.sessions where is_assignment_stale"
        ).fetchone()[0]
        if names:
            yield (
                "sessions were assigned by vectors that they no longer have, because a raw file"
                f" came late or was changed: {_spell(names)}"
            )


def _spell(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
