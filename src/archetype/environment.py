"""What a build runs on: versions and git revision."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import version

import pyarrow as pa

UNKNOWN_REVISION = "unknown"


def git_revision() -> str:
    """Give the commit that the working folder stands on.

    Returns
    -------
    str
        The full hash, with ``+changes`` where files differ from it; ``unknown`` outside a
        git checkout or without git.
    """
    try:
        head, status = (
            subprocess.run(["git", *command], capture_output=True, text=True, check=True).stdout
            for command in (["rev-parse", "HEAD"], ["status", "--porcelain"])
        )
    except (OSError, subprocess.CalledProcessError):
        return UNKNOWN_REVISION
    return head.strip() + ("+changes" if status.strip() else "")


def read_environment() -> pa.Table:
    """Read the versions that a build runs on.

    Returns
    -------
    pyarrow.Table
        One row: ``git_revision`` and the versions of Archetype, Python and the numeric libraries.
    """
    return pa.table(
        {
            "git_revision": [git_revision()],
            "archetype_version": [version("archetype")],
            "python_version": [platform.python_version()],
            "scikit_learn_version": [version("scikit-learn")],
            "numpy_version": [version("numpy")],
        }
    )
