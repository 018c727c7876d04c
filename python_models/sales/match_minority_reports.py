"""Match the reports that the log does not hold yet with the patterns of the library."""

from archetype.sales.bind import match_with_library


def model(dbt, session):
    """Bind ``archetype.sales.bind.match_with_library`` to vectors, library and calibration."""
    pending = dbt.ref("minority_reports_clustered_pending")
    library = dbt.ref("cluster_library")
    knots = dbt.ref("cluster_match_calibration")
    return match_with_library(
        pending.to_arrow_table(), library.to_arrow_table(), knots.to_arrow_table()
    )
