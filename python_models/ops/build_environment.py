"""Read the versions that a build runs on."""

from archetype.environment import read_environment


def model(dbt, session):
    """Bind ``archetype.environment.read_environment``."""
    return read_environment()
