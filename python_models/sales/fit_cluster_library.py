"""Make the library of patterns from the vectors of its example curves."""

from archetype.sales.bind import make_library


def model(dbt, session):
    """Bind ``archetype.sales.bind.make_library`` to curves, names and calibration."""
    parameters = dbt.config.meta_get("parameters")
    draws = dbt.ref("cluster_library_draws")
    patterns = dbt.ref("cluster_library_patterns")
    knots = dbt.ref("cluster_match_calibration")
    return make_library(
        draws.to_arrow_table(), patterns.to_arrow_table(), knots.to_arrow_table(), parameters
    )
