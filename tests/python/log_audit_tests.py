"""The dbt test of the logs over many warehouses in one process: parsed once.

It is run as a program, so that pytest's own process opens no warehouse::

    python log_audit_tests.py a.duckdb b.duckdb

Each is put in the place of the home's warehouse and tested; printed is a JSON object of what the
test said of each, null where it passed.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

TEST = "assert_logs_are_as_logged"
QUIETLY = ["--log-level", "none", "--log-level-file", "none", "--no-print", "--no-write-json"]


def say_of(warehouse: Path, manifest) -> str | None:
    """Run the test over one warehouse."""
    place = Path(os.environ["ARCHETYPE_HOME"]) / "archetype.duckdb"
    warehouse.replace(place)
    command = [*QUIETLY, "test", "--select", TEST]
    outcome = dbtRunner(manifest=manifest).invoke(command)
    DuckDBConnectionManager.close_all_connections()
    place.unlink()
    # The check of the variables, before all tests, has a result too.
    (result,) = (one for one in outcome.result.results if one.node.name == TEST)
    return None if outcome.success else result.message


if __name__ == "__main__":
    parsed = dbtRunner().invoke([*QUIETLY, "parse"]).result
    print(json.dumps({path: say_of(Path(path), parsed) for path in sys.argv[1:]}))
