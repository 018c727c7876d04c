"""What a build of one more tick costs, on a short history and on one twenty times longer.

Sales are simulated twice, the last tick goes to a file of its own, all before is built, and then
the tick. Timed is dbt's run of the whole project with its data tests, without dbt's own start. The
bound is a ratio of 1.5. The argument is the days of the short history (60)::

    python benchmarks/sales_increment.py 60
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

from archetype.simulate import simulate_sales

ROOT = Path(__file__).parents[1]
SEED, STORES, SKUS = 1, 2, 10
TIMES, BOUND = 20, 1.5


def build(home: Path) -> float:
    """Build the project and give the seconds of dbt's run, its start apart.

    Parameters
    ----------
    home : pathlib.Path
        The folder of everything that is written; raw sales lie in its folder `raw`.

    Returns
    -------
    float
        Seconds.
    """
    environment = os.environ | {
        "ARCHETYPE_HOME": str(home),
        "ARCHETYPE_SALES": str(home / "raw" / "*.parquet"),
        "DBT_TARGET_PATH": str(home / "target"),
        "DBT_LOG_PATH": str(home / "logs"),
    }
    environment.pop("ARCHETYPE_MRDL", None)
    command = [str(Path(sys.executable).with_name("dbt")), "--quiet", "build"]
    command += ["--exclude-resource-type", "unit_test"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    return json.loads((home / "target" / "run_results.json").read_text())["elapsed_time"]


def time_one_tick(folder: Path, days: int) -> dict[str, float]:
    """Build a history, then one tick more, and time the latter.

    Parameters
    ----------
    folder : pathlib.Path
        An empty folder.
    days : int
        Length of the history.

    Returns
    -------
    dict of str to float
        Days, rows of the history, seconds of the build of all of it, of one more tick, and of a
        build of nothing.
    """
    simulate_sales(
        folder / "whole",
        stores=STORES,
        skus=SKUS,
        days=days,
        seed=SEED,
        file_format="parquet",
        dirt=False,
    )
    home = folder / "home"
    (home / "raw").mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute(
            f"create table sales as from read_parquet('{folder}/whole/sales_2*.parquet')"
        )
        n_rows, last = connection.execute(
            "select count(*), date_trunc('hour', max(sold_at::timestamp)) from sales"
        ).fetchone()
        before = f"sold_at::timestamp < timestamp '{last}'"
        for name, rows in (("history", before), ("tick", f"not {before}")):
            connection.execute(
                f"copy (from sales where {rows}) to '{folder}/{name}.parquet' (format parquet)"
            )
    (folder / "history.parquet").rename(home / "raw" / "history.parquet")
    first = build(home)
    (folder / "tick.parquet").rename(home / "raw" / "tick.parquet")
    one_tick = build(home)
    return {
        "days": days,
        "rows": n_rows,
        "all_s": first,
        "one_tick_s": one_tick,
        "nothing_s": build(home),
    }


def main() -> None:
    """Time both histories and print a table; the exit code says whether the bound holds."""
    days = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    results = []
    for length in (days, TIMES * days):
        with tempfile.TemporaryDirectory() as folder:
            results.append(time_one_tick(Path(folder), length))
        if len(results) == 1:
            print(*(f"{name:>12}" for name in results[0]))
        print(*(f"{value:12,.1f}" for value in results[-1].values()), flush=True)
    ratio = results[1]["one_tick_s"] / results[0]["one_tick_s"]
    print(f"one more tick on {TIMES} times the history: {ratio:.2f} times, bound {BOUND}")
    sys.exit(ratio > BOUND)


if __name__ == "__main__":
    main()
