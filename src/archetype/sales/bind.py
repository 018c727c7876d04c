"""What the Python models of the sales wing call: make the library, match reports with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pyarrow as pa
from threadpoolctl import threadpool_limits

from archetype.sales.library import fit_library
from archetype.sales.match import MATCH_SCHEMA, match_batches


def make_library(
    draws: pa.Table, patterns: pa.Table, knots: pa.Table, variables: Mapping[str, str]
) -> pa.Table:
    """Make the library of patterns from its example curves.

    Parameters
    ----------
    draws, patterns, knots : pyarrow.Table
        See ``fit_library``.
    variables : mapping
        The dbt variable `similarity`.

    Returns
    -------
    pyarrow.Table
        One row a pattern and prefix.
    """
    with threadpool_limits(1):
        return fit_library(draws, patterns, knots, similarity=variables["similarity"])


def match_with_library(
    pending: pa.RecordBatchReader, library: pa.Table, knots: pa.Table
) -> pa.RecordBatchReader:
    """Match pending reports with the patterns of the library, as many at a time as a batch holds.

    Parameters
    ----------
    pending : pyarrow.RecordBatchReader
        See ``match_reports``.
    library, knots : pyarrow.Table
        See ``match_reports``.

    Returns
    -------
    pyarrow.RecordBatchReader
        One row a report and tick, in the order of `pending`.
    """

    def found() -> Iterator[pa.RecordBatch]:
        with threadpool_limits(1):
            yield from match_batches(pending, library, knots)

    return pa.RecordBatchReader.from_batches(MATCH_SCHEMA, found())
