"""List the raw sales files that ARCHETYPE_SALES matches."""

from archetype.sales.files import list_sales_files


def model(dbt, session):
    """Bind ``archetype.sales.files.list_sales_files`` to the glob of the environment."""
    pattern = dbt.config.meta_get("pattern")
    logged = dbt.ref("stg_sales__logged_files")
    finished = logged.filter("is_finished").select("file_name, file_md5").fetchall()
    return list_sales_files(pattern, variable="ARCHETYPE_SALES", finished=finished)
