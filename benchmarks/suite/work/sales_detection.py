"""Detection and matching of sales, from raw rows to the report logs, within 4 GB."""

from __future__ import annotations

import math

from suite.builds import WITHOUT_TESTS, Home, build_case
from suite.harness import Bench, Row, in_turn
from suite.inputs import raw_sales

TITLE = "Sales: detection and matching"
CLOCK = """
`dbt build` of the baseline log, the classifier's log, the report logs and the matches, with all
they need and without tests, in an empty warehouse, from raw Parquet files of sale lines: 90 days of
more and more series, one planted anomaly per series and month. DuckDB has the limit that all
builds have, 2.5 GB, and spills what is beyond; *MiB* is the most that the whole process held.
"""
SIZES = {
    "tiny": (3_000,),
    "quick": (1_000_000,),
    "full": (1_000_000, 10_000_000, 50_000_000),
}
LARGEST_KEPT = 10_000_000
"""What is larger is not kept for the publishing: it would fill disks."""
DAYS = 90
SERIES_ROWS_A_DAY = 11.7
SELECTION = (
    "+baseline_sales_model_prediction_log",
    "+anomaly_classifier_model_prediction_log",
    "+minority_reports_detected_log",
    "+minority_event_ended_log",
    "+anomaly_vectors",
    "+minority_reports_clustered_log",
)


def measure(size: int, bench: Bench) -> list[Row]:
    """Measure about so many rows."""
    home, told = build_home(size, bench)
    arguments = ["--select", *SELECTION, *WITHOUT_TESTS]
    case = build_case("ours: dbt", home, bench, arguments)
    labels = {"case": "detection and matching", "size": size, "n_items": told["n_rows"]}
    rows = in_turn([case], bench, work="sales_detection", **labels)
    if size > LARGEST_KEPT:
        home.clear()
    return rows


def build_home(size: int, bench: Bench) -> tuple[Home, Row]:
    """Simulate about so many rows; give the home that they are built in."""
    n_series = max(2, round(size / (DAYS * SERIES_ROWS_A_DAY)))
    stores = max(1, round(math.sqrt(n_series / 2)))
    raw, told = raw_sales(bench, stores, max(2, round(n_series / stores)), DAYS)
    return Home(bench.folder / f"sales_{size}", sales=raw), told
