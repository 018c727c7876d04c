"""Read a relation batch by batch, so that memory does not grow with it."""

from __future__ import annotations

import duckdb
import pyarrow as pa

BATCH_ROWS = 8_192


def read_batches(
    connection: duckdb.DuckDBPyConnection, relation: duckdb.DuckDBPyRelation
) -> pa.RecordBatchReader:
    """Read a relation of committed tables on a connection of its own.

    A connection that is read from can do nothing else until the last batch is read: dbt could not
    write what a Python model makes of the batches with the one that the model was given.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        A connection to the same database.
    relation : duckdb.DuckDBPyRelation
        What to read.

    Returns
    -------
    pyarrow.RecordBatchReader
        Its rows.
    """
    return connection.cursor().query(relation.sql_query()).to_arrow_reader(BATCH_ROWS)
