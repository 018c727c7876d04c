"""Fit the early callers of the model in force, when they are not known yet."""

from archetype.sessions.bind import fit_callers_when_due


def model(dbt, session):
    """Bind ``archetype.sessions.bind.fit_callers_when_due`` to what the model was fitted on."""
    parameters = dbt.config.meta_get("parameters")
    training = dbt.ref("session_early_training")
    models = dbt.ref("session_models")
    archetypes = dbt.ref("session_archetypes")
    known = dbt.ref("session_early_known_callers")
    return fit_callers_when_due(
        training.to_arrow_table(),
        models.to_arrow_table(),
        archetypes.to_arrow_table(),
        known.to_arrow_table(),
        parameters,
    )
