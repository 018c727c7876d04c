"""DuckDB 2 reads what 1.5 publishes; `scripts/test-duckdb2` has the whole comparison."""

from __future__ import annotations

import subprocess

import pytest
from conftest import ROOT

ENGINE = ROOT / ".venv-duckdb2" / "bin" / "python"


def test_duckdb_2_reads_what_is_published(sample_warehouse):
    if not ENGINE.exists():
        pytest.skip("no .venv-duckdb2: scripts/test-duckdb2 makes it and compares the engines")
    command = [str(ENGINE), "scripts/compare_engines.py", str(sample_warehouse.home)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    read, scored = done.stdout.splitlines()
    assert read.startswith("DuckDB 2.")
    assert "of the file of v1.5" in read
    assert scored == "Its macros score 60 sessions as they are assigned."
