"""Runs children in turn and tells how long each took and how much memory it held at most."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT / "benchmarks"
PEER_PYTHON = ROOT / ".venv-bench" / "bin" / "python"
OURS = "ours"
"""How the name of every case of this project begins."""

Row = dict[str, object]


@dataclass(frozen=True)
class Mode:
    """How thoroughly to measure.

    Parameters
    ----------
    name : str
        `tiny` (for tests), `quick` (`make bench`) or `full` (`make bench-full`).
    repeats, warmups : int
        Rounds that count, and rounds before them that do not.
    patience_s : float
        Once the rounds that count took so long, no further one begins; a round that takes longer
        counts even if it was to warm up.
    """

    name: str
    repeats: int = 5
    warmups: int = 1
    patience_s: float = 60.0


MODES = {
    "tiny": Mode("tiny", repeats=1),
    "quick": Mode("quick", patience_s=90.0),
    "full": Mode("full", patience_s=300.0),
}


@dataclass(frozen=True)
class Bench:
    """Where and how to measure.

    Parameters
    ----------
    folder : pathlib.Path
        Inputs and homes; what lies there already is used again.
    mode : Mode
        How thoroughly.
    python, peer_python : pathlib.Path
        The interpreter that has this project, and the one that has its peers; the latter may not
        exist.
    """

    folder: Path
    mode: Mode = MODES["quick"]
    python: Path = field(default_factory=lambda: Path(sys.executable))
    peer_python: Path = PEER_PYTHON


@dataclass(frozen=True)
class Case:
    """A process to be timed.

    Parameters
    ----------
    by : str
        Who does the work.
    command : sequence of str
        The process.
    environment : mapping
        Variables on top of this process's own.
    before : callable
        Run before each process, outside the clock.
    read : callable
        Gives figures of the run that has just ended: `engine_s`, and what else is to be told.
    """

    by: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[], None] = lambda: None
    read: Callable[[], Row] = dict


@dataclass(frozen=True)
class Run:
    """What became of one process: wall-clock and processor seconds, MiB, figures, or a failure."""

    whole_s: float
    cpu_s: float
    peak_mib: float
    figures: Row
    failure: str | None


class ChildError(RuntimeError):
    """A process that only prepares a measurement failed."""


def run_child(case: Case, log: Path) -> Run:
    """Run one process to its end.

    Parameters
    ----------
    case : Case
        The process.
    log : pathlib.Path
        Where its output goes.

    Returns
    -------
    Run
        The seconds run from before the start of the process to after its end, the memory is the
        most that it or a process that it waited for held.
    """
    case.before()
    with log.open("wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            list(case.command),
            cwd=ROOT,
            env=os.environ | dict(case.environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _volunteer(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    failure = _failure(process.returncode, log)
    return Run(
        whole_s=seconds,
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_mib=usage.ru_maxrss / 1024,
        figures={} if failure else case.read(),
        failure=failure,
    )


def _volunteer(pid: int) -> None:
    """Where memory runs out, let the kernel end this child and nothing else."""
    try:
        Path(f"/proc/{pid}/oom_score_adj").write_text("1000")
    except OSError:
        return


def _failure(code: int, log: Path) -> str | None:
    if code == 0:
        return None
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
    return f"{how}: {lines[-1].strip()[:200]}" if lines else how


def prepare(case: Case, folder: Path) -> Row:
    """Run a process whose time is not measured.

    Parameters
    ----------
    case : Case
        The process.
    folder : pathlib.Path
        For its log.

    Returns
    -------
    dict
        What it tells.

    Raises
    ------
    ChildError
        It failed; the message ends with its output.
    """
    log = folder / "prepare.log"
    run = run_child(case, log)
    if run.failure:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-30:])
        raise ChildError(f"{case.by}: {run.failure}\n{tail}")
    return run.figures


def function_case(
    by: str,
    function: str,
    arguments: Row,
    bench: Bench,
    *,
    is_peer: bool = False,
    environment: Mapping[str, str] | None = None,
) -> Case:
    """Make a case of a function that runs in a process of its own.

    Parameters
    ----------
    by : str
        Who does the work.
    function : str
        Module and name, as in `suite.peers.features_pandas:run`.
    arguments : dict
        Its keyword arguments, as JSON can hold them.
    bench : Bench
        Which interpreters there are.
    is_peer : bool
        Whether it needs the peers' interpreter.
    environment : mapping, optional
        Further variables.

    Returns
    -------
    Case
        Its figures are what the function returns.
    """
    answer = bench.folder / "answer.json"
    python = bench.peer_python if is_peer else bench.python
    return Case(
        by=by,
        command=[str(python), "-m", "suite.child", function, json.dumps(arguments), str(answer)],
        environment={"PYTHONPATH": _search_path(), **(environment or {})},
        before=lambda: answer.unlink(missing_ok=True),
        read=lambda: json.loads(answer.read_text()),
    )


def _search_path() -> str:
    given = os.environ.get("PYTHONPATH")
    return os.pathsep.join([str(BENCHMARKS), *([given] if given else [])])


def in_turn(
    cases: Sequence[Case], bench: Bench, *, is_warm: bool = False, **labels: object
) -> list[Row]:
    """Measure cases in turn: each round runs every case once, so that they share what disturbs.

    Parameters
    ----------
    cases : sequence of Case
        What is compared.
    bench : Bench
        How often, and where logs go.
    is_warm : bool
        Whether every case ran before, as where its answer was checked: no warm-ups then.
    **labels
        What every row says besides: `work`, `case`, `size` and others.

    Returns
    -------
    list of dict
        One row a case: medians of `whole_s`, `cpu_s` and `engine_s` over `runs`, with `low_s` and
        `high_s`, the extremes of the engine's seconds, and the largest `peak_mib`. A case that
        fails once is not run again, and its row says how it failed.
    """
    runs: dict[str, list[Run]] = {case.by: [] for case in cases}
    failures: dict[str, str] = {}
    patience = bench.mode.patience_s
    spent = 0.0
    warmups = 0 if is_warm else bench.mode.warmups
    for number in range(warmups + bench.mode.repeats):
        if spent > patience:
            break
        in_round: dict[str, Run] = {}
        for case in cases:
            if case.by in failures:
                continue
            run = run_child(case, bench.folder / "case.log")
            if run.failure:
                failures[case.by] = without_paths(run.failure, bench)
            else:
                in_round[case.by] = run
            _say(labels, case.by, run, number >= warmups)
        seconds = sum(run.whole_s for run in in_round.values())
        # What takes so long is no quicker for having been run before.
        if number >= warmups or seconds > patience:
            spent += seconds
            for by, run in in_round.items():
                runs[by].append(run)
    return [labels | _summary(by, runs[by], failures.get(by)) for by in runs]


def without_paths(text: str, bench: Bench) -> str:
    """Give the first line of a failure without the folders of this machine."""
    line = next(iter(text.splitlines()), "")
    return line.replace(str(bench.folder), "...").replace(str(ROOT), "...")


def failed(by: str, error: Exception, bench: Bench, **labels: object) -> Row:
    """Give the row of what could not be measured."""
    return labels | {"by": by, "runs": 0, "failure": without_paths(str(error), bench)}


def _summary(by: str, runs: list[Run], failure: str | None) -> Row:
    row: Row = {"by": by, "runs": len(runs), "failure": failure}
    if failure or not runs:
        return row
    engine = [float(run.figures.get("engine_s", run.whole_s)) for run in runs]
    last = {name: value for name, value in runs[-1].figures.items() if name != "engine_s"}
    return row | {
        "whole_s": _median(run.whole_s for run in runs),
        "cpu_s": _median(run.cpu_s for run in runs),
        "engine_s": _median(engine),
        "low_s": round(min(engine), 4),
        "high_s": round(max(engine), 4),
        "peak_mib": round(max(run.peak_mib for run in runs)),
        **last,
    }


def _median(values) -> float:
    return round(statistics.median(values), 4)


def _say(labels: Row, by: str, run: Run, counts: bool) -> None:
    place = " ".join(str(labels[name]) for name in ("work", "case", "size") if name in labels)
    told = run.failure or f"{run.whole_s:8.2f} s, {run.peak_mib:6.0f} MiB"
    print(f"{place}: {by}{'' if counts else ' (warm-up)'}: {told}", flush=True)
