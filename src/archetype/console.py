"""What the commands share: where they work, and how they fail."""

from __future__ import annotations

import os
from pathlib import Path

import typer
from rich.console import Console

errors = Console(stderr=True)


def home_folder() -> Path:
    """Give the folder of everything that is written.

    Returns
    -------
    pathlib.Path
        `ARCHETYPE_HOME`, or `warehouse`.
    """
    return Path(os.environ.get("ARCHETYPE_HOME") or "warehouse")


def fail(message: str) -> typer.Exit:
    """Print one clear line and give the exit that ends the command with code 1.

    Parameters
    ----------
    message : str
        What went wrong, what was expected and what to do.

    Returns
    -------
    typer.Exit
        To be raised by the caller.
    """
    line = f"error: {message}"
    errors.print(line, style="bold red", markup=False, highlight=False, soft_wrap=True)
    return typer.Exit(1)
