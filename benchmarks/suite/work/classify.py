"""How long a call of one live session takes."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from suite.builds import Home, build_case
from suite.harness import BENCHMARKS, ROOT, Bench, Row, function_case, in_turn, prepare

TITLE = "Calls of live sessions"
CLOCK = """
`archetype classify` in a process that has started, over the sample's files: milliseconds from the
path of a file to its call, one after the other, and *together* milliseconds a session where all
come at once. *start s* is what a process does before its first call. *engine s* is the median call.
"""
SIZES = {"tiny": (), "quick": (200,), "full": (1_000,)}
"""Calls."""
CHECKPOINTS = (30, 100)


def measure(size: int, bench: Bench) -> list[Row]:
    """Measure so many calls at each checkpoint."""
    home = Home(bench.folder / "sample_early")
    if not home.warehouse.exists():
        early = {"ARCHETYPE_SESSION_FINGERPRINTING": "1"}
        prepare(build_case("build", home, bench, environment=early), bench.folder)
    fast = prepare(
        function_case("environment", f"{__name__}:fast_environment", {}, bench), bench.folder
    )
    rows = []
    for at in CHECKPOINTS:
        arguments = {"home": str(home.folder), "at": at, "n_calls": size}
        function = f"{__name__}:call"
        case = function_case("ours: classify", function, arguments, bench, environment=fast)
        labels = {"case": f"one session at {at} %", "size": size, "n_items": 1}
        rows += in_turn([case], bench, work="classify", **labels)
    return rows


def fast_environment() -> Row:
    """Give the environment that a process of many calls should be started in."""
    from archetype.sessions.live import FAST_ENVIRONMENT

    return FAST_ENVIRONMENT


def call(home: str, at: int, n_calls: int) -> Row:
    """Time calls."""
    import numpy as np

    from archetype.sessions.live import LiveScorer

    sys.path.insert(0, str(BENCHMARKS))
    from session_classify import find_paths, time_calls, time_together

    started = time.perf_counter()
    with LiveScorer(Path(home) / "published.duckdb", project=ROOT) as scorer:
        scorer.start(at)
        start = time.perf_counter() - started
        paths = find_paths(scorer, str(ROOT / "sample" / "sessions" / "*.json"), at)
        times = time_calls(scorer, paths, at, n_calls)
        together = time_together(scorer, paths, at, n_calls)
    median, late = np.percentile(times, [50, 95])
    return {
        "engine_s": median / 1e3,
        "start_s": round(start, 3),
        "median_ms": round(float(median), 2),
        "p95_ms": round(float(late), 2),
        "together_ms": round(together, 2),
    }
