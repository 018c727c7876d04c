"""Whole builds in temporary homes, for the tests that need the product rather than a function."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from hypothesis import settings

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "sample" / "sessions"
SHARED = ROOT.parent / "shared" / "data"

# Two tests share two cores: how long an example takes says nothing.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# Stability is not what most tests are about, and it is most of a fit's time.
QUICK = {"bootstraps": 2}
# Unit tests say nothing new in a second build.
WITHOUT_UNIT_TESTS = ("--exclude", "test_type:unit")
# dbt parses anew for another home: all homes of a process are built under one name, where what was
# parsed is found again.
WORKSPACE = tempfile.TemporaryDirectory(prefix="archetype-")
RAW_FILES = ("ARCHETYPE_SESSIONS", "ARCHETYPE_SALES", "ARCHETYPE_MRDL")


@dataclass(frozen=True)
class Warehouse:
    """A home of its own: what is built there touches nothing else."""

    home: Path

    def build(
        self,
        *arguments: str,
        sessions: str | Path | None = None,
        sales: str | Path | None = None,
        reports: str | Path | None = None,
        # Two tests share two cores: a second thread of either would only be in the other's way.
        threads: int = 1,
        project: Path = ROOT,
        **variables,
    ) -> subprocess.CompletedProcess[str]:
        """Run `archetype build` as a user would and give its exit code and output.

        Where no raw files of either wing are given, both read the sample.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        workspace = Path(WORKSPACE.name)
        home = workspace / "home"
        home.unlink(missing_ok=True)
        home.symlink_to(self.home)
        parsed = hashlib.md5(json.dumps([threads, str(project), variables]).encode()).hexdigest()
        environment = os.environ | {
            "ARCHETYPE_HOME": str(home),
            "ARCHETYPE_THREADS": str(threads),
            "DBT_TARGET_PATH": str(workspace / parsed),
            "DBT_LOG_PATH": str(self.home / "logs"),
        }
        for name in RAW_FILES:
            environment.pop(name, None)
        given = dict(zip(RAW_FILES, (sessions, sales, reports), strict=True))
        environment |= {name: str(glob) for name, glob in given.items() if glob is not None}
        command = [str(Path(sys.executable).with_name("archetype")), "build"]
        command += arguments or WITHOUT_UNIT_TESTS
        if variables:
            command += ["--vars", json.dumps(variables)]
        result = subprocess.run(
            command, cwd=project, env=environment, capture_output=True, text=True, check=False
        )
        result.stdout = result.stdout.replace(str(home), str(self.home))
        result.stderr = result.stderr.replace(str(home), str(self.home))
        return result

    def built(self, *arguments, **options) -> Warehouse:
        """Build, and fail the test with the build's output if it fails."""
        result = self.build(*arguments, **options)
        assert result.returncode == 0, result.stdout + result.stderr
        return self

    def built_up_to(self, model: str, **options) -> Warehouse:
        """Build one model with what it needs, and the tests that need no more."""
        return self.built(
            *("--select", f"+{model}", "--indirect-selection", "cautious", *WITHOUT_UNIT_TESTS),
            **options,
        )

    def built_sessions(self, **options) -> Warehouse:
        """Build the wing of sessions alone, without publishing."""
        ends = ("sessions", "session_drift", "session_trials", "session_processing_log")
        wing = (*(f"+{end}" for end in ends), "run_config")
        return self.built(
            *("--select", *wing, "--indirect-selection", "cautious", *WITHOUT_UNIT_TESTS), **options
        )

    @property
    def published(self) -> Path:
        """The file that BI reads."""
        return self.home / "published.duckdb"

    def query(self, sql: str) -> list[tuple]:
        """Ask the published file."""
        with duckdb.connect(str(self.published), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def query_warehouse(self, sql: str) -> list[tuple]:
        """Ask the warehouse behind the published file."""
        with duckdb.connect(str(self.home / "archetype.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def hashes(self) -> dict[str, str]:
        """Give the content hash of each public table as the last build recorded it."""
        sql = "select table_content_hashes from build_runs order by started_at desc limit 1"
        return dict(self.query(sql)[0][0])


def built_once(factory, name: str, build: Callable[[Warehouse], str]) -> Warehouse:
    """Build a warehouse once for all processes that share the tests; keep what it printed."""
    root = factory.getbasetemp()
    shared = root.parent if os.environ.get("PYTEST_XDIST_WORKER") else root
    warehouse = Warehouse(shared / name)
    output = shared / f"{name}.txt"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not output.exists():
            output.write_text(build(warehouse))
    return warehouse


@pytest.fixture(scope="session")
def sample_warehouse(tmp_path_factory) -> Warehouse:
    """Build the sample once, whole and with unit tests, for tests that only read."""

    def build(warehouse: Warehouse) -> str:
        result = warehouse.build("--fail-fast")
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    return built_once(tmp_path_factory, "sample", build)


@pytest.fixture(scope="session")
def early_warehouse(tmp_path_factory, sample_warehouse) -> Warehouse:
    """Turn early calls on in a copy of the sample's home, for tests that only read."""

    def build(warehouse: Warehouse) -> str:
        shutil.copytree(sample_warehouse.home, warehouse.home)
        # With unit tests, as a user's build has them.
        return warehouse.built("--fail-fast", session_fingerprinting=True).home.name

    return built_once(tmp_path_factory, "early", build)


@pytest.fixture
def warehouse(tmp_path) -> Warehouse:
    """Give an empty home."""
    return Warehouse(tmp_path / "home")


@pytest.fixture
def sample_copy(warehouse, sample_warehouse) -> Warehouse:
    """Give a home of its own with a good build of the sample in it."""
    shutil.copytree(sample_warehouse.home, warehouse.home)
    return warehouse


@pytest.fixture(scope="session")
def real_sessions() -> Path:
    """Give the folder of the public sessions; skip, and say so, where it is absent."""
    folder = SHARED / "ironforge"
    if not folder.is_dir():
        pytest.skip("../shared/data/ironforge is absent: nothing was tried on the real sessions")
    return folder


@pytest.fixture(scope="session")
def real_warehouse(tmp_path_factory, real_sessions) -> Warehouse:
    """Build the public sessions once, for tests that only read."""

    def build(warehouse: Warehouse) -> str:
        return str(warehouse.built(sessions=f"{real_sessions}/*/*.json").home)

    return built_once(tmp_path_factory, "real", build)
