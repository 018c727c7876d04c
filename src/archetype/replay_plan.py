"""Find out of the logs which builds lead to what they said at an instant.

What a build did is in the data: a model's row holds its parameters and the last instant that its
fit has seen, the sales clock where each build ended. Builds in between need no replay, because a
batch gives the rows of a stream; only where another version took over does the order matter.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import duckdb

from archetype.replay_logs import LOGS

# Names in a model's parameters that a dbt variable has another name for; others are alike.
_VARIABLE_OF = {"n_components": "components", "n_bootstraps": "bootstraps"}
_FIT_VARIABLES = (
    *("k", "scaler", "clip", "n_components", "distance", "random_state", "n_init"),
    *("n_bootstraps", "fit_sample_max", "minibatch_above", "identity_tolerance"),
)
_TICKS = {
    **{minutes: f"{minutes} minutes" for minutes in (15, 30)},
    **{hours * 60: f"{hours} hours" for hours in (2, 3, 4, 6, 8, 12)},
    60: "1 hour",
    1440: "1 day",
}


@dataclass(frozen=True)
class Step:
    """One build of one wing.

    Parameters
    ----------
    wing : {"sales", "sessions"}
        What to build.
    to : datetime.datetime
        How far, UTC.
    variables : dict
        The dbt variables that make it the build of then.
    """

    wing: str
    to: datetime
    variables: dict[str, object] = field(default_factory=dict)


def find_tables(connection: duckdb.DuckDBPyConnection, warehouse: str) -> set[str]:
    """List the tables of an attached warehouse.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Any.
    warehouse : str
        What it is attached as.

    Returns
    -------
    set of str
        Their names.
    """
    sql = "select table_name from duckdb_tables() where database_name = ? and schema_name = 'main'"
    return {name for (name,) in connection.execute(sql, [warehouse]).fetchall()}


def first_instant(connection: duckdb.DuckDBPyConnection, warehouse: str) -> tuple[datetime, str]:
    """Find the first row of all logs.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Any.
    warehouse : str
        What the warehouse is attached as.

    Returns
    -------
    datetime.datetime
        The instant of the row, UTC.
    str
        The log that it stands in.

    Raises
    ------
    ValueError
        No log has a row.
    """
    tables = find_tables(connection, warehouse)
    schema = f"{warehouse}.main"
    firsts = []
    for log in LOGS:
        if log.name in tables:
            instant = log.instant.format(warehouse=schema)
            sql = f"select min({instant}) from {schema}.{log.name} as log"
            firsts += [(row[0], log.name) for row in connection.execute(sql).fetchall() if row[0]]
    if not firsts:
        raise ValueError("no log has a row yet: run `archetype build` first")
    return min(firsts)


def plan_steps(connection: duckdb.DuckDBPyConnection, warehouse: str, to: datetime) -> list[Step]:
    """Plan the builds that lead to an instant.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Any.
    warehouse : str
        What the warehouse is attached as.
    to : datetime.datetime
        The instant, UTC.

    Returns
    -------
    list of Step
        In order; sales first, which stand apart from sessions.
    """
    tables = find_tables(connection, warehouse)
    schema = f"{warehouse}.main"
    steps = []
    if "sales_clock_log" in tables:
        steps += _plan_sales(connection, schema, to)
    if {"session_model_log", "session_fingerprints"} <= tables:
        steps += _plan_sessions(connection, schema, to, "session_early_caller_log" in tables)
    return steps


def _plan_sales(connection: duckdb.DuckDBPyConnection, schema: str, to: datetime) -> Iterator[Step]:
    """Give one build for every stretch of the clock's log in which the settings are the same."""
    rows = connection.execute(
        f"select processed_to, tick_minutes, time_zone, replay_from from {schema}.sales_clock_log"
        " order by processed_to"
    ).fetchall()
    for i, (processed_to, *settings) in enumerate(rows):
        is_last = processed_to >= to or i + 1 == len(rows)
        if is_last or rows[i + 1][1:] != tuple(settings):
            minutes, zone, replay_from = settings
            variables = {
                "sales_tick": _TICKS[minutes],
                "sales_time_zone": zone,
                "replay_from": str(replay_from),
                "replay_to": str(min(processed_to, to)),
                # The clock's log tells which ticks were complete.
                "incomplete_ticks": 0,
            }
            yield Step("sales", min(processed_to, to), variables)
        if is_last:
            return


def _plan_sessions(
    connection: duckdb.DuckDBPyConnection, schema: str, to: datetime, has_early: bool
) -> list[Step]:
    """Give the fit of every model in force by then, and the builds that used it."""
    models = connection.execute(
        "select model_version, parameters, valid_from"
        f" from {schema}.session_model_log order by version_number"
    ).fetchall()
    # Builds read whole files: of a session that had begun, the whole is needed for what was known.
    (known_to,) = connection.execute(
        f"select max(as_of_at) from {schema}.session_fingerprints where started_at <= ?", [to]
    ).fetchone()
    ends = dict(
        connection.execute(
            "select model_version, max(as_of_at)"
            f" from {schema}.session_assignments group by model_version"
        ).fetchall()
    )
    if models:
        # The last model's reign is not over: it is that of the last build, whatever its log says.
        ends[models[-1][0]] = datetime.max
    steps: list[Step] = []
    for number, (version, parameters, valid_from) in enumerate(models):
        if valid_from > to:
            break
        fit = _fit_variables(parameters) | {"session_fingerprinting": False}
        until = max(valid_from, min(known_to or valid_from, ends.get(version, valid_from)))
        own = [Step("sessions", valid_from, fit | {"refit": number > 0})]
        calls = _plan_calls(connection, schema, version) if has_early else []
        for called_to, early in calls:
            reach = max(valid_from, min(until, called_to))
            refit = {"refit": False}
            if reach == own[-1].to and not own[-1].variables["session_fingerprinting"]:
                refit = {"refit": own.pop().variables["refit"]}
            own.append(Step("sessions", reach, fit | refit | early))
        if until > own[-1].to:
            own.append(Step("sessions", until, fit | {"refit": False}))
        steps += own
    return [
        Step(step.wing, step.to, step.variables | {"sessions_to": str(step.to)}) for step in steps
    ]


def _fit_variables(parameters: str) -> dict[str, object]:
    """Give the variables under which a fit has such parameters."""
    given = json.loads(parameters)
    return {_VARIABLE_OF.get(name, name): given[name] for name in _FIT_VARIABLES if name in given}


def _plan_calls(
    connection: duckdb.DuckDBPyConnection, schema: str, version: str
) -> list[tuple[datetime, dict[str, object]]]:
    """Give how far each of a model's callers called, in order, with its variables."""
    # A window without a call names no caller, but its session was known to one.
    rows = connection.execute(
        f"""
        with sessions as (
            select max(caller_version) as caller_version, max(as_of_at) as ended_at
            from {schema}.session_early_calls
            where model_version = $version
            group by session_id
        )
        select coalesce(max(sessions.ended_at), timestamp '1900-01-01') as called_to,
            callers.parameters
        from {schema}.session_early_caller_log as callers
        left join sessions on callers.caller_version = sessions.caller_version
        where callers.model_version = $version
        group by callers.caller_version, callers.caller_number, callers.parameters
        order by callers.caller_number
        """,
        {"version": version},
    ).fetchall()
    (all_to,) = connection.execute(
        f"select max(as_of_at) from {schema}.session_early_calls where model_version = ?", [version]
    ).fetchone()
    if all_to is None:
        return []
    if not rows:
        return [(all_to, {"session_fingerprinting": True})]
    rows[-1] = (all_to, rows[-1][1])
    return [
        (
            called_to,
            {f"early_{name}": value for name, value in json.loads(parameters).items()}
            | {"session_fingerprinting": True},
        )
        for called_to, parameters in rows
    ]
