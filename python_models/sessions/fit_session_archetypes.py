"""Fit the archetypes of sessions, when a fit is due."""

from archetype.sessions.bind import fit_when_due


def model(dbt, session):
    """Bind ``archetype.sessions.bind.fit_when_due`` to the training vectors and the champion."""
    parameters = dbt.config.meta_get("parameters")
    training = dbt.ref("session_training")
    champion = dbt.ref("session_champion")
    decision = dbt.ref("session_fit_decision")
    return fit_when_due(
        training.to_arrow_table(),
        champion.to_arrow_table(),
        decision.to_arrow_table(),
        parameters,
    )
