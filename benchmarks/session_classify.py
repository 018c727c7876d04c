"""How long `archetype classify` takes once it has started: 1,000 calls in one process.

    .venv/bin/python benchmarks/session_classify.py [CALLS] [--at 100] [--glob 'raw/*.json']

It needs a build in ARCHETYPE_HOME (default `warehouse`), and early callers in it below 100 %. The
calls go round the files of the glob, the sample by default; what cannot be called is left out. The
process starts itself again in `FAST_ENVIRONMENT`; `--as-is` measures without.
"""

from __future__ import annotations

import argparse
import glob
import os
import sys
import time
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from archetype.console import home_folder
from archetype.sessions.live import FAST_ENVIRONMENT, LiveError, LiveScorer

ROOT = Path(__file__).parents[1]


def time_calls(scorer: LiveScorer, paths: list[Path], at: int, n_calls: int) -> np.ndarray:
    """Time calls, one after the other.

    Parameters
    ----------
    scorer : LiveScorer
        Started.
    paths : list of pathlib.Path
        Files that can be called.
    at : int
        The checkpoint.
    n_calls : int
        How many calls.

    Returns
    -------
    numpy.ndarray, shape (n_calls,)
        Wall-clock milliseconds, from the path to the call.
    """
    times = np.empty(n_calls)
    for place, path in enumerate(islice(cycle(paths), n_calls)):
        started = time.perf_counter()
        scorer.call(path, at)
        times[place] = 1e3 * (time.perf_counter() - started)
    return times


def time_together(scorer: LiveScorer, paths: list[Path], at: int, n_calls: int) -> float:
    """Time calls that come together, in milliseconds a session."""
    many = list(islice(cycle(paths), n_calls))
    # Planning is over before the clock starts, as for calls one by one.
    scorer.call_many(many[:2], at)
    started = time.perf_counter()
    scorer.call_many(many, at)
    return 1e3 * (time.perf_counter() - started) / n_calls


def find_paths(scorer: LiveScorer, pattern: str, at: int) -> list[Path]:
    """Find the files that can be called, which warms up too."""
    paths = []
    for path in sorted(glob.glob(pattern, recursive=True)):  # noqa: PTH207 - Path.glob takes no absolute pattern
        try:
            scorer.call(Path(path), at)
        except LiveError:
            continue
        paths.append(Path(path))
    return paths


def main() -> None:
    """Print the start and the calls."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("calls", nargs="?", type=int, default=1_000)
    parser.add_argument("--at", type=int, default=30)
    parser.add_argument("--glob", default=str(ROOT / "sample" / "sessions" / "*.json"))
    parser.add_argument("--as-is", action="store_true")
    options = parser.parse_args()
    if not options.as_is and FAST_ENVIRONMENT.items() - os.environ.items():
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | FAST_ENVIRONMENT)
    home = home_folder()
    started = time.perf_counter()
    with LiveScorer(home / "published.duckdb", project=ROOT) as scorer:
        scorer.start(options.at)
        seconds = time.perf_counter() - started
        paths = find_paths(scorer, options.glob, options.at)
        times = time_calls(scorer, paths, options.at, options.calls)
        together = time_together(scorer, paths, options.at, options.calls)
    median, late = np.percentile(times, [50, 95])
    print(
        f"start {seconds:.2f} s; {len(times)} calls of {len(paths)} sessions at {options.at} %: "
        f"median {median:.1f} ms, 95th percentile {late:.1f} ms, fastest {times.min():.1f} ms; "
        f"{together:.2f} ms a session where they come together"
    )


if __name__ == "__main__":
    main()
