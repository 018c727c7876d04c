"""One more tick on a short history of sales and on one twenty times longer."""

from __future__ import annotations

from pathlib import Path

from suite.builds import Case, Home, build_case
from suite.harness import Bench, Row, function_case, in_turn, prepare
from suite.inputs import raw_sales

TITLE = "One more tick"
CLOCK = """
`dbt build` of the whole project with its data tests after one more hour of sales has come, over the
sample's sessions; the engine's seconds leave out dbt's start and parse. All but the last hours are
built once; each run then adds one, on the short history and on the long one in turn.
"""
SIZES = {"tiny": (20,), "quick": (30,), "full": (60,)}
"""Days of the short history."""
TIMES = {"tiny": 2, "quick": 20, "full": 20}
STORES, SKUS = 2, 10
WITHOUT_UNIT_TESTS = ("--exclude-resource-type", "unit_test")
HISTORY = "history.parquet"


def measure(size: int, bench: Bench) -> list[Row]:
    """Measure ticks after so many days and after many more."""
    n_ticks = bench.mode.warmups + bench.mode.repeats
    times = TIMES[bench.mode.name]
    cases, n_rows = [], {}
    for by, days in (
        ("ours: short history", size),
        (f"ours: {times} times the history", times * size),
    ):
        raw, told = raw_sales(bench, STORES, SKUS, days)
        folder = bench.folder / f"tick_{days}"
        home = Home(folder / "home", sales=str(folder / "raw" / "*.parquet"))
        arguments = {"raw": raw, "folder": str(folder), "n_ticks": n_ticks}
        prepare(function_case("split", f"{__name__}:split", arguments, bench), bench.folder)
        whole = build_case("history", home, bench, WITHOUT_UNIT_TESTS)
        prepare(whole, bench.folder)
        cases.append(next_tick(by, home, folder, bench))
        n_rows[by] = told["n_rows"]
    rows = in_turn(cases, bench, work="one_tick", case=f"{times} times the history", size=size)
    return [row | {"n_items": n_rows[row["by"]]} for row in rows]


def next_tick(by: str, home: Home, folder: Path, bench: Bench) -> Case:
    """Make a case that adds the next tick before each run."""
    case = build_case(by, home, bench, WITHOUT_UNIT_TESTS, is_fresh=False)

    def before() -> None:
        case.before()
        first = min((folder / "ticks").glob("*.parquet"))
        first.rename(folder / "raw" / first.name)

    return Case(by, case.command, case.environment, before, case.read)


def split(raw: str, folder: str, n_ticks: int) -> Row:
    """Put the last hours with sales into files of their own, and all before into one."""
    import shutil

    import duckdb

    root = Path(folder)
    shutil.rmtree(root, ignore_errors=True)
    for name in ("raw", "ticks"):
        (root / name).mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(
            "create table sales as"
            f" select *, date_trunc('hour', sold_at) as tick from read_parquet('{raw}')"
        )
        hours = connection.execute(
            "select distinct tick from sales order by tick desc limit ?", [n_ticks]
        ).fetchall()
        hours = sorted(hour for (hour,) in hours)
        wanted = [(root / "raw" / HISTORY, f"tick < '{hours[0]}'")]
        wanted += [
            (root / "ticks" / f"tick_{number:03}.parquet", f"tick = '{hour}'")
            for number, hour in enumerate(hours)
        ]
        for path, condition in wanted:
            connection.execute(
                f"copy (select * exclude (tick) from sales where {condition})"
                f" to '{path}' (format parquet)"
            )
    return {"n_ticks": len(hours)}
