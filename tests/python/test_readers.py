"""Whoever reads the published file is served all the time, whatever becomes of a build."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest
from conftest import Warehouse
from kill_builds import Builds, running
from published_reader import reading

from archetype.simulate import simulate_sales, simulate_sessions

N_SESSIONS = 14
# What changes from build to build without new raw files.
QUICK = ("--select", "build_environment", "build_table_hashes", "build_runs", "publish")
LABELS = "assert_sessions_get_their_training_label"


class Input:
    """Raw files that are delivered bit by bit."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "raw"
        source = folder / "source"
        simulate_sessions(source / "sessions", 24, 1, "json")
        simulate_sales(
            source / "sales", stores=2, skus=3, days=35, seed=5, file_format="csv",
            anomalies=6, unknown=0.25, thin=0.2, dirt=False,
        )  # fmt: skip
        for part in ("sessions", "sales"):
            (self.folder / part).mkdir(parents=True)
        self.sessions = sorted((source / "sessions").glob("*.json"))
        self.weeks = sorted((source / "sales").glob("sales_*.csv"))
        self.grow(N_SESSIONS, 2)

    def grow(self, n_sessions: int, n_weeks: int) -> None:
        """Let more files come."""
        for part, files, count in (
            ("sessions", self.sessions, n_sessions),
            ("sales", self.weeks, n_weeks),
        ):
            for _ in range(count):
                shutil.copy(files.pop(0), self.folder / part)


@pytest.fixture(scope="module")
def builds(tmp_path_factory):
    """Run the program that builds, and parses once."""
    with running(tmp_path_factory.mktemp("reader_builds")) as program:
        yield program


@pytest.mark.long
def test_readers_are_served_through_ten_builds(builds: Builds, tmp_path, record_property):
    """Six of them go well; one fails a test, one is killed, two are refused."""
    raw, home = Input(tmp_path), tmp_path / "home"
    warehouse = Warehouse(home)
    first = builds.ask(home, raw.folder)
    assert first["outcome"] == "built", first["problems"]
    good = [last_build(warehouse)]

    def built(n_sessions: int = 0, n_weeks: int = 0) -> None:
        raw.grow(n_sessions, n_weeks)
        arguments = () if n_sessions else QUICK
        answer = builds.ask(home, raw.folder, arguments=arguments)
        assert answer["outcome"] == "built", answer["problems"]
        good.append(last_build(warehouse))

    with reading(warehouse.published, "hold") as holder:
        with reading(warehouse.published, "loop") as reader:
            built(3, 1)
            fail_a_test(builds, raw.folder, home)
            built()
            kill_while_publishing(builds, raw.folder, home, first["events"])
            built(3, 1)
            refuse_a_variable(builds, raw.folder, home)
            built()
            refuse_while_the_warehouse_is_open(warehouse, raw.folder)
            built()
            built(3, 1)
            seen = reader.stop()
        held = holder.stop()
    for name in ("reads", "hashed", "open_s", "blocked_s"):
        record_property(name, seen[name])
    print(seen, held)
    assert seen["torn"] == []
    # In their order, none twice: nobody sees an older build after a newer one.
    assert seen["builds"] == [build for build in good if build in seen["builds"]]
    assert len(seen["builds"]) >= 5
    assert seen["builds"][-1] == good[-1]
    assert seen["reads"] >= 20
    assert seen["blocked_s"] < 1
    assert held == {"builds": [good[0]] * 2, "torn": []}


# Publishes the same number in three tables, one number after the other, until it is killed.
PUBLISHES = """
import sys
from itertools import count
import duckdb
from archetype.publish import publish_tables
connection = duckdb.connect(sys.argv[1], config={"threads": 1})
for number in count(int(sys.argv[2])):
    for table in ("a", "b", "c"):
        connection.execute(
            f"create or replace table {table} as select {number} as number from range(20000)"
        )
    publish_tables(connection, ["a", "b", "c"])
    print(number, flush=True)
"""


def test_publishing_is_one_stroke(tmp_path):
    """Read while it publishes, kill it at a random moment, read again: ten times."""
    generator = random.Random(1)
    published, last = tmp_path / "published.duckdb", 0
    for _ in range(10):
        with subprocess.Popen(
            [sys.executable, "-c", PUBLISHES, str(tmp_path / "archetype.duckdb"), str(last + 1)],
            stdout=subprocess.PIPE,
            text=True,
        ) as publisher:
            publisher.stdout.readline()
            held = published.open("rb")
            content = held.read()
            end = time.monotonic() + generator.uniform(0.1, 0.8)
            while time.monotonic() < end:
                numbers = numbers_in(published)
                assert len(set(numbers)) == 1
                assert numbers[0] >= last
                last = numbers[0]
            publisher.kill()
        numbers = numbers_in(published)
        assert len(set(numbers)) == 1
        assert numbers[0] >= last
        last = numbers[0]
        # Nothing is ever written into a file that somebody may have open.
        with held:
            held.seek(0)
            assert held.read() == content
    assert last > 10


def numbers_in(published: Path) -> list[int]:
    """Give the number of each table, of which all rows have the same one."""
    with duckdb.connect(str(published), read_only=True) as connection:
        found = [
            connection.execute(f"select min(number), max(number), count(*) from {table}").fetchone()
            for table in ("a", "b", "c")
        ]
    assert [(least, most, rows) for least, most, rows in found if least != most] == []
    assert {rows for *_, rows in found} == {20000}
    return [least for least, *_ in found]


def last_build(warehouse: Warehouse) -> str:
    """Name the build that readers see."""
    return warehouse.query("select build_id from build_runs order by started_at desc limit 1")[0][0]


def fail_a_test(builds: Builds, raw: Path, home: Path) -> None:
    """Build on a row that no build would have written."""
    warehouse, published = home / "archetype.duckdb", (home / "published.duckdb").read_bytes()
    kept = shutil.copy(warehouse, home / "kept.duckdb")
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("update session_assignments set archetype_id = archetype_id % 5 + 1")
    answer = builds.ask(home, raw, tests=True, arguments=(*QUICK, LABELS))
    assert answer["outcome"] == "failed"
    assert [problem.split(":")[0] for problem in answer["problems"]] == [LABELS]
    assert (home / "published.duckdb").read_bytes() == published
    Path(kept).replace(warehouse)


def kill_while_publishing(builds: Builds, raw: Path, home: Path, events: list) -> None:
    """Kill a build in the middle of publishing, as near as that can be told."""
    began, ended = (instant for instant, _, node in events if node == "publish")
    nodes = len(QUICK) - 1
    # The last node starts after the two events of each before it.
    kill = (2 * (nodes - 1) + 1, (ended - began) / 2)
    answer = builds.ask(home, raw, arguments=QUICK, kill=kill)
    assert answer["outcome"] == "killed"
    assert answer["events"][-1][1:] == ["starts", "publish"]
    assert list(home.glob("published.duckdb.*.draft*"))


def refuse_a_variable(builds: Builds, raw: Path, home: Path) -> None:
    """Build with a wrong variable."""
    answer = builds.ask(home, raw, arguments=("--vars", "{k: 1}"))
    assert answer["outcome"] == "failed"
    assert "k is 1" in answer["problems"][0]


def refuse_while_the_warehouse_is_open(warehouse: Warehouse, raw: Path) -> None:
    """Build while somebody reads the warehouse itself, which nobody should."""
    script = "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); print(); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(warehouse.home / "archetype.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as stranger:
        stranger.stdout.readline()
        result = warehouse.build(*QUICK, sessions=raw / "sessions" / "*.json")
        stranger.send_signal(signal.SIGKILL)
    assert result.returncode == 1
    assert "Another process has the warehouse open: close it. BI reads" in result.stdout
    assert f"{warehouse.published} still holds the last good build." in result.stdout
