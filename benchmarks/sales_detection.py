"""How well the sales wing finds and names what a simulation planted: simulate, build, score.

Run it by `make bench-sales`; seeds are the arguments. Three simulations are built in fresh homes:
the patterns that the library knows, noise alone, and a share of a pattern that it lacks. Their
`detection_scores` are printed, and the exit code is 1 where a bound is missed.
"""

from __future__ import annotations

import operator
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
from rich.console import Console
from rich.table import Table

from archetype.simulate import simulate_sales
from archetype.simulate.sales_patterns import UNKNOWN

ROOT = Path(__file__).parents[1]
SEED = 1
RUNS = {
    # 10 x 10 thick series and 99 days after the warm-up: about 330 anomalies of nine patterns.
    "known": {"stores": 10, "skus": 12, "days": 120},
    # 10 x 10 thick series of two months, after two weeks without a baseline: 200 months in all.
    "noise": {"stores": 10, "skus": 12, "days": 74, "anomalies": 0.0},
    "unknown": {"stores": 6, "skus": 12, "days": 90, "unknown": 0.25},
}
"""Arguments of `simulate_sales` by the name of the run."""


class Bound(NamedTuple):
    """What a score must reach.

    Parameters
    ----------
    run, pattern, moment, column : str
        Where the score stands.
    is_met : callable
        `operator.ge`, `operator.le` or `operator.lt`.
    limit : float
        What it is compared with.
    """

    run: str
    pattern: str
    moment: str
    column: str
    is_met: Any
    limit: float


BOUNDS = (
    Bound("known", "all", "whole", "n_planted", operator.ge, 300),
    Bound("known", "all", "whole", "recall", operator.ge, 0.90),
    Bound("known", "all", "whole", "precision", operator.ge, 0.90),
    Bound("known", "all", "whole", "median_delay_ticks", operator.le, 2),
    Bound("known", "all", "whole", "match_accuracy", operator.ge, 0.95),
    Bound("known", "all", "half", "match_accuracy", operator.ge, 0.80),
    Bound("known", "all", "whole", "expected_calibration_error", operator.le, 0.05),
    Bound("known", "all", "every tick", "expected_calibration_error", operator.le, 0.05),
    Bound("noise", "all", "whole", "reports_per_1000_ticks", operator.lt, 1),
    Bound("unknown", UNKNOWN.name, "whole", "unmatched_share", operator.ge, 0.80),
    Bound("unknown", UNKNOWN.name, "whole", "n_candidates", operator.eq, 1),
)
SIGNS = {operator.ge: ">=", operator.le: "<=", operator.lt: "<", operator.eq: "="}
SCORES = """
    select * from detection_scores
    order by
        pattern <> 'all',
        pattern,
        array_position(['quarter', 'half', 'whole', 'every tick'], moment)
"""
CANDIDATES = """
    select count(distinct members.candidate_id)
    from (
        select candidate_id, unnest(report_ids) as report_id from cluster_library_candidates
    ) as members
    inner join detection_reports as reports using (report_id)
    inner join stg_sales_truth__anomalies as anomalies using (anomaly_id)
    where not anomalies.is_known and reports.report_role = 'first'
"""

Row = dict[str, Any]


def build(folder: Path, seed: int, **sizes: Any) -> list[Row]:
    """Simulate sales, build the sales wing on them, and read its scores.

    Parameters
    ----------
    folder : pathlib.Path
        An empty folder for raw files and the home.
    seed : int
        Seed of the simulation.
    **sizes
        Further arguments of `simulate_sales`.

    Returns
    -------
    list of dict
        The rows of `detection_scores`, each with the number of candidates that hold reports
        which found the unknown pattern besides.
    """
    report = simulate_sales(folder / "raw", seed=seed, **sizes)
    home = folder / "home"
    environment = os.environ | {
        "ARCHETYPE_HOME": str(home),
        "ARCHETYPE_SALES": str(folder / "raw" / "sales_*.csv"),
        "ARCHETYPE_SALES_TRUTH": str(report.truth_path),
        "DBT_TARGET_PATH": str(home / "target"),
        "DBT_LOG_PATH": str(home / "logs"),
    }
    command = [str(Path(sys.executable).with_name("archetype")), "build"]
    command += ["--select", "+detection_scores", "+cluster_library_candidates"]
    command += ["--indirect-selection", "cautious"]
    result = subprocess.run(
        command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True
    )
    if result.returncode:
        sys.exit(result.stdout + result.stderr)
    with duckdb.connect(str(home / "archetype.duckdb"), read_only=True) as connection:
        cursor = connection.execute(SCORES)
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        n_candidates = connection.execute(CANDIDATES).fetchone()[0]
    return [row | {"n_candidates": n_candidates} for row in rows]


def table_of(title: str, rows: list[Row]) -> Table:
    """Lay rows out, numbers with three digits."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for name in rows[0]:
        is_text = name in ("pattern", "moment")
        table.add_column(name.replace("_", " "), justify="left" if is_text else "right")
    for row in rows:
        cells = (f"{cell:.3g}" if isinstance(cell, float) else cell for cell in row.values())
        table.add_row(*("" if cell is None else str(cell) for cell in cells))
    return table


def score_of(bound: Bound, rows: list[Row]) -> Any:
    """Find the score that a bound is about; nothing where there is none."""
    place = (bound.pattern, bound.moment)
    found = (row[bound.column] for row in rows if (row["pattern"], row["moment"]) == place)
    return next(found, None)


def main(seeds: list[int]) -> int:
    """Print the scores of every run and what each bound came to; give the exit code."""
    console = Console(highlight=False, width=220)
    n_missed = 0
    for seed in seeds:
        for run, sizes in RUNS.items():
            started = time.monotonic()
            with tempfile.TemporaryDirectory() as folder:
                rows = build(Path(folder), seed, **sizes)
            seconds = time.monotonic() - started
            console.print(table_of(f"{run}, seed {seed}, {seconds:.0f} s", rows))
            for bound in (bound for bound in BOUNDS if bound.run == run):
                score = score_of(bound, rows)
                is_met = score is not None and bound.is_met(score, bound.limit)
                n_missed += not is_met
                console.print(
                    f"{'met   ' if is_met else 'MISSED'} {bound.pattern}, {bound.moment}:"
                    f" {bound.column} {'none' if score is None else f'{score:.4g}'},"
                    f" must be {SIGNS[bound.is_met]} {bound.limit}",
                    style=None if is_met else "bold red",
                )
    return 1 if n_missed else 0


if __name__ == "__main__":
    sys.exit(main([int(seed) for seed in sys.argv[1:]] or [SEED]))
