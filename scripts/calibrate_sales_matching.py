"""Learn what a match's score is worth, on simulated sales, and write the seed that keeps it.

Run it by `.venv/bin/python scripts/calibrate_sales_matching.py` whenever curves, components or
detection have changed; seeds are the arguments. Measure on other seeds: `make bench-sales`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.csv

from archetype.sales.calibrate import fit_knots
from archetype.simulate import simulate_sales

ROOT = Path(__file__).parents[1]
SEED_FILE = ROOT / "seeds" / "cluster_match_calibration.csv"
SEEDS = range(9001, 9009)
SIZES = {"stores": 10, "skus": 12, "days": 120, "unknown": 0.1}

# A false report, and one of a pattern that the library lacks, is never named rightly.
ROWS = """
    select
        vectors.is_ended,
        vectors.n_ticks,
        logged.match_score,
        matches.is_right
    from detection_matches as matches
    inner join minority_reports_clustered_log as logged using (report_id, written_at)
    inner join anomaly_vectors as vectors using (report_id, written_at)
    where matches.moment = 'every tick' and matches.is_named
    order by matches.report_id, matches.written_at
"""


def match_simulation(folder: Path, seed: int) -> pa.Table:
    """Simulate sales, build the sales wing on them, and read what every match came to.

    Parameters
    ----------
    folder : pathlib.Path
        An empty folder for raw files and the home.
    seed : int
        Seed of the simulation.

    Returns
    -------
    pyarrow.Table
        One row a report and tick that was named: is_ended, n_ticks, match_score and is_right.
    """
    report = simulate_sales(folder / "raw", seed=seed, **SIZES)
    home = folder / "home"
    home.mkdir()
    environment = os.environ | {
        "ARCHETYPE_HOME": str(home),
        "ARCHETYPE_SALES": str(folder / "raw" / "sales_*.csv"),
        "ARCHETYPE_SALES_TRUTH": str(report.truth_path),
        "DBT_TARGET_PATH": str(home / "target"),
        "DBT_LOG_PATH": str(home / "logs"),
    }
    dbt = [str(Path(sys.executable).with_name("dbt")), "--quiet"]
    for command in (["seed"], ["run", "--select", "+detection_matches", "+anomaly_vectors"]):
        subprocess.run([*dbt, *command], cwd=ROOT, env=environment, check=True)
    with duckdb.connect(str(home / "archetype.duckdb"), read_only=True) as connection:
        return connection.execute(ROWS).to_arrow_table()


def main(seeds: list[int]) -> None:
    """Write the seed from all simulations together."""
    parts = []
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            parts.append(match_simulation(Path(folder), seed))
    rows = pa.concat_tables(parts)
    knots = fit_knots(*(rows[name].to_numpy() for name in rows.column_names))
    options = pa.csv.WriteOptions(quoting_style="none")
    pa.csv.write_csv(knots, SEED_FILE, options)
    print(f"{rows.num_rows} matches of {len(seeds)} simulations: {SEED_FILE.relative_to(ROOT)}")


if __name__ == "__main__":
    main([int(seed) for seed in sys.argv[1:]] or list(SEEDS))
