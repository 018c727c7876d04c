"""Place the reports that have come to their tick on the map of the library."""

from archetype.sales.map import place_reports


def model(dbt, session):
    """Bind ``archetype.sales.map.place_reports`` to pending reports and anchors."""
    pending = dbt.ref("minority_report_map_pending")
    anchors = dbt.ref("minority_map_anchors")
    return place_reports(pending.to_arrow_table(), anchors.to_arrow_table())
