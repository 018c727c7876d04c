"""The SQL that describes a live session: the build's own models, as dbt compiles them.

dbt takes seconds to start, so its result is kept in a file whose name is the hash of all that it
depends on: a project that has not changed since is read in milliseconds.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import duckdb
import yaml

from archetype.durable import write_file
from archetype.publish import WAREHOUSE_NAME

CACHE_FOLDER = Path("artifacts", "live_sql")
TARGETS = ("session_fingerprints", "session_processing_log")
SEEDS = ("session_types", "session_time_zones", "session_phase_rules", "session_reasons")
SOURCE_NAME = "session_json"
FILES_MODEL = "stg_session_json__files"

CHECKPOINT = "checkpoint_pct_asked_for"
"""Stands for the checkpoint in the compiled SQL, where a build has the list of all."""

# How the macro check_variables begins what it says.
WRONG_VARIABLE = "Wrong variable: "

# What dbt reads to compile the targets, below the project's root.
_READ = (
    "dbt_project.yml",
    "profiles.yml",
    "macros/**/*",
    "models/staging/sessions/*",
    "models/features/sessions/*",
    "models/ops/session_processing_log.*",
    "python_models/sessions/list_session_files.*",
    "seeds/_seeds.yml",
    *(f"seeds/{seed}.csv" for seed in SEEDS),
)

# Raise it when this module writes something else for the same project.
_FORMAT = 2


class LiveError(ValueError):
    """A session cannot be called; the message is one line that says why and what to do."""


@dataclass(frozen=True)
class LiveModel:
    """A SQL model as dbt compiles it.

    Parameters
    ----------
    name : str
        Its name.
    sql : str
        One query. Relations are plain names: of models, of seeds, and ``live_files`` and
        ``live_documents`` for the sources of raw files.
    is_table : bool
        The build keeps its rows; a view is worked out wherever it is read.
    """

    name: str
    sql: str
    is_table: bool


@dataclass(frozen=True)
class LiveSql:
    """The models up to the fingerprints and the processing log, and the seeds that they read.

    Parameters
    ----------
    models : tuple of LiveModel
        Each after those that it reads.
    seeds : mapping of str to mapping of str to str
        Column types by seed.
    peer_days, min_events : int
        The dbt variables of these names.
    """

    models: tuple[LiveModel, ...]
    seeds: Mapping[str, Mapping[str, str]]
    peer_days: int
    min_events: int


def load_live_sql(project: Path, home: Path, variables: Mapping[str, object]) -> LiveSql:
    """Give the compiled models, from the file that an earlier start left if there is one.

    Parameters
    ----------
    project : pathlib.Path
        The project's root.
    home : pathlib.Path
        `ARCHETYPE_HOME`; the file is kept below its `artifacts`. Where nothing can be written there
        dbt compiles anew at each start.
    variables : mapping
        dbt variables that the build was given besides those of `dbt_project.yml`.

    Returns
    -------
    LiveSql
        The models of this project with these variables.

    Raises
    ------
    LiveError
        There is no project here, or dbt cannot compile it.
    """
    if not (project / "dbt_project.yml").is_file():
        raise LiveError(f"no dbt_project.yml in {project}: run this from the project's root.")
    kept = home / CACHE_FOLDER / f"{project_key(project, variables)}.json"
    try:
        return _read(kept)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    compiled = compile_live_sql(project, variables)
    with contextlib.suppress(OSError):
        _keep(kept, compiled)
    return compiled


def project_key(project: Path, variables: Mapping[str, object]) -> str:
    """Hash what the compiled models depend on.

    Parameters
    ----------
    project : pathlib.Path
        The project's root.
    variables : mapping
        dbt variables given besides.

    Returns
    -------
    str
        MD5 as hex.
    """
    versions = [version(name) for name in ("dbt-core", "dbt-duckdb", "duckdb")]
    given = json.dumps([_FORMAT, versions, dict(variables)], sort_keys=True, default=str)
    digest = hashlib.md5(given.encode(), usedforsecurity=False)
    for path in sorted({path for pattern in _READ for path in project.glob(pattern)}):
        if path.is_file():
            content = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
            digest.update(f"{path.relative_to(project).as_posix()} {content}\n".encode())
    return digest.hexdigest()


def compile_live_sql(project: Path, variables: Mapping[str, object]) -> LiveSql:
    """Let dbt compile the models, in a home of its own that is gone afterwards.

    Parameters
    ----------
    project : pathlib.Path
        The project's root.
    variables : mapping
        dbt variables given besides.

    Returns
    -------
    LiveSql
        The models.

    Raises
    ------
    LiveError
        dbt says what is wrong.
    """
    with tempfile.TemporaryDirectory(prefix="archetype-live-") as folder:
        home = Path(folder)
        # A model asks whether there are files to read: there is one, and it is JSON.
        with duckdb.connect(str(home / WAREHOUSE_NAME)) as connection:
            connection.execute(f"create table {FILES_MODEL} as select null::varchar as reason")
        given = dict(variables) | {"checkpoints": f"[{CHECKPOINT}]"}
        command = [sys.executable, "-m", "archetype.sessions.live_dbt"]
        command += [json.dumps(dict(variables)), json.dumps(given), *TARGETS]
        environment = os.environ | {
            "ARCHETYPE_HOME": folder,
            "ARCHETYPE_THREADS": "1",
            "DBT_TARGET_PATH": str(home / "target"),
            "DBT_LOG_PATH": str(home / "logs"),
        }
        result = subprocess.run(
            command, cwd=project, env=environment, capture_output=True, text=True, check=False
        )
        if result.returncode:
            said = " ".join((result.stdout + result.stderr).split())
            if WRONG_VARIABLE in said:
                said = said[said.index(WRONG_VARIABLE) :]
                raise LiveError(f"--vars: {said.split(' > in macro ')[0]}")
            raise LiveError(f"dbt cannot compile the models of {project}: {said[-500:]}")
        manifest = json.loads((home / "target" / "manifest.json").read_text())
    known = yaml.safe_load((project / "dbt_project.yml").read_text())["vars"] | dict(variables)
    return read_manifest(manifest, known)


def read_manifest(manifest: Mapping[str, object], variables: Mapping[str, object]) -> LiveSql:
    """Take the models out of a manifest, with plain names for the relations that they read.

    Parameters
    ----------
    manifest : mapping
        dbt's `manifest.json` after a compilation.
    variables : mapping
        All dbt variables.

    Returns
    -------
    LiveSql
        The models that the targets need.
    """
    names = {
        source["relation_name"]: f"live_{source['name']}"
        for source in manifest["sources"].values()
        if source["source_name"] == SOURCE_NAME
    }
    nodes = manifest["nodes"]
    names |= {
        node["relation_name"]: node["name"]
        for node in nodes.values()
        if node["resource_type"] in ("model", "seed")
    }
    needed = {}
    for target in TARGETS:
        _need(nodes, f"model.archetype.{target}", needed)
    models = []
    for node in needed.values():
        sql = node["compiled_code"].strip()
        for relation, name in names.items():
            sql = sql.replace(relation, name)
        models.append(LiveModel(node["name"], sql, node["config"]["materialized"] == "table"))
    seeds = {seed: nodes[f"seed.archetype.{seed}"]["config"]["column_types"] for seed in SEEDS}
    return LiveSql(tuple(models), seeds, int(variables["peer_days"]), int(variables["min_events"]))


def _need(nodes: Mapping[str, dict], key: str, needed: dict[str, dict]) -> None:
    node = nodes.get(key)
    if node is None or key in needed or node["resource_type"] != "model":
        return
    for read in node["depends_on"]["nodes"]:
        _need(nodes, read, needed)
    if node["language"] == "sql":
        needed[key] = node


def _read(path: Path) -> LiveSql:
    document = json.loads(path.read_text())
    models = tuple(LiveModel(**model) for model in document.pop("models"))
    return LiveSql(models, **document)


def _keep(path: Path, compiled: LiveSql) -> None:
    """Write the file at one stroke, and drop those of earlier states of the project."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for outdated in _outdated(path):
        outdated.unlink(missing_ok=True)
    write_file(path, json.dumps(asdict(compiled)).encode())


# As many as one project may have in use: variables differ, say.
_KEPT_FILES = 8


def _outdated(path: Path) -> Iterator[Path]:
    others = sorted(path.parent.glob("*.json"), key=lambda other: other.stat().st_mtime)
    yield from others[: max(0, len(others) - _KEPT_FILES + 1)]
