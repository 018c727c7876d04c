"""Cases that are dbt builds, and what they tell of their time."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from suite.harness import Bench, Case, Row

WITHOUT_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
LOGGED = re.compile(
    r"\[debug\] \[(?P<thread>[^\]]+?) *\]: "
    r"(?:Began executing node (?P<node>\S+)|SQL status: OK in (?P<seconds>[0-9.]+) seconds)"
)


@dataclass(frozen=True)
class Home:
    """A home of its own, with the raw files that it reads.

    Parameters
    ----------
    folder : pathlib.Path
        The home.
    sessions, sales : str
        Globs; without one, that wing reads the sample.
    """

    folder: Path
    sessions: str | None = None
    sales: str | None = None

    @property
    def warehouse(self) -> Path:
        """The file that dbt writes."""
        return self.folder / "archetype.duckdb"

    @property
    def target(self) -> Path:
        """Where dbt puts what it compiled."""
        return self.folder / "target"

    def clear(self) -> None:
        """Drop what was built or taken out; what dbt has parsed stays, as in any second build."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for pattern in ("*.duckdb*", "*.parquet"):
            for path in self.folder.glob(pattern):
                path.unlink()
        (self.folder / "logs" / "dbt.log").unlink(missing_ok=True)

    def environment(self) -> dict[str, str]:
        """Give the variables of a build here."""
        return {
            "ARCHETYPE_SESSIONS": self.sessions or "",
            "ARCHETYPE_SALES": self.sales or "",
            "ARCHETYPE_MRDL": "",
            "ARCHETYPE_SALES_TRUTH": "",
            "ARCHETYPE_HOME": str(self.folder),
            "DBT_TARGET_PATH": str(self.target),
            "DBT_LOG_PATH": str(self.folder / "logs"),
        }


def build_case(
    by: str,
    home: Home,
    bench: Bench,
    arguments: Sequence[str] = (),
    *,
    is_fresh: bool = True,
    environment: dict[str, str] | None = None,
) -> Case:
    """Make a case of `dbt build`.

    Parameters
    ----------
    by : str
        Its name.
    home : Home
        Where.
    bench : Bench
        Which interpreter.
    arguments : sequence of str
        Further arguments of `dbt build`.
    is_fresh : bool
        Whether the home is cleared before each run.
    environment : dict, optional
        Further variables.

    Returns
    -------
    Case
        Its figures are those of `read_build`.
    """
    variables = home.environment() | (environment or {})

    def before() -> None:
        home.folder.mkdir(parents=True, exist_ok=True)
        if is_fresh:
            home.clear()
        else:
            (home.folder / "logs" / "dbt.log").unlink(missing_ok=True)

    return Case(
        by=by,
        command=[str(bench.python.with_name("dbt")), "--quiet", "build", *arguments],
        environment=variables,
        before=before,
        read=lambda: read_build(home),
    )


def read_build(home: Home) -> Row:
    """Tell how a build spent its time.

    Parameters
    ----------
    home : Home
        Where it ran.

    Returns
    -------
    dict
        `engine_s`: from dbt's first node to its last; `tests_s`, `models_s` (models, seeds,
        publishing) and `hooks_s`: the part of it in which such nodes ran, an instant with two of
        them counting half for each; `idle_s`: in which none ran; `models_sql_s` and
        `tests_sql_s`: what the engine says the statements of either took, all threads together;
        `n_nodes`: how many nodes ran.
    """
    results = json.loads((home.target / "run_results.json").read_text())
    spans = []
    for result in results["results"]:
        kind = result["unique_id"].split(".")[0]
        times = [(t["started_at"], t["completed_at"]) for t in result["timing"]]
        times = [tuple(map(_instant, pair)) for pair in times if all(pair)]
        if times:
            spans.append((_KINDS.get(kind, "models_s"), min(times)[0], max(t[1] for t in times)))
    elapsed = results["elapsed_time"]
    shares = share_time(spans)
    log = home.folder / "logs" / "dbt.log"
    told = engine_seconds(log.read_text(errors="replace")) if log.exists() else {}
    return {
        "engine_s": elapsed,
        **{kind: round(seconds, 3) for kind, seconds in shares.items()},
        "idle_s": round(elapsed - sum(shares.values()), 3),
        "models_sql_s": round(told.get("models_s", 0.0), 3),
        "tests_sql_s": round(told.get("tests_s", 0.0), 3),
        "n_nodes": len(spans),
    }


def engine_seconds(log: str) -> dict[str, float]:
    """Add up what statements took, by the kind of the node that ran them.

    Parameters
    ----------
    log : str
        dbt's log: in each thread a node begins, and its statements end.

    Returns
    -------
    dict of str to float
        Seconds by kind; what ran before the first node of its thread is left out.
    """
    kinds: dict[str, str] = {}
    seconds: dict[str, float] = {}
    for found in LOGGED.finditer(log):
        thread, node = found["thread"], found["node"]
        if node:
            kinds[thread] = _KINDS.get(node.split(".")[0], "models_s")
        elif thread in kinds:
            kind = kinds[thread]
            seconds[kind] = seconds.get(kind, 0.0) + float(found["seconds"])
    return seconds


_KINDS = {"test": "tests_s", "unit_test": "tests_s", "operation": "hooks_s"}


def _instant(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def share_time(spans: Sequence[tuple[str, float, float]]) -> dict[str, float]:
    """Share wall-clock time among what ran.

    Parameters
    ----------
    spans : sequence of (kind, start, end)
        What ran when, in seconds.

    Returns
    -------
    dict of str to float
        Seconds by kind: an instant in which n spans run counts 1/n for each.
    """
    shares = {"models_s": 0.0, "tests_s": 0.0, "hooks_s": 0.0}
    moments = sorted({moment for _, *span in spans for moment in span})
    events = sorted(
        [(start, 1, kind) for kind, start, _ in spans] + [(end, -1, kind) for kind, _, end in spans]
    )
    running = dict.fromkeys(shares, 0)
    place = 0
    for begin, end in pairwise(moments):
        while place < len(events) and events[place][0] <= begin:
            running[events[place][2]] += events[place][1]
            place += 1
        total = sum(running.values())
        for kind, count in running.items():
            shares[kind] += (end - begin) * count / total if total else 0.0
    return shares
