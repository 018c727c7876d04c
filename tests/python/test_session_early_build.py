"""Early calls in whole builds: off by default, on without a trace elsewhere, appended once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, WITHOUT_UNIT_TESTS

EARLY = (
    "session_early_callers",
    "session_early_call_scores",
    "session_early_call_reliability",
    "session_early_calls",
    "session_minidash",
)
CHECKPOINTS = (25, 30, 40, 50, 75, 100)


def test_off_is_empty(sample_warehouse):
    for table in EARLY:
        assert sample_warehouse.query(f"select count(*) from {table}") == [(0,)], table
    assert not (sample_warehouse.home / "runs").exists()


def test_on_leaves_no_trace_in_other_tables(sample_warehouse, early_warehouse):
    off, on = sample_warehouse.hashes(), early_warehouse.hashes()
    assert {name for name in off if off[name] != on[name]} == set(EARLY)


def test_every_session_is_called_at_every_checkpoint(early_warehouse):
    (sessions,) = early_warehouse.query("select count(*) from sessions")[0]
    for table in ("session_early_calls", "session_minidash"):
        found = early_warehouse.query(
            f"select checkpoint_pct, count(*) from {table} group by all order by 1"
        )
        assert found == [(checkpoint, sessions) for checkpoint in CHECKPOINTS]
    held_out = "select count(distinct session_id) from session_early_calls where is_held_out"
    fitted = "select n_sessions from session_models where status = 'champion'"
    assert early_warehouse.query(held_out) == early_warehouse.query(fitted)


@pytest.mark.long
def test_a_build_off_again_keeps_the_log_and_one_on_again_appends_nothing(
    early_warehouse, warehouse, monkeypatch
):
    shutil.copytree(early_warehouse.home, warehouse.home)
    selected = ("--select", *(f"+{table}" for table in EARLY), "+write_session_sidecars")
    selected += ("--indirect-selection", "cautious", *WITHOUT_UNIT_TESTS)

    def state() -> tuple[dict[str, list], dict[str, int]]:
        rows = {table: warehouse.query_warehouse(f"from {table} order by all") for table in EARLY}
        sidecars = (warehouse.home / "runs").rglob("*.json")
        return rows, {str(file): file.stat().st_mtime_ns for file in sidecars}

    before = state()
    assert all(before)
    warehouse.built(*selected)
    assert state() == before
    monkeypatch.setenv("IRONFORGE_SESSION_FINGERPRINTING", "1")
    warehouse.built(*selected)
    assert state() == before
    # A sidecar that was lost, as in a build that was killed, is written again.
    lost = next((warehouse.home / "runs").rglob("*.json"))
    content = lost.read_bytes()
    lost.unlink()
    warehouse.built(*selected)
    assert lost.read_bytes() == content


def test_artifacts_are_written_by_the_build_and_again_by_command(early_warehouse, tmp_path):
    """In processes of their own: what goes wrong at the end of one is seen by its exit code."""
    home = tmp_path / "home"
    shutil.copytree(early_warehouse.home, home)
    command = [str(Path(sys.executable).with_name("archetype")), "artifacts"]
    environment = os.environ | {"ARCHETYPE_HOME": str(home)}
    for arguments in (["verify"], ["export", "--force"], ["verify"]):
        result = subprocess.run(
            [*command, *arguments],
            cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert result.returncode == 0, result.stdout + result.stderr
        assert result.stdout.startswith("ok: ")
