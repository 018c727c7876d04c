"""Builds of both wings, killed from outside at any moment, again and again, while the input grows.

After each kill the warehouse opens; every log stands as before the build or as after it, sidecars
and artifacts too; readers see the old file or the new one. Then one clean build, and all is as if
nobody had been killed. `ARCHETYPE_KILLS` says how many kills there are: 30, and 200 by
`make test-kill`.
"""

from __future__ import annotations

import json
import math
import os
import random
import shutil
import signal
import subprocess
import sys
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from conftest import built_once
from home_state import State, differing, state_of, torn, visible
from kill_builds import running

from archetype.audit import audit_logs
from archetype.leftovers import remove_unborn
from archetype.simulate import simulate_sales, simulate_sessions

N_KILLS = int(os.environ.get("ARCHETYPE_KILLS", "30"))
# Comments are a third of a small build's time: with few kills there are none.
COMMENTS = N_KILLS > 30
SEEDS = (0, 1)
IN_A_ROW_MAX = 5
# Nodes that write files: one kill in so many is aimed at one of them.
WRITERS = ("publish", "write_session_sidecars", "write_session_artifacts")
AIMED = 5
# One build in so many runs its data tests too.
TESTED = 10


@dataclass(frozen=True)
class Stage:
    """The raw files that there are by a build, and how it is built.

    Parameters
    ----------
    name : str
        What is new.
    n_sessions, n_weeks : int
        Files of sessions and of sales.
    early, refit : bool
        Whether early calls are made, and the archetypes fitted anew.
    """

    name: str
    n_sessions: int
    n_weeks: int
    early: bool
    refit: bool


STAGES = (
    Stage("first", 12, 3, early=False, refit=False),
    Stage("early_calls", 16, 4, early=True, refit=False),
    Stage("refit", 23, 5, early=True, refit=True),
)


@dataclass(frozen=True)
class History:
    """The stages one after the other, each built once and uninterrupted."""

    folder: Path

    def raw(self, number: int) -> Path:
        """Give the raw files of a stage."""
        return self.folder / "raw" / STAGES[number].name

    def after(self, number: int) -> Path:
        """Give the home after a stage; before the first one there is none."""
        return self.folder / "after" / (STAGES[number].name if number >= 0 else "nothing")

    def events(self, number: int) -> list[tuple[float, str, str]]:
        """Give what happened in a stage, and after how many seconds of CPU."""
        text = (self.folder / f"{STAGES[number].name}.json").read_text()
        return [tuple(event) for event in json.loads(text)]


def simulate(raw: Path) -> None:
    """Simulate as much as the last stage has, and let each stage have its part, oldest first."""
    whole = raw / "whole"
    simulate_sessions(whole / "sessions", 20, 1, "json")
    simulate_sales(
        whole / "sales", stores=2, skus=3, days=35, seed=5, file_format="csv",
        anomalies=6, unknown=0.25, thin=0.2, dirt=False,
    )  # fmt: skip
    sessions = sorted(
        (whole / "sessions").glob("*.json"), key=lambda file: file.name.split("_2025")[1]
    )
    weeks = sorted((whole / "sales").glob("sales_*.csv"))
    for stage in STAGES:
        files = {"sessions": sessions[: stage.n_sessions], "sales": weeks[: stage.n_weeks]}
        for folder, chosen in files.items():
            (raw / stage.name / folder).mkdir(parents=True)
            for file in chosen:
                shutil.copy(file, raw / stage.name / folder)


@pytest.fixture(scope="module")
def builds(tmp_path_factory):
    """Run the program that builds, and parses once."""
    with running(tmp_path_factory.mktemp("kill_builds")) as program:
        yield program


@pytest.fixture(scope="module")
def history(tmp_path_factory, builds) -> History:
    """Build all stages without a kill, once for all processes that share the tests."""

    def build(warehouse) -> str:
        history = History(warehouse.home)
        simulate(history.folder / "raw")
        for number, stage in enumerate(STAGES):
            home = start_from(history.after(number - 1), history.after(number))
            answer = builds.ask(
                home, history.raw(number), early=stage.early, refit=stage.refit, comments=COMMENTS
            )
            assert answer["outcome"] == "built", answer["problems"]
            events = json.dumps(answer["events"])
            (history.folder / f"{stage.name}.json").write_text(events)
        return ""

    return History(built_once(tmp_path_factory, "killed_history", build).home)


def start_from(before: Path, home: Path) -> Path:
    """Give a home its state before a build."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    if before.exists():
        shutil.copytree(before, home, dirs_exist_ok=True)
    return home


@pytest.mark.long
def test_the_history_is_worth_killing(history, builds):
    """Every log grows in some build, and files are written."""
    states = [state_of(history.after(number), builds.logs) for number in range(len(STAGES))]
    rows = {log: [state.logs[log][0] for state in states] for log in states[0].logs}
    # Who supplies no reports of his own has none.
    assert not [log for log, counts in rows.items() if not counts[-1]], rows
    assert [log for log, counts in rows.items() if counts == sorted(set(counts))], rows
    assert rows["session_model_log"] == [1, 1, 2]
    assert len(visible(states[1].files)) > 10
    differing_files = differing(states[2].files, states[1].files)
    assert any("session_fingerprint.json" in name for name in differing_files)
    assert any("/v2.0.0/" in name for name in differing_files)
    for number in range(len(STAGES)):
        published = history.after(number) / "published.duckdb"
        with duckdb.connect(str(published), read_only=True) as connection:
            assert torn(connection) == []


@pytest.mark.long
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("number", range(len(STAGES)), ids=[stage.name for stage in STAGES])
def test_a_killed_build_is_made_good_by_the_next(
    history, builds, tmp_path, record_property, number, seed
):
    generator = random.Random(f"{number} {seed}")
    before = state_of(history.after(number - 1), builds.logs)
    after = state_of(history.after(number), builds.logs)
    wanted = math.ceil(N_KILLS / len(STAGES) / len(SEEDS))
    killed = []
    while len(killed) < wanted:
        home = start_from(history.after(number - 1), tmp_path / "home")
        in_a_row = generator.randint(1, min(IN_A_ROW_MAX, wanted - len(killed)))
        while in_a_row:
            answer = kill(history, builds, home, number, generator, len(killed))
            if answer["outcome"] == "killed":
                in_a_row -= 1
                killed.append(place(answer["events"]))
            else:
                assert answer["outcome"] == "built", answer["problems"]
            check_left(state_of(home, builds.logs), before, after, home, killed[-1:])
        options = {"early": STAGES[number].early, "refit": STAGES[number].refit}
        clean = builds.ask(home, history.raw(number), threads=1, comments=COMMENTS, **options)
        assert clean["outcome"] == "built", (killed, clean["problems"])
        check_whole(state_of(home, builds.logs), after, home, killed)
    record_property("killed", len(killed))
    print(f"{len(killed)} kills: {', '.join(killed)}")


def kill(history, builds, home, number, generator, n_earlier) -> dict[str, object]:
    """Kill a build of a stage at a random moment of it, or of a node that writes files."""
    events = history.events(number)
    instants = [instant for instant, *_ in events]
    is_aimed = n_earlier % AIMED == AIMED - 1
    is_tested = n_earlier % TESTED == TESTED - 2
    moment = generator.uniform(0, instants[-1])
    if is_aimed:
        writer = generator.choice(WRITERS)
        moment = generator.uniform(*(instant for instant, _, node in events if node == writer))
    after = bisect_right(instants, moment)
    since = moment - (instants[after - 1] if after else 0.0)
    return builds.ask(
        home,
        history.raw(number),
        early=STAGES[number].early,
        refit=STAGES[number].refit,
        threads=1 if is_aimed else generator.choice((1, 2)),
        tests=is_tested and not is_aimed,
        comments=COMMENTS,
        kill=(after, since),
    )


def place(events: list[list[object]]) -> str:
    """Say where a build was killed."""
    if not events:
        return "at the start"
    _, what, node = events[-1]
    return f"in {node}" if what == "starts" else f"after {node}"


def check_left(found: State, before: State, after: State, home: Path, killed: list[str]) -> None:
    """Check what a killed build left: all of a step or nothing of it."""
    for log, rows in found.logs.items():
        assert rows in (before.logs.get(log), after.logs[log]), (killed, log, rows)
    assert not before.logs.keys() - found.logs.keys(), killed
    for hashes in found.builds:
        assert hashes in after.builds, (killed, "build_runs tells of what was not")
    for name, content in visible(found.files).items():
        assert content in (before.files.get(name), after.files[name]), (killed, name)
    assert not before.files.keys() - found.files.keys(), killed
    strangers = found.names - after.names - {"archetype.duckdb.wal", "archetype.duckdb.tmp"}
    assert not [name for name in strangers if ".draft" not in name], killed
    if found.published != before.published:
        with duckdb.connect(str(home / "published.duckdb"), read_only=True) as connection:
            assert torn(connection) == [], killed
            assert last_hashes(connection) == after.builds[-1], killed


def check_whole(found: State, after: State, home: Path, killed: list[str]) -> None:
    """Check that a clean build made all good: nothing is missing, and nothing left over."""
    assert differing(found.logs, after.logs) == [], killed
    assert found.tables == after.tables, killed
    assert differing(found.files, after.files) == [], killed
    assert found.names == after.names, killed
    with duckdb.connect(str(home / "published.duckdb"), read_only=True) as connection:
        assert differing(last_hashes(connection), after.builds[-1]) == [], killed
        assert torn(connection) == [], killed
    assert audit_logs(home).breaks == [], killed


def last_hashes(connection) -> dict[str, str]:
    """Give the content hashes that the last build recorded."""
    sql = "select table_content_hashes from build_runs order by started_at desc limit 1"
    return dict(connection.execute(sql).fetchone()[0])


# More than its memory holds, in a warehouse as a build has it open.
SPILLS = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1], config={"memory_limit": "60MB", "threads": 1})
connection.execute("create table stray__dbt_tmp as select 1 as number")
print("open", flush=True)
connection.execute("create temp table big as select range, hash(range) from range(90000000)")
"""


@pytest.mark.long
def test_what_a_kill_leaves_is_cleaned_by_the_next_build(history, builds, tmp_path):
    """Of DuckDB's leftovers real ones, of the others such as a kill between two steps leaves."""
    home = start_from(history.after(2), tmp_path / "home")
    before = state_of(home, builds.logs)
    spill = home / "archetype.duckdb.tmp"
    with subprocess.Popen(
        [sys.executable, "-c", SPILLS, str(home / "archetype.duckdb")], stdout=subprocess.PIPE
    ) as spilling:
        spilling.stdout.readline()
        while not any(file.stat().st_size for file in spill.glob("*")):
            assert spilling.poll() is None, "it has spilt nothing"
        spilling.send_signal(signal.SIGKILL)
    sidecar = min((history.after(1) / "runs").rglob("session_fingerprint.json"))
    sidecar = home / sidecar.relative_to(history.after(1))
    artifacts = home / "artifacts" / "session_fingerprints"
    planted = [
        home / "published.duckdb.4711.draft",
        home / "published.duckdb.4711.draft.wal",
        sidecar.with_name(".session_fingerprint.json.draft"),
        sidecar.with_name(".session_fingerprint.json.4711-1.draft"),
        artifacts / ".v1.0.0.draft" / "scaler.pkl",
        artifacts / ".v2.0.0.old" / "scaler.pkl",
        artifacts / ".v3.0.0.draft" / "scaler.pkl",
    ]
    for leftover in planted:
        leftover.parent.mkdir(exist_ok=True)
        leftover.write_bytes(b"half of")
    with duckdb.connect(str(home / "archetype.duckdb")) as connection:
        assert connection.execute("from stray__dbt_tmp").fetchall() == [(1,)]
        connection.execute("create table sessions__dbt_backup as from sessions")
        connection.execute("create view stray__dbt_tmp_view as from sessions__dbt_backup")
    assert any(spill.glob("duckdb_temp_*"))
    # A sidecar of the model before, as a kill between a refit's calls and their sidecars leaves it.
    shutil.copy(history.after(1) / sidecar.relative_to(home), sidecar)
    nodes = ("--select", "session_early_calls_pending", "session_sidecar_calls", *WRITERS[1:])
    answer = builds.ask(home, history.raw(2), early=True, arguments=nodes)
    assert answer["outcome"] == "built", answer["problems"]
    check_whole(state_of(home, builds.logs), before, home, [])


@pytest.mark.long
@pytest.mark.parametrize("size", [0, 5, 4096, 8192])
def test_a_build_killed_as_it_makes_the_file_leaves_nothing_in_the_way(
    history, builds, tmp_path, size
):
    """DuckDB writes three headers one after the other; it opens no file that has fewer."""
    home = tmp_path / "home"
    home.mkdir()
    warehouse = home / "archetype.duckdb"
    with duckdb.connect(str(home / "other.duckdb")):
        pass
    content = (home / "other.duckdb").read_bytes()
    assert len(content) == 3 * 4096
    warehouse.write_bytes(content[:size])
    with pytest.raises(duckdb.IOException):
        duckdb.connect(str(warehouse))
    nodes = ("--select", "build_environment")
    answer = builds.ask(home, history.raw(0), arguments=nodes)
    assert answer["outcome"] == "built", answer["problems"]


def test_a_file_of_another_program_is_not_removed(tmp_path):
    warehouse = tmp_path / "archetype.duckdb"
    warehouse.write_text("name,units\nStore 1,12\n")
    remove_unborn(warehouse)
    assert warehouse.read_text() == "name,units\nStore 1,12\n"


def test_a_file_that_a_living_process_makes_is_not_removed(tmp_path):
    warehouse = tmp_path / "archetype.duckdb"
    script = "import fcntl, sys; f = open(sys.argv[1], 'wb'); fcntl.lockf(f, fcntl.LOCK_EX);"
    script += "print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(warehouse)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as maker:
        maker.stdout.readline()
        remove_unborn(warehouse)
        assert warehouse.exists()
        maker.kill()
    remove_unborn(warehouse)
    assert not warehouse.exists()
