"""How fast sessions become vectors: simulate, build, and read dbt's own timings.

Run it by `make bench`; sizes are the arguments. Each size is built in a fresh home, from Parquet,
up to `session_fingerprints` at all six checkpoints, and without tests.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from archetype.simulate import simulate_sessions

ROOT = Path(__file__).parents[1]
SEED = 1


def build(folder: Path, n_sessions: int) -> dict[str, float]:
    """Simulate sessions, describe them, and time it.

    Parameters
    ----------
    folder : pathlib.Path
        An empty folder for raw files and the home.
    n_sessions : int
        How many sessions.

    Returns
    -------
    dict of str to float
        Sessions, events, seconds of the whole process and of its models alone, events a second of
        these, and the process's peak memory in MiB.
    """
    report = simulate_sessions(folder / "raw", n_sessions, SEED, "parquet")
    home = folder / "home"
    home.mkdir()
    environment = os.environ | {
        "ARCHETYPE_HOME": str(home),
        "ARCHETYPE_SESSIONS": str(folder / "raw" / "*.parquet"),
        "DBT_TARGET_PATH": str(home / "target"),
        "DBT_LOG_PATH": str(home / "logs"),
    }
    command = [str(Path(sys.executable).with_name("dbt")), "--quiet", "run"]
    command += ["--select", "+session_fingerprints"]
    seed = [*command[:2], "seed"]
    subprocess.run(seed, cwd=ROOT, env=environment, check=True)
    started = time.monotonic()
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    seconds = time.monotonic() - started
    results = json.loads((home / "target" / "run_results.json").read_text())
    return {
        "sessions": report.n_sessions,
        "events": report.n_events,
        "whole_s": seconds,
        "models_s": results["elapsed_time"],
        "events_per_s": report.n_events / results["elapsed_time"],
        "peak_mib": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
    }


def main(sizes: list[int]) -> None:
    """Print one line a size."""
    print(
        f"{'sessions':>9} {'events':>10} {'whole s':>8} {'models s':>8} {'events/s':>9} {'MiB':>6}"
    )
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            row = build(Path(folder), size)
        print(
            f"{row['sessions']:>9} {row['events']:>10} {row['whole_s']:>8.1f}"
            f" {row['models_s']:>8.1f} {row['events_per_s']:>9.0f} {row['peak_mib']:>6.0f}"
        )


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [1_000, 10_000, 100_000])
