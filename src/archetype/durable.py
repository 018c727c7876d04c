"""Write files that survive a power cut, under names that cannot leave their folder."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

# Room for what is added to a name while it is written; file systems stop at 255 bytes.
NAME_BYTES_MAX = 200
# A file or folder that is being written has this at its end and a dot before it.
DRAFT_SUFFIX = ".draft"
_SHOWN = 80


def shown(value: object) -> str:
    """Spell a value so that it fits into one line of a message, whatever it holds.

    Parameters
    ----------
    value : object
        Anything; its ``repr`` is shown.

    Returns
    -------
    str
        At most 80 characters, without line breaks.
    """
    text = ascii(value) if isinstance(value, str) else " ".join(repr(value).split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 4]} ..."


def check_name(name: object, what: str) -> str:
    """Refuse a name of a file or folder that could lead out of the folder it belongs in.

    Parameters
    ----------
    name : object
        The name.
    what : str
        What it names, for the message, as in ``session_id``.

    Returns
    -------
    str
        The name as it was.

    Raises
    ------
    ValueError
        The name is no text, empty, longer than 200 bytes, starts with a dot, or holds a slash, a
        backslash, a control character or what UTF-8 cannot spell.
    """
    fault = _name_fault(name)
    if fault:
        raise ValueError(
            f"{what} {shown(name)} {fault}; expected a plain name of 1 to {NAME_BYTES_MAX} bytes, "
            "without a slash, a backslash, a control character or a leading dot"
        )
    return name


def _name_fault(name: object) -> str | None:
    if not isinstance(name, str):
        return "is no text"
    if not name:
        return "is empty"
    if name.startswith("."):
        return "starts with a dot"
    if "/" in name or "\\" in name:
        return "holds a slash or backslash"
    if not name.isprintable():
        return "holds a character that cannot be printed"
    return "is too long" if len(name.encode()) > NAME_BYTES_MAX else None


def folder_below(root: Path, *names: str) -> Path:
    """Give a folder some levels below another, refusing any symbolic link on the way.

    Parameters
    ----------
    root : pathlib.Path
        The folder that must not be left. It may itself be reached by a link.
    *names : str
        Names level by level, as by :func:`check_name`.

    Returns
    -------
    pathlib.Path
        The folder, which need not exist; nothing is created.

    Raises
    ------
    ValueError
        One of the levels exists and is a symbolic link.
    """
    folder = root.resolve()
    for name in names:
        folder = folder / name
        if folder.is_symlink():
            raise ValueError(
                f"{folder} is a symbolic link; expected a folder: remove the link, since what is "
                "written there could land elsewhere"
            )
    return folder


def write_file(path: Path, content: bytes) -> None:
    """Replace a file atomically: readers see the old content or the new, never a part.

    Parameters
    ----------
    path : pathlib.Path
        Where; its folder exists. A symbolic link there is replaced, not followed.
    content : bytes
        What.
    """
    draft = path.with_name(f".{path.name}{DRAFT_SUFFIX}")
    with alone_in(path.parent):
        try:
            write_new_file(draft, content)
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        flush(path.parent)


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Let one writer at a time into a folder; the lock goes with its process.

    So a draft that is found in there is nobody's: who wrote it was killed.

    Parameters
    ----------
    folder : pathlib.Path
        The folder, which exists.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def write_new_file(path: Path, content: bytes) -> None:
    """Write a file and flush it to disk.

    Parameters
    ----------
    path : pathlib.Path
        Where; what a killed process left under this name is removed.
    content : bytes
        What.
    """
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def flush(path: Path) -> None:
    """Make a file, or what was renamed within a folder, survive a power cut.

    Parameters
    ----------
    path : pathlib.Path
        The file or folder.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
