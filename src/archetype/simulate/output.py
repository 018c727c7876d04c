"""Where simulated files go: into an empty folder, each under its name only once it is whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def empty_folder(out: Path) -> Path:
    """Make a folder to write to.

    Parameters
    ----------
    out : pathlib.Path
        A folder that is new or empty.

    Returns
    -------
    pathlib.Path
        The folder, which exists.

    Raises
    ------
    ValueError
        When `out` is a file, or a folder that holds something.
    """
    out = Path(out)
    if out.exists() and not (out.is_dir() and next(out.iterdir(), None) is None):
        raise ValueError(f"{out} is not an empty folder: name a new or an empty one")
    out.mkdir(parents=True, exist_ok=True)
    return out


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Give a name to write to that becomes the file only once it is whole."""
    part = path.with_name(path.name + ".part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
