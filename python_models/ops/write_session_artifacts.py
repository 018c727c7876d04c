"""Write every model version as files."""

from archetype.sessions.bind import write_missing_artifacts


def model(dbt, session):
    """Bind ``archetype.sessions.bind.write_missing_artifacts`` to what models were fitted on."""
    models = dbt.ref("session_models")
    archetypes = dbt.ref("session_archetypes")
    training = dbt.ref("session_artifact_training")
    return write_missing_artifacts(
        session,
        models.to_arrow_table(),
        archetypes.to_arrow_table(),
        training.to_arrow_table(),
    )
