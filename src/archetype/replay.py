"""Rebuild what the logs said at an instant, in a fresh home, and compare."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import yaml
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest

from archetype.build import BROKEN
from archetype.publish import WAREHOUSE_NAME
from archetype.replay_compare import Comparison, compare_logs
from archetype.replay_logs import LOGS, check_every_log
from archetype.replay_notes import note_late_rows, note_models, note_raw_files
from archetype.replay_plan import Step, first_instant, plan_steps

_ENDS = {
    "sales": ("sales_clock_log",),
    # The processing log says of every raw file what became of it, and of those after T that.
    "sessions": ("session_processing_log",),
}
# Read while SQL is compiled, not while the project is parsed: another value needs no new parse.
_NOT_PARSED = {"sessions_to", "replay_from", "replay_to", "refit", "session_fingerprinting"}
_WITHOUT_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
_OURS = (
    *("--select", "-s", "--models", "--model", "-m", "--exclude", "--selector", "--full-refresh"),
    *("--target-path", "--log-path"),
)
_EARLY_CALLS = ("ARCHETYPE_SESSION_FINGERPRINTING", "IRONFORGE_SESSION_FINGERPRINTING")
_manifests: dict[str, Manifest] = {}


class ReplayError(ValueError):
    """A replay cannot be made; the message is one line that says why and what to do."""


@dataclass(frozen=True)
class Replay:
    """What a replay found.

    Parameters
    ----------
    to : datetime.datetime
        The instant, UTC.
    n_builds : int
        Builds that were replayed.
    logs : list of Comparison
        One a log.
    notes : list of str
        What may have made them differ.
    """

    to: datetime
    n_builds: int
    logs: list[Comparison]
    notes: list[str]

    @property
    def is_equal(self) -> bool:
        """Whether every log is what the replay made of the raw files."""
        return not any(log.n_different for log in self.logs)

    def as_dict(self) -> dict[str, object]:
        """Give all of it as what JSON can hold."""
        return {
            "to": self.to.isoformat(sep=" "),
            "is_equal": self.is_equal,
            "n_builds": self.n_builds,
            "logs": [asdict(log) for log in self.logs],
            "notes": self.notes,
        }


def replay(
    home: Path,
    fresh: Path,
    to: datetime,
    arguments: Sequence[str] = (),
    tell: Callable[[str], None] = lambda _: None,
) -> Replay:
    """Rebuild the logs as of an instant from the raw files and compare them with those there are.

    Parameters
    ----------
    home : pathlib.Path
        The home whose logs are checked; it is only read.
    fresh : pathlib.Path
        A folder that is new or empty: the home of the replay.
    to : datetime.datetime
        The instant, UTC, in the data's own time.
    arguments : sequence of str
        Further arguments of dbt, as `archetype build` was given: variables that no log holds.
    tell : callable
        Is told, in one line, of each build before it starts.

    Returns
    -------
    Replay
        How each log compares.

    Raises
    ------
    ReplayError
        There is no warehouse, nothing was logged by then, the fresh home is not empty, or a build
        of the replay fails, as it does without raw files.
    """
    steps = _plan(home, to)
    variables, further = _read_arguments(arguments)
    fresh.mkdir(parents=True, exist_ok=True)
    if any(fresh.iterdir()):
        raise ReplayError(f"{fresh} is not empty: a replay needs a folder that is new or empty")
    with _environment(fresh):
        # What one wing's variables are makes no difference to the other, but another parse.
        for step in reversed(steps):
            variables |= step.variables
        begun: set[str] = set()
        for step in steps:
            tell(f"replaying {step.wing} up to {step.to}")
            # Seeds are loaded once a wing; after that they would only be loaded again.
            command = "run" if step.wing in begun else "build"
            _build(fresh, command, step, variables | step.variables, further)
            begun.add(step.wing)
    return compare(home, fresh, to, n_builds=len(steps))


def compare(home: Path, fresh: Path, to: datetime, n_builds: int = 0) -> Replay:
    """Compare the logs of two homes at an instant.

    Parameters
    ----------
    home, fresh : pathlib.Path
        The home whose logs are checked, and that of the replay; both are only read.
    to : datetime.datetime
        The instant, UTC.
    n_builds : int
        Builds that the replay took.

    Returns
    -------
    Replay
        How each log compares.

    Raises
    ------
    ReplayError
        A warehouse cannot be opened.
    """
    with _attached(logged=home, rebuilt=fresh) as connection:
        logs = compare_logs(connection, "logged", "rebuilt", to)
        notes = list(note_raw_files(connection, "logged", "rebuilt"))
        if any(log.n_different for log in logs):
            notes += note_models(connection, "logged", "rebuilt", to)
            notes += note_late_rows(connection, "logged")
    return Replay(to, n_builds, logs, notes)


def _plan(home: Path, to: datetime) -> list[Step]:
    with _attached(logged=home) as connection:
        try:
            first, log = first_instant(connection, "logged")
        except ValueError as error:
            raise ReplayError(f"{home / WAREHOUSE_NAME}: {error}") from error
        if to < first:
            raise ReplayError(f"nothing was logged by {to}: the first row is {log}'s, of {first}")
        return plan_steps(connection, "logged", to)


@contextmanager
def _attached(**homes: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouses of homes, read-only, each under its name."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for name, home in homes.items():
            path = home / WAREHOUSE_NAME
            if not path.is_file():
                raise ReplayError(
                    f"there is no warehouse {path}: run `archetype build`, or set ARCHETYPE_HOME"
                )
            quoted = str(path).replace("'", "''")
            try:
                connection.execute(f"attach '{quoted}' as {name} (read_only)")
            except duckdb.Error as error:
                line = str(error).splitlines()[0]
                raise ReplayError(f"{path} cannot be opened: {line}") from error
        yield connection


def _read_arguments(arguments: Sequence[str]) -> tuple[dict[str, object], list[str]]:
    """Part the variables from the other arguments of dbt."""
    variables: dict[str, object] = {}
    further: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        name, is_joined, text = argument.partition("=")
        if name in _OURS:
            raise ReplayError(f"{name} is not for a replay, which chooses itself what to build")
        if name != "--vars":
            further.append(argument)
            continue
        given = _read_yaml(text if is_joined else next(rest, ""))
        if not isinstance(given, Mapping):
            raise ReplayError("--vars must be a YAML mapping, as in '{min_events: 4}'")
        variables |= given
    return variables, further


def _read_yaml(text: str) -> object:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None


@contextmanager
def _environment(fresh: Path) -> Iterator[None]:
    """Let dbt write to the fresh home alone, and call early where the logs say so alone."""
    changed = {"ARCHETYPE_HOME": str(fresh)} | dict.fromkeys(_EARLY_CALLS, "")
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _build(
    fresh: Path,
    command: str,
    step: Step,
    variables: Mapping[str, object],
    further: Sequence[str],
) -> None:
    """Run one step in this process."""
    logging.getLogger("dbt").setLevel(logging.ERROR)
    paths = ["--target-path", str(fresh / "target"), "--log-path", str(fresh / "logs")]
    common = ["--vars", json.dumps(variables), *paths, *further]
    quietly = ["--log-level", "none", "--no-print", "--log-level-file", "none", "--no-write-json"]
    try:
        manifest = _parse(variables, [*quietly, "parse", *common])
        chosen = [log.name for log in LOGS if log.wing == step.wing] + list(_ENDS[step.wing])
        selection = [f"+{name}" for name in chosen]
        line = [*quietly, command, *(_WITHOUT_TESTS if command == "build" else ()), *common]
        _check(dbtRunner(manifest=manifest).invoke([*line, "--select", *selection]), step)
    finally:
        # Or the file would stay open, and nobody else could read it.
        DuckDBConnectionManager.close_all_connections()


def _parse(variables: Mapping[str, object], command: list[str]) -> Manifest:
    """Parse the project once for all builds whose variables differ in SQL alone."""
    parsed = {name: value for name, value in variables.items() if name not in _NOT_PARSED}
    raw_files = [os.environ.get(f"ARCHETYPE_{name}", "") for name in ("SESSIONS", "SALES", "MRDL")]
    key = json.dumps([str(Path.cwd()), raw_files, parsed], sort_keys=True)
    if key not in _manifests:
        outcome = dbtRunner().invoke(command)
        _check(outcome, None)
        _check_logs(outcome.result)
        _manifests[key] = outcome.result
    return _manifests[key]


def _check_logs(manifest: Manifest) -> None:
    """Refuse a project that has logs which nobody replays."""
    nodes = manifest.nodes.values()
    try:
        check_every_log(node.name for node in nodes if node.config.materialized == "incremental")
    except ValueError as error:
        raise ReplayError(str(error)) from error


def _check(outcome: dbtRunnerResult, step: Step | None) -> None:
    """Fail with the first thing that went wrong."""
    if outcome.success:
        return
    problem = str(outcome.exception or "")
    for result in getattr(outcome.result, "results", None) or []:
        if not problem and result.status in BROKEN:
            message = (result.message or str(result.status)).strip()
            line = message.splitlines()[-1 if "Traceback" in message else 0]
            problem = f"{getattr(result.node, 'name', '?')}: {line.strip()}"
    where = f"the replay of {step.wing} up to {step.to}" if step else "the project"
    raise ReplayError(f"{where} failed: {' '.join(problem.split())}")
