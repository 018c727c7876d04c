"""Match the reports that the log does not hold yet with the patterns of the library."""

from archetype.sales.bind import match_with_library
from archetype.stream import read_batches


def model(dbt, session):
    """Bind ``archetype.sales.bind.match_with_library`` to vectors, library and calibration."""
    pending = dbt.ref("minority_reports_clustered_pending")
    library = dbt.ref("cluster_library")
    knots = dbt.ref("cluster_match_calibration")
    return match_with_library(
        read_batches(session, pending), library.to_arrow_table(), knots.to_arrow_table()
    )
