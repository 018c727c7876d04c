"""What the figures were measured on, without the name of any host or user."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from suite.harness import BENCHMARKS, ROOT, Row

OWN = (
    "archetype",
    "duckdb",
    "dbt-core",
    "dbt-duckdb",
    "numpy",
    "pandas",
    "pyarrow",
    "scikit-learn",
)
PEERS = ("polars", "tsfresh", "pycatch22")


def describe() -> Row:
    """Give processor, cores, memory and versions.

    Returns
    -------
    dict
        `processor`, `cores`, `memory_gib`, `system`, and `versions` by package.
    """
    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(pages / 2**30, 1),
        "system": platform.system(),
        "versions": {"python": platform.python_version()} | _own_versions() | _peer_versions(),
    }


def revision() -> str:
    """Give the revision that is measured, and say where files differ from it."""

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", *words], cwd=ROOT, capture_output=True, text=True, check=False
        ).stdout.strip()

    number = git("rev-parse", "--short", "HEAD") or "unknown"
    # The results themselves are written by the run.
    is_changed = git("status", "--porcelain", "--", ".", ":!benchmarks/*.json", ":!benchmarks/*.md")
    return f"{number} with changes" if is_changed else number


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.machine()
    found = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    return found.group(1).strip() if found else platform.machine()


def _own_versions() -> dict[str, str]:
    found = {}
    for name in OWN:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found


def _peer_versions() -> dict[str, str]:
    """Read the peers' versions from their lock, which is what is installed."""
    lock = BENCHMARKS / "requirements.lock"
    text = lock.read_text() if lock.exists() else ""
    found = {name: re.search(rf"^{name}==(\S+)", text, re.MULTILINE) for name in PEERS}
    return {name: match.group(1) for name, match in found.items() if match}
