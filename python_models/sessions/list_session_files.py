"""List the raw session files that ARCHETYPE_SESSIONS matches."""

from archetype.files import list_files


def model(dbt, session):
    """Bind ``archetype.files.list_files`` to the glob of the environment."""
    pattern = dbt.config.meta_get("pattern")
    return list_files(pattern, variable="ARCHETYPE_SESSIONS")
