"""A reader of the published file, in a process of its own, as a BI tool is one.

It is run as a program and reads until its input ends, then says what it saw, as JSON::

    python published_reader.py published.duckdb loop    # a fresh connection each time
    python published_reader.py published.duckdb hold    # one connection all along
"""

from __future__ import annotations

import json
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from home_state import published_tables, torn

# Every so many reads all rows are hashed; besides whenever a build is new.
HASHED = 10
# Between two reads: the build wants the cores too.
PAUSE_S = 0.02
LAST_BUILD = "select build_id, table_row_counts from build_runs order by started_at desc limit 1"


class Reader:
    """A running reader.

    Parameters
    ----------
    published : pathlib.Path
        The file.
    how : {"loop", "hold"}
        With a fresh connection each time, or with one.
    """

    def __init__(self, published: Path, how: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, __file__, str(published), how],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout.readline() == "reading\n"

    def stop(self) -> dict[str, object]:
        """Let it end, and say what it saw."""
        said, _ = self.process.communicate()
        assert self.process.returncode == 0, said
        return json.loads(said)


@contextmanager
def reading(published: Path, how: str) -> Iterator[Reader]:
    """Run a reader, and leave none behind."""
    reader = Reader(published, how)
    try:
        yield reader
    finally:
        reader.process.kill()


def is_stopped(wait_s: float | None) -> bool:
    """Tell whether the input has ended."""
    return bool(select.select([sys.stdin], [], [], wait_s)[0])


def blocked_s(began: tuple[float, float]) -> float:
    """Give the seconds since, without those in which this thread ran or waited for a core."""
    wall, busy = now()
    return (wall - began[0]) - (busy - began[1])


def now() -> tuple[float, float]:
    """Give the wall clock, and how long this thread has run or waited for a core; see proc(5)."""
    ran, waited, _ = Path("/proc/thread-self/schedstat").read_text().split()
    return time.monotonic(), (int(ran) + int(waited)) / 1e9


def connect(published: str) -> duckdb.DuckDBPyConnection:
    """Open the file as BI does, but with one thread, whose time can be told."""
    return duckdb.connect(published, read_only=True, config={"threads": 1})


def loop(published: str) -> dict[str, object]:
    """Read everything, again and again."""
    seen = {"reads": 0, "hashed": 0, "builds": [], "torn": [], "blocked_s": 0.0, "open_s": 0.0}
    counts = ", ".join(f"(select count(*) from {table})" for table in published_tables())
    while not is_stopped(PAUSE_S):
        began = now()
        with connect(published) as connection:
            build_id, rows = connection.execute(LAST_BUILD).fetchone()
            seen["open_s"] = max(seen["open_s"], now()[0] - began[0])
            found = connection.execute(f"select {counts}").fetchone()
            if found != tuple(dict(rows)[table] for table in published_tables()):
                seen["torn"].append(f"rows of other builds than {build_id}")
            is_new = build_id not in seen["builds"][-1:]
            if is_new or seen["reads"] % HASHED == 0:
                seen["torn"] += torn(connection)
                seen["hashed"] += 1
        seen["blocked_s"] = max(seen["blocked_s"], blocked_s(began))
        seen["reads"] += 1
        if is_new:
            seen["builds"].append(build_id)
        if seen["reads"] == 1:
            print("reading", flush=True)
    return seen


def hold(published: str) -> dict[str, object]:
    """Keep one connection, and read at the beginning and at the end."""
    with connect(published) as connection:
        builds = [connection.execute(LAST_BUILD).fetchone()[0]]
        print("reading", flush=True)
        is_stopped(wait_s=None)
        builds.append(connection.execute(LAST_BUILD).fetchone()[0])
        return {"builds": builds, "torn": torn(connection)}


if __name__ == "__main__":
    print(json.dumps({"loop": loop, "hold": hold}[sys.argv[2]](sys.argv[1])))
