"""Whole builds that share one parse, each in a child that can be killed from outside.

The program reads a request a line and answers each with a line::

    python kill_builds.py workspace

It never opens a warehouse itself: a process that has opened one cannot be forked. :class:`Builds`
runs it, and speaks with it, for tests.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

PARSED_WITH = json.dumps({"bootstraps": 2})
QUIETLY = ("--quiet", "--log-level-file", "none", "--no-write-json")
NO_UNIT_TESTS = ("--exclude-resource-type", "unit_test")
NO_TESTS = (*NO_UNIT_TESTS, "--exclude-resource-type", "test")
POLL_S = 0.002


class Builds:
    """A running program, and the requests that it takes.

    Parameters
    ----------
    workspace : pathlib.Path
        A folder of its own.
    """

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        program = Path(__file__)
        environment = os.environ | {
            "ARCHETYPE_HOME": str(workspace / "home"),
            "ARCHETYPE_SESSIONS": str(workspace / "raw" / "sessions" / "*.json"),
            "ARCHETYPE_SALES": str(workspace / "raw" / "sales" / "sales_*.csv"),
            "DBT_TARGET_PATH": str(workspace / "target"),
            "DBT_LOG_PATH": str(workspace / "logs"),
        }
        self.said = workspace / "said.txt"
        with self.said.open("w") as said:
            self.process = subprocess.Popen(
                [sys.executable, str(program), str(workspace)],
                cwd=program.parents[2],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )
        # Names of the append-only tables, as the manifest knows them.
        self.logs: list[str] = self._answer()["logs"]

    def ask(
        self,
        home: Path,
        raw: Path,
        *,
        early: bool = False,
        refit: bool = False,
        threads: int = 1,
        tests: bool = False,
        comments: bool = False,
        arguments: Sequence[str] = (),
        kill: tuple[int, float] | None = None,
    ) -> dict[str, object]:
        """Build, or try to.

        Parameters
        ----------
        home, raw : pathlib.Path
            `ARCHETYPE_HOME`, and a folder of `sessions/*.json` and `sales/sales_*.csv`.
        early, refit : bool
            Whether early calls are made, and the archetypes fitted anew.
        threads : int
            Of dbt and of DuckDB.
        tests : bool
            Whether data tests run.
        comments : bool
            Whether tables get their comments, which are a third of a small build's time.
        arguments : sequence of str
            Further ones of `dbt build`.
        kill : tuple of int and float, optional
            Kill it when so many events have come, and so many seconds of CPU have gone by since.

        Returns
        -------
        dict
            `outcome` (``built``, ``failed`` or ``killed``), `events` (CPU seconds since the start,
            what happened, the node), `problems`.
        """
        request = {
            "home": str(home),
            "raw": str(raw),
            "early": early,
            "threads": threads,
            "comments": comments,
            "arguments": [
                *(NO_UNIT_TESTS if tests else NO_TESTS),
                *("--vars", json.dumps({"refit": refit, "bootstraps": 2})),
                *arguments,
            ],
            "kill": kill,
        }
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, object]:
        line = self.process.stdout.readline()
        assert line, f"the program ended: {self.said.read_text()[-2000:]}"
        return json.loads(line)

    def close(self) -> None:
        """End the program."""
        self.process.stdin.close()
        self.process.wait()


@contextmanager
def running(workspace: Path) -> Iterator[Builds]:
    """Run the program as long as the tests of a module need it."""
    builds = Builds(workspace)
    try:
        yield builds
    finally:
        builds.close()


def serve(workspace: Path) -> None:
    """Answer requests until there are no more."""
    from dbt.cli.main import dbtRunner

    # What every child would import once more.
    import archetype.publish
    import archetype.sales.bind
    import archetype.sessions.bind  # noqa: F401

    for folder in ("sessions", "sales"):
        (workspace / "empty" / folder).mkdir(parents=True)
    swap_folder(workspace / "raw", workspace / "empty")
    manifest = dbtRunner().invoke([*QUIETLY, "parse", "--vars", PARSED_WITH]).result
    nodes = manifest.nodes.values()
    logs = [node.name for node in nodes if node.config.materialized == "incremental"]
    print(json.dumps({"logs": sorted(logs)}), flush=True)
    gc.freeze()
    for line in sys.stdin:
        request = json.loads(line)
        swap_folder(workspace / "raw", Path(request["raw"]))
        print(json.dumps(answer(manifest, request)), flush=True)


def swap_folder(link: Path, folder: Path) -> None:
    """Let the folder of raw files be another one."""
    link.unlink(missing_ok=True)
    link.symlink_to(folder)


def answer(manifest, request: dict[str, object]) -> dict[str, object]:
    """Build in a child; kill it when it is time."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        # Nobody but the program answers on its standard output.
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        build(manifest, request, writing)
    os.close(writing)
    events = watch(child, reading, request["kill"])
    os.close(reading)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    outcome = {0: "built", -signal.SIGKILL: "killed"}.get(code, "failed")
    problems = [name for _, kind, name in events if kind == "problem"]
    steps = [event for event in events if event[1] != "problem"]
    return {"outcome": outcome, "events": steps, "problems": problems}


def build(manifest, request: dict[str, object], pipe: int) -> None:
    """Run `dbt build` and tell of every node that starts and ends; do not return."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    def tell(kind: str, name: str) -> None:
        os.write(pipe, f"{time.process_time():.6f}\t{kind}\t{name}\n".encode())

    def hear(event) -> None:
        if event.info.name in ("LogStartLine", "LogModelResult", "LogSeedResult"):
            node = event.data.node_info
            if node.resource_type in ("model", "seed"):
                tell("starts" if event.info.name == "LogStartLine" else "ended", node.node_name)

    os.environ |= {
        "ARCHETYPE_HOME": request["home"],
        "ARCHETYPE_THREADS": str(request["threads"]),
        "ARCHETYPE_SESSION_FINGERPRINTING": str(int(request["early"])),
    }
    for node in manifest.nodes.values():
        if not request["comments"] and hasattr(node.config, "persist_docs"):
            node.config.persist_docs = {}
    Path(request["home"]).mkdir(parents=True, exist_ok=True)
    outcome = dbtRunner(manifest=manifest, callbacks=[hear]).invoke(
        [*QUIETLY, "build", *request["arguments"]]
    )
    if outcome.exception:
        tell("problem", " ".join(str(outcome.exception).split()))
    for result in getattr(outcome.result, "results", None) or []:
        if result.status in ("error", "fail", "runtime error"):
            tell("problem", f"{result.node.name}: {' '.join(str(result.message).split())[:1000]}")
    # As at the end of any process, with what DuckDB does last.
    DuckDBConnectionManager.close_all_connections()
    os._exit(0 if outcome.success else 1)


def watch(child: int, pipe: int, kill: tuple[int, float] | None) -> list[list[object]]:
    """Read a child's events to their end, killing it when it is time."""
    # See clock_getcpuclockid(3).
    clock = (~child << 3) | 2
    after, cpu_s = kill or (sys.maxsize, 0.0)
    text, last = b"", 0.0
    while True:
        events = [line.split("\t", 2) for line in text.decode().splitlines()]
        if events:
            last = float(events[-1][0])
        is_near = len(events) >= after
        if is_near:
            # A child that has just ended has no clock any more.
            with suppress(OSError):
                if len(events) > after or time.clock_gettime(clock) - last >= cpu_s:
                    os.kill(child, signal.SIGKILL)
        if select.select([pipe], [], [], POLL_S if is_near else None)[0]:
            part = os.read(pipe, 65536)
            if not part:
                return [[float(cpu), kind, name] for cpu, kind, name in events]
            text += part


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
