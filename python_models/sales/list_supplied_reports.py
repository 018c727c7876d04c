"""List the files of supplied reports that ARCHETYPE_MRDL matches."""

from archetype.sales.files import list_sales_files


def model(dbt, session):
    """Bind ``archetype.sales.files.list_sales_files`` to the glob of the environment."""
    pattern = dbt.config.meta_get("pattern")
    return list_sales_files(pattern, variable="ARCHETYPE_MRDL")
