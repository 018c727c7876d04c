"""Place the example curves of a library that has no map yet."""

from archetype.sales.map import fit_anchors


def model(dbt, session):
    """Bind ``archetype.sales.map.fit_anchors`` to the curves that have no place."""
    pending = dbt.ref("minority_map_anchors_pending")
    return fit_anchors(pending.to_arrow_table())
