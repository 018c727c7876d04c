"""The command `archetype replay`: do the raw files give what the logs said at an instant."""

from __future__ import annotations

import json
import tempfile
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from archetype.console import errors, fail, home_folder

if TYPE_CHECKING:
    from archetype.replay import Replay
    from archetype.replay_compare import Comparison

DIFFERENT, IMPOSSIBLE = 1, 2


def replay(
    context: typer.Context,
    to: Annotated[
        str, typer.Option(help="An instant of the data, UTC, as in 2025-01-31T18:00:00.")
    ],
    home: Annotated[
        Path | None,
        typer.Option(help="A new or empty folder to rebuild in, which is kept."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead.")] = False,
) -> None:
    """Rebuild what the logs said at an instant from the raw files, and compare.

    Exit code 0: equal. 1: different, and the first difference of each log is shown. 2: no replay
    could be made. Further arguments go to dbt, as those of `archetype build` do.
    """
    from archetype.replay import ReplayError
    from archetype.replay import replay as rebuild

    if not Path("dbt_project.yml").is_file():
        raise _refusal(f"no dbt_project.yml in {Path.cwd()}: run this from the project's root.")
    folder = nullcontext(home) if home else tempfile.TemporaryDirectory(prefix="archetype-replay-")
    try:
        with folder as fresh:
            found = rebuild(home_folder(), Path(fresh), read_instant(to), context.args, _tell)
    except (ReplayError, OSError) as error:
        raise _refusal(str(error)) from error
    if as_json:
        typer.echo(json.dumps(found.as_dict()))
    else:
        _print(found)
    raise typer.Exit(0 if found.is_equal else DIFFERENT)


def read_instant(text: str) -> datetime:
    """Read an instant.

    Parameters
    ----------
    text : str
        ISO 8601; without an offset it is UTC, a date alone is its first moment.

    Returns
    -------
    datetime.datetime
        UTC, without a zone.

    Raises
    ------
    ReplayError
        The text is no instant.
    """
    from archetype.replay import ReplayError

    try:
        instant = datetime.fromisoformat(text.strip())
        return instant.astimezone(UTC).replace(tzinfo=None) if instant.tzinfo else instant
    except (ValueError, OverflowError) as error:
        raise ReplayError(
            f"--to {text!r} is no instant: expected one in UTC such as 2025-01-31T18:00:00"
        ) from error


def _refusal(message: str) -> typer.Exit:
    """Give the exit of a replay that could not be made."""
    fail(message)
    return typer.Exit(IMPOSSIBLE)


def _tell(line: str) -> None:
    errors.print(line, style="dim", markup=False, highlight=False, soft_wrap=True)


def _print(found: Replay) -> None:
    """Print one line a log, the notes and the verdict."""
    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False)
    table.add_column("log")
    for heading in ("rows then", "rows rebuilt", "different"):
        table.add_column(heading, justify="right")
    for log in found.logs:
        table.add_row(log.log, *map(str, (log.n_logged, log.n_rebuilt, log.n_different)))
    console.print(table)
    lines = [f"{log.log}: {_describe(log)}" for log in found.logs if log.first]
    for line in [*lines, *(f"note: {note}" for note in found.notes)]:
        console.print(line, markup=False, soft_wrap=True)
    n_rows = sum(log.n_logged for log in found.logs)
    if found.is_equal:
        verdict = f"equal: at {found.to} the logs held {n_rows} rows, and the raw files give them"
    else:
        n_different = sum(log.n_different for log in found.logs)
        verdict = (
            f"different: {n_different} rows as of {found.to}; if builds were given --vars, "
            "give the replay the same"
        )
    console.print(verdict, style="bold", markup=False, soft_wrap=True)


def _describe(log: Comparison) -> str:
    """Say in one line where a log and its replay part."""
    first = log.first
    key = ", ".join(f"{name} {value}" for name, value in first.key.items())
    if first.what == "other columns":
        return f"another code made it, with other columns: {first.column}"
    if first.column is None:
        return f"first difference: {key or 'the table'} is {first.what}"
    return f"first difference: {key}: {first.column} is {first.logged}, rebuilt {first.rebuilt}"
