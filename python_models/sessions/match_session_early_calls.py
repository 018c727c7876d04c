"""Call the windows of sessions that the log does not hold yet."""

from archetype.sessions.bind import call_with_champion


def model(dbt, session):
    """Bind ``archetype.sessions.bind.call_with_champion`` to pending windows and callers."""
    parameters = dbt.config.meta_get("parameters")
    pending = dbt.ref("session_early_calls_pending")
    training = dbt.ref("session_early_training")
    models = dbt.ref("session_models")
    archetypes = dbt.ref("session_archetypes")
    callers = dbt.ref("session_early_callers")
    return call_with_champion(
        pending.filter("reason = 'called'").to_arrow_table(),
        training.to_arrow_table(),
        models.to_arrow_table(),
        archetypes.to_arrow_table(),
        callers.filter("is_chosen").to_arrow_table(),
        parameters,
    )
