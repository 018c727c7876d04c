"""Publishing against the size of the logs: the copy of public tables that readers get."""

from __future__ import annotations

import time
from pathlib import Path

from suite.builds import WITHOUT_TESTS, build_case
from suite.harness import Bench, Row, function_case, in_turn, prepare
from suite.work.sales_detection import LARGEST_KEPT, SELECTION, SIZES, build_home

TITLE = "Publishing"
CLOCK = """
`publish_tables` of the public tables that the detection of so many rows of sales filled, from the
open warehouse to the renamed file, flushed to disk. *a plain copy* reads and writes the published
file's bytes and flushes them: what no publishing can go below.
"""
SIZES = {
    mode: tuple(size for size in sizes if size <= LARGEST_KEPT) for mode, sizes in SIZES.items()
}
LOGS = tuple(name.removeprefix("+") for name in SELECTION)


def measure(size: int, bench: Bench) -> list[Row]:
    """Measure the publishing of what so many rows of sales give."""
    home, _ = build_home(size, bench)
    if not home.warehouse.exists():
        arguments = ["--select", *SELECTION, *WITHOUT_TESTS]
        prepare(build_case("build", home, bench, arguments), bench.folder)
    warehouse = {"warehouse": str(home.warehouse)}
    cases = [
        function_case("ours: publish_tables", f"{__name__}:publish", warehouse, bench),
        function_case("a plain copy", f"{__name__}:copy", warehouse, bench),
    ]
    rows = in_turn(cases, bench, work="publishing", case="logs of sales", size=size)
    n_rows = next((row["n_rows"] for row in rows if "n_rows" in row), None)
    return [row | {"n_items": n_rows} for row in rows]


def publish(warehouse: str) -> Row:
    """Time the publishing."""
    import duckdb

    from archetype.publish import PUBLISHED_NAME, publish_tables

    with duckdb.connect(warehouse) as connection:
        connection.execute("set threads = 2")
        started = time.perf_counter()
        told = publish_tables(connection, list(LOGS))
        seconds = time.perf_counter() - started
    published = Path(warehouse).with_name(PUBLISHED_NAME)
    return {
        "engine_s": seconds,
        "n_rows": sum(told["row_count"].to_pylist()),
        "file_mib": round(published.stat().st_size / 2**20, 1),
    }


def copy(warehouse: str) -> Row:
    """Time a copy of the published file."""
    import shutil

    from archetype.durable import flush
    from archetype.publish import PUBLISHED_NAME

    published = Path(warehouse).with_name(PUBLISHED_NAME)
    twin = published.with_name("copy")
    started = time.perf_counter()
    shutil.copyfile(published, twin)
    flush(twin)
    seconds = time.perf_counter() - started
    twin.unlink()
    return {"engine_s": seconds}
