"""Write a sidecar file for every session that was called."""

from archetype.sessions.bind import write_missing_sidecars


def model(dbt, session):
    """Bind ``archetype.sessions.bind.write_missing_sidecars`` to the calls of one checkpoint."""
    calls = dbt.ref("session_sidecar_calls")
    return write_missing_sidecars(session, calls.to_arrow_table())
