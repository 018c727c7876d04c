"""Group the unmatched reports that resemble each other."""

from archetype.sales.candidates import find_candidates


def model(dbt, session):
    """Bind ``archetype.sales.candidates.find_candidates`` to unmatched reports and curves."""
    min_reports = dbt.config.meta_get("min_reports")
    reports = dbt.ref("unmatched_reports")
    curves = dbt.ref("cluster_library_vectors")
    return find_candidates(
        reports.to_arrow_table(), curves.to_arrow_table(), min_reports=int(min_reports)
    )
