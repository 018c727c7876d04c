"""Match the sessions that the log does not hold yet with the champion's archetypes."""

from archetype.sessions.bind import match_with_champion


def model(dbt, session):
    """Bind ``archetype.sessions.bind.match_with_champion`` to vectors and champion."""
    pending = dbt.ref("session_assignments_pending")
    models = dbt.ref("session_models")
    archetypes = dbt.ref("session_archetypes")
    return match_with_champion(
        pending.to_arrow_table(), models.to_arrow_table(), archetypes.to_arrow_table()
    )
