"""Hash the content of every public table, in memory that does not grow with it."""

from archetype.content import hash_tables
from archetype.stream import read_batches


def model(dbt, session):
    """Bind ``archetype.content.hash_tables`` to the MD5s of all rows, in their order."""
    rows = dbt.ref("build_row_md5s")
    return hash_tables(read_batches(session, rows.order("table_number, row_md5")))
