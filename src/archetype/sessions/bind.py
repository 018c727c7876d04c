"""What the Python models of the sessions wing call: decide, fit, match, call early."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa

from archetype.publish import home_of
from archetype.sessions.artifact_export import EXPORTS_SCHEMA, export_versions
from archetype.sessions.early import (
    CALL_SCHEMA,
    EARLY_SCHEMA,
    EarlyParameters,
    caller_version,
    fit_early_callers,
    match_early_calls,
)
from archetype.sessions.fit import check_enough_sessions, empty_model, fit_session_archetypes
from archetype.sessions.match import match_sessions
from archetype.sessions.sidecar import (
    SIDECAR_NAME,
    SIDECARS_SCHEMA,
    remove_drafts,
    write_sidecars,
)
from archetype.sessions.space import FitParameters


def fit_when_due(
    training: pa.Table, champion: pa.Table, decision: pa.Table, variables: Mapping[str, object]
) -> pa.Table:
    """Fit the archetypes of sessions if the decision says so.

    Parameters
    ----------
    training : pyarrow.Table
        One row a session to fit on; see ``fit_session_archetypes``.
    champion : pyarrow.Table
        The model in force as one row, or no row.
    decision : pyarrow.Table
        One row: ``is_due`` and its ``reason``.
    variables : mapping
        dbt variables that ``FitParameters.from_variables`` reads.

    Returns
    -------
    pyarrow.Table
        One row that holds the new model, or none where no fit is due or it would give the
        champion again.

    Raises
    ------
    ValueError
        There are no or too few sessions for k, also where a new k waits for the next fit.
    """
    (ruling,) = decision.to_pylist()
    parameters = FitParameters.from_variables(variables)
    if ruling["is_due"] or champion["k"].to_pylist() != [parameters.k]:
        check_enough_sessions(training, parameters)
    if not ruling["is_due"]:
        return empty_model()
    return fit_session_archetypes(
        training, champion if champion.num_rows else None, parameters, reason=ruling["reason"]
    )


def match_with_champion(pending: pa.Table, models: pa.Table, archetypes: pa.Table) -> pa.Table:
    """Match pending sessions with the archetypes of the model in force.

    Parameters
    ----------
    pending : pyarrow.Table
        One row a session that the log does not hold yet; see ``match_sessions``.
    models, archetypes : pyarrow.Table
        Every version, and every version's archetypes.

    Returns
    -------
    pyarrow.Table
        One row a session; see ``archetype.sessions.match.MATCH_SCHEMA``.
    """
    champion, own = _champion_of(models, archetypes)
    return match_sessions(pending, champion, own)


def fit_callers_when_due(
    training: pa.Table,
    models: pa.Table,
    archetypes: pa.Table,
    known: pa.Table,
    variables: Mapping[str, object],
) -> pa.Table:
    """Fit the early callers of the model in force, unless they are known.

    Parameters
    ----------
    training : pyarrow.Table
        One row a session that the model was fitted on and checkpoint; see ``fit_early_callers``.
        Without rows there is nothing to fit.
    models, archetypes : pyarrow.Table
        Every version, and every version's archetypes.
    known : pyarrow.Table
        Column caller_version: the versions that were fitted before.
    variables : mapping
        dbt variables that ``EarlyParameters.from_variables`` reads.

    Returns
    -------
    pyarrow.Table
        One row that holds callers and scores, or none; see ``archetype.sessions.early``.
    """
    parameters = EarlyParameters.from_variables(variables)
    if training.num_rows == 0:
        return EARLY_SCHEMA.empty_table()
    model, own = _champion_of(models, archetypes)
    version = _version_of(model, training, parameters)
    if version in known["caller_version"].to_pylist():
        return EARLY_SCHEMA.empty_table()
    return fit_early_callers(training, model, own, parameters)


def call_with_champion(
    pending: pa.Table,
    training: pa.Table,
    models: pa.Table,
    archetypes: pa.Table,
    callers: pa.Table,
    variables: Mapping[str, object],
) -> pa.Table:
    """Call pending windows by the callers of the model in force.

    Parameters
    ----------
    pending : pyarrow.Table
        One row a session and checkpoint with a vector; see ``match_early_calls``.
    training : pyarrow.Table
        One row a session that the model was fitted on and checkpoint.
    models, archetypes : pyarrow.Table
        Every version, and every version's archetypes.
    callers : pyarrow.Table
        The chosen callers of every caller version.
    variables : mapping
        dbt variables that ``EarlyParameters.from_variables`` reads.

    Returns
    -------
    pyarrow.Table
        One row a window that could be called; see ``archetype.sessions.early.CALL_SCHEMA``.
    """
    if pending.num_rows == 0:
        return CALL_SCHEMA.empty_table()
    parameters = EarlyParameters.from_variables(variables)
    model, own = _champion_of(models, archetypes)
    version = _version_of(model, training, parameters)
    chosen = callers.filter(pa.compute.equal(callers["caller_version"], version))
    return match_early_calls(pending, training, model, own, chosen)


def _version_of(model: pa.Table, training: pa.Table, parameters: EarlyParameters) -> str:
    """Name the callers that the build uses."""
    checkpoints = training["checkpoint_pct"].to_pylist()
    return caller_version(model["model_version"][0].as_py(), checkpoints, parameters)


def _champion_of(models: pa.Table, archetypes: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Find the model in force and its archetypes."""
    champion = models.filter(pa.compute.equal(models["status"], "champion"))
    (version,) = champion["model_version"].to_pylist()
    return champion, archetypes.filter(pa.compute.equal(archetypes["model_version"], version))


def write_missing_sidecars(connection: duckdb.DuckDBPyConnection, calls: pa.Table) -> pa.Table:
    """Write the sidecars of new calls, and those that an earlier build was kept from writing.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        A connection to the warehouse, beside which the folder `runs` lies.
    calls : pyarrow.Table
        One row a session; see ``write_sidecars``, with run_id and is_new besides.

    Returns
    -------
    pyarrow.Table
        One row a session that was looked at; see ``write_sidecars``.
    """
    if calls.num_rows == 0:
        return SIDECARS_SCHEMA.empty_table()
    home = home_of(connection)
    remove_drafts(home)
    run_id = calls["run_id"][0].as_py()
    is_due = [
        row["is_new"] or (row["status"] == "called" and not _has_sidecar(home, run_id, row))
        for row in calls.select(["session_id", "model_version", "status", "is_new"]).to_pylist()
    ]
    return write_sidecars(home, run_id, calls.filter(pa.array(is_due, pa.bool_())))


def _has_sidecar(home: Path, run_id: str, row: Mapping[str, object]) -> bool:
    """Tell whether a session's sidecar is of the model in force.

    One of an older model is what a build that was killed after a refit did not come to replace.
    """
    path = home / "runs" / run_id / row["session_id"] / SIDECAR_NAME
    try:
        sidecar = json.loads(path.read_bytes())
        return sidecar["classification_metadata"]["model_version"] == row["model_version"]
    except (OSError, ValueError, LookupError, TypeError):
        return False


def write_missing_artifacts(
    connection: duckdb.DuckDBPyConnection,
    models: pa.Table,
    archetypes: pa.Table,
    training: pa.Table,
) -> pa.Table:
    """Write the artifacts of model versions that the home does not hold yet.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        A connection to the warehouse, beside which the folder `artifacts` lies.
    models, archetypes, training : pyarrow.Table
        See ``export_versions``; without training rows nothing is written.

    Returns
    -------
    pyarrow.Table
        One row a version; see ``export_versions``.
    """
    if training.num_rows == 0:
        return EXPORTS_SCHEMA.empty_table()
    return export_versions(home_of(connection), models, archetypes, training)
