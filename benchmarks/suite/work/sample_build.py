"""A whole `dbt build` of the sample, cold and warm, and what of it is dbt's own."""

from __future__ import annotations

import shutil

from suite.builds import Case, Home, build_case
from suite.harness import Bench, Row, in_turn, prepare

TITLE = "A whole build of the sample"
CLOCK = """
Plain `dbt build`: all models, seeds, tests, unit tests and the publishing. *cold*: into an empty
home, nothing parsed before. *warm*: again, with nothing new. *whole s* less *engine s* is dbt's own
start and parse, *start s*. Of the engine's seconds, *tests s* is the part in which tests and unit
tests ran, *models s* models, seeds and publishing, *hooks s* hooks, *idle s* nothing; an instant
with two nodes counts half for each. *dbt's share* is start, parse and tests over the whole;
*outside s*, the rest, is models, hooks and idle together, and dbt's own work for each of these
nodes is still in it. *models' SQL s* and *tests' SQL s* are what DuckDB says the statements of
either took, both threads together, as dbt's log has it.
"""
SIZES = {"tiny": (), "quick": (1,), "full": (1,)}


def measure(size: int, bench: Bench) -> list[Row]:
    """Measure both; `size` says nothing."""
    warm = Home(bench.folder / "sample_warm")
    prepare(build_case("build", warm, bench), bench.folder)
    cold = Home(bench.folder / "sample_cold")
    built = build_case("ours: cold", cold, bench)

    def forget() -> None:
        shutil.rmtree(cold.folder, ignore_errors=True)
        built.before()

    cases = [
        Case(built.by, built.command, built.environment, forget, built.read),
        build_case("ours: warm, nothing new", warm, bench, is_fresh=False),
    ]
    rows = in_turn(cases, bench, work="sample_build", case="sample", size=size)
    for row in rows:
        if not row["failure"]:
            row["start_s"] = round(row["whole_s"] - row["engine_s"], 3)
            row["dbt_share"] = round((row["start_s"] + row["tests_s"]) / row["whole_s"], 3)
            row["outside_s"] = round(row["models_s"] + row["hooks_s"] + row["idle_s"], 3)
    return rows
