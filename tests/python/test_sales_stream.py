"""The rules of time, on whole builds: batch is stream, nothing sees the future, logs only grow."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from conftest import ROOT, built_once
from sales_builds import LOGS, REPORT_LOGS

from archetype.simulate.sales import simulate_sales

# The first two weeks teach the baseline; anomalies are planted from the fourth on.
FIRST_TICK = datetime(2025, 1, 27, 9)
LAST_TICK = datetime(2025, 2, 14, 12)
N_STEPS = 40


@dataclass(frozen=True)
class Sales:
    """A folder in which builds of one process take place, and what they kept."""

    folder: Path

    @property
    def raw(self) -> Path:
        """The raw files that every warehouse here is made of, unless a step says otherwise."""
        return self.folder / "raw"

    def ran(self, *steps: dict[str, object]) -> None:
        """Take steps in a process of their own, and fail the test with what it said if one fails.

        See `sales_builds.py`.
        """
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        plan = home / "steps.json"
        plan.write_text(json.dumps(steps))
        environment = os.environ | {
            "ARCHETYPE_HOME": str(home),
            "ARCHETYPE_SALES": str(home / "raw" / "sales*.parquet"),
            "DBT_TARGET_PATH": str(home / "target"),
            "DBT_LOG_PATH": str(home / "logs"),
            # A tick is little work for many small models: a second thread only waits.
            "ARCHETYPE_THREADS": "1",
        }
        program = ROOT / "tests" / "python" / "sales_builds.py"
        result = subprocess.run(
            [sys.executable, str(program), str(plan)],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stdout + result.stderr

    def kept(self, name: str) -> str:
        """Name the copy of a warehouse."""
        return str(self.folder / f"{name}.duckdb")

    def logs(self, name: str, condition: str = "true") -> dict[str, list[str]]:
        """Read the logs of a kept warehouse: the JSON of each row, in the order of the rows."""
        with duckdb.connect(self.kept(name), read_only=True) as connection:
            return {
                log: [
                    row
                    for (row,) in connection.execute(
                        f"select cast(to_json(row) as varchar) from {log} as row"
                        f" where {condition} order by all"
                    ).fetchall()
                ]
                for log in LOGS
            }


def assert_same(found: dict[str, list[str]], wanted: dict[str, list[str]]) -> None:
    """Compare logs byte for byte, and show of each that differs how, and one row of either."""
    differing = [
        f"{log}: {len(found[log])} rows for {len(wanted[log])}; "
        f"only found: {sorted(set(found[log]) - set(wanted[log]))[:1]}; "
        f"only wanted: {sorted(set(wanted[log]) - set(found[log]))[:1]}"
        for log in LOGS
        if found[log] != wanted[log]
    ]
    assert not differing, "\n".join(differing)


def simulate(folder: Path) -> None:
    """Simulate two stores of five skus, one of them thin, for six weeks."""
    simulate_sales(
        folder, stores=2, skus=5, days=42, seed=5, file_format="parquet",
        anomalies=6, unknown=0.25, thin=0.2, dirt=False,
    )  # fmt: skip


@pytest.fixture(scope="session")
def whole(tmp_path_factory) -> Sales:
    """Build all ticks at once: what every other way of building is compared with."""

    def build(warehouse) -> str:
        warehouse.home.mkdir()
        sales = Sales(warehouse.home)
        simulate(sales.raw)
        sales.ran(
            {"raw": str(sales.raw), "fresh": True, "keep": sales.kept("whole")},
            {"keep": sales.kept("again")},
        )
        return ""

    return Sales(built_once(tmp_path_factory, "sales_whole", build).home)


@pytest.fixture
def sales(tmp_path, whole) -> Sales:
    """Give a folder with the same raw files and the warehouse that was built at once."""
    shutil.copytree(whole.raw, tmp_path / "raw")
    shutil.copy(whole.kept("whole"), tmp_path / "whole.duckdb")
    return Sales(tmp_path)


def test_there_is_something_to_compare(whole):
    rows = {log: len(hashes) for log, hashes in whole.logs("whole").items()}
    assert all(rows.values()), rows
    assert rows["minority_event_ended_log"] >= 10
    assert rows["minority_reports_clustered_log"] >= 100
    assert rows["minority_report_map"] >= 10
    during = whole.logs("whole", f"written_at between '{FIRST_TICK}' and '{LAST_TICK}'")
    assert len(during["minority_reports_clustered_log"]) >= 100


def test_a_second_build_appends_nothing(whole):
    assert_same(whole.logs("again"), whole.logs("whole"))


def random_ticks(n_ticks: int, seed: int) -> list[datetime]:
    """Draw hours, of which many follow each other at once and some after days."""
    generator = random.Random(seed)
    spans = [generator.choice([1, 1, 2, 3, 5, 13, 24, 37]) for _ in range(n_ticks - 1)]
    ticks = [FIRST_TICK]
    for span in spans:
        ticks.append(ticks[-1] + timedelta(hours=span))
    return ticks


@pytest.mark.long
def test_batch_is_stream(sales):
    """Forty builds in one process, tick by tick, and one of the same ticks."""
    ticks = random_ticks(N_STEPS, seed=1)
    steps = [{"variables": {"replay_to": str(tick)}} for tick in ticks]
    steps[0] |= {"raw": str(sales.raw), "fresh": True}
    steps[-1]["keep"] = sales.kept("stream")
    sales.ran(*steps)
    known = f"written_at <= '{ticks[-1]}'"
    assert_same(sales.logs("stream"), sales.logs("whole", known))
    assert len(sales.logs("stream")["minority_reports_clustered_log"]) >= 100


@pytest.mark.long
def test_files_may_come_week_by_week(sales):
    weeks = sorted(sales.raw.glob("*.parquet"))
    steps = []
    for number, _ in enumerate(weeks, 1):
        folder = sales.folder / f"raw_{number}"
        folder.mkdir()
        for file in weeks[:number]:
            shutil.copy(file, folder)
        steps.append({"raw": str(folder), "fresh": number == 1})
    steps[-1]["keep"] = sales.kept("weekly")
    sales.ran(*steps)
    assert_same(sales.logs("weekly"), sales.logs("whole"))


def alter_the_future(raw: Path, folder: Path, now: datetime, seed: int) -> None:
    """Copy raw files, but alter, add and delete rows of `now` and later."""
    folder.mkdir()
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for number, file in enumerate(sorted(raw.glob("*.parquet"))):
            later = f"sold_at >= timestamptz '{now}+00' and hash(row, {seed}) % 10"
            altered = f"""
                from (
                    select
                        * replace (
                            case when {later} = 1 then 7 * units + 40 else units end as units
                        )
                    from (
                        select row.*, row
                        from read_parquet('{file}') as row
                        where not ({later} in (2, 3, 4))
                        union all
                        select row.*, row from read_parquet('{file}') as row where {later} = 5
                    ) as row_twice
                )
            """
            columns = "store_id, sku, sold_at, units, revenue"
            target = folder / f"sales_{number}.parquet"
            connection.execute(
                f"copy (select {columns} {altered} order by hash(row, 0)) to '{target}'"
            )


@pytest.mark.parametrize("n_instants", [2, pytest.param(10, marks=pytest.mark.long)])
def test_nothing_sees_the_future(sales, n_instants):
    """At random instants: whatever comes later, what was known stays."""
    generator = random.Random(n_instants)
    hours = int((LAST_TICK - FIRST_TICK) / timedelta(hours=1))
    instants = [
        FIRST_TICK + timedelta(hours=generator.randrange(hours), minutes=generator.randrange(60))
        for _ in range(n_instants)
    ]
    steps = []
    for number, now in enumerate(instants):
        folder = sales.folder / f"future_{number}"
        alter_the_future(sales.raw, folder, now, seed=number)
        steps.append({"raw": str(folder), "fresh": True, "keep": sales.kept(f"future_{number}")})
    sales.ran(*steps)
    n_other = 0
    for number, now in enumerate(instants):
        known = f"written_at <= '{now}'"
        assert_same(sales.logs(f"future_{number}", known), sales.logs("whole", known))
        n_other += sales.logs(f"future_{number}") != sales.logs("whole")
    assert n_other == n_instants, "the future was not altered"


@pytest.mark.long
def test_a_killed_build_is_made_good_by_the_next(sales):
    """The first build is killed again and again, later each time, then goes through."""
    steps = [
        {"raw": str(sales.raw), "fresh": number == 0, "die_after": node}
        for number, node in enumerate(("stg_sales__ticks", *LOGS, "sales_clock_log"))
    ]
    sales.ran(*steps, {"raw": str(sales.raw), "keep": sales.kept("killed")})
    assert_same(sales.logs("killed"), sales.logs("whole"))


@pytest.mark.long
def test_a_range_is_replayed_into_a_fresh_home(sales):
    ranges = [
        (FIRST_TICK, LAST_TICK),
        (datetime(2025, 2, 1), datetime(2025, 2, 3, 12)),
        (datetime(2025, 1, 30, 11), datetime(2025, 1, 30, 12)),
    ]
    steps = [
        {
            "raw": str(sales.raw),
            "fresh": True,
            "variables": {"replay_from": str(first), "replay_to": str(last)},
            "keep": sales.kept(f"replay_{number}"),
        }
        for number, (first, last) in enumerate(ranges)
    ]
    sales.ran(*steps)
    for number, (first, last) in enumerate(ranges):
        within = f"written_at between '{first}' and '{last}'"
        name = f"replay_{number}"
        assert_same(sales.logs(name, within), sales.logs("whole", within))
        # What a report rests on begins before it; reports and their matches keep to the range.
        whole = sales.logs(name)
        assert {log: whole[log] for log in REPORT_LOGS} == {
            log: rows for log, rows in sales.logs(name, within).items() if log in REPORT_LOGS
        }
