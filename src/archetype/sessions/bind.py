"""What the Python models of the sessions wing call: decide, fit, match."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from archetype.sessions.fit import check_enough_sessions, empty_model, fit_session_archetypes
from archetype.sessions.match import match_sessions
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
    champion = models.filter(pa.compute.equal(models["status"], "champion"))
    (version,) = champion["model_version"].to_pylist()
    own = archetypes.filter(pa.compute.equal(archetypes["model_version"], version))
    return match_sessions(pending, champion, own)
