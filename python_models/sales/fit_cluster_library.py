"""Make the library of patterns from the vectors of its example curves."""

from archetype.sales.bind import make_library


def model(dbt, session):
    """Bind ``archetype.sales.bind.make_library`` to curves, names and calibration."""
    parameters = dbt.config.meta_get("parameters")
    vectors = dbt.ref("cluster_library_vectors")
    patterns = dbt.ref("cluster_library_patterns")
    knots = dbt.ref("cluster_match_calibration")
    return make_library(
        vectors.to_arrow_table(), patterns.to_arrow_table(), knots.to_arrow_table(), parameters
    )
