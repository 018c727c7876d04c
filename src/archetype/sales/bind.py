"""What the Python models of the sales wing call: make the library, match reports with it."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
from threadpoolctl import threadpool_limits

from archetype.sales.library import fit_library
from archetype.sales.match import match_reports


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


def match_with_library(pending: pa.Table, library: pa.Table, knots: pa.Table) -> pa.Table:
    """Match pending reports with the patterns of the library.

    Parameters
    ----------
    pending, library, knots : pyarrow.Table
        See ``match_reports``.

    Returns
    -------
    pyarrow.Table
        One row a report and tick.
    """
    with threadpool_limits(1):
        return match_reports(pending, library, knots)
