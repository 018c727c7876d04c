"""The command `archetype audit`, which proves the logs."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from archetype.console import fail, home_folder

if TYPE_CHECKING:
    from archetype.audit import Audit, Checkpoint


def audit(
    log: Annotated[
        str | None, typer.Option(help="Print every checkpoint of this log alone.")
    ] = None,
    expect: Annotated[
        str | None, typer.Option(help="A head or checkpoint hash that was written down earlier.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Recompute every checkpoint of every log from its rows; end with 1 where one is broken.

    It ends with 2 where nothing could be proved: no warehouse, or one that is being written.
    """
    from archetype.audit import AuditError, audit_logs

    try:
        found = audit_logs(home_folder())
    except AuditError as error:
        fail(str(error))
        raise typer.Exit(2) from error
    wrong = [fail(f"not as logged: {one}") for one in found.breaks]
    names = sorted({one.log_name for one in found.checkpoints})
    if not names:
        fail("there is no checkpoint yet: only a whole build whose tests pass writes one.")
        raise typer.Exit(1 if wrong else 2)
    if log and log not in names:
        fail(f"there is no log {log}; there are {', '.join(names)}.")
        raise typer.Exit(2)
    if as_json:
        typer.echo(json.dumps(_as_json(found, log), indent=2, default=str))
    else:
        typer.echo("\n".join(_as_lines(found, log)))
    if expect and not found.knows(expect):
        wrong.append(fail(f"no checkpoint has the hash {expect}: this is not the chain it is of."))
    if wrong:
        raise wrong[0]


def _as_lines(found: Audit, log: str | None) -> list[str]:
    """Give one line a log, or one a checkpoint of a single log, and the head."""
    if log:
        rows = [
            (
                *(one.checkpoint_number, f"{one.started_at:%Y-%m-%d %H:%M:%S}", one.build_id),
                *(f"{one.row_count:,}", f"{one.n_new_rows:+,}"),
                *(one.content_hash, one.checkpoint_hash, _state(one.is_intact)),
            )
            for one in _of(found, log)
        ]
        headings = ("", "build of", "build", "rows", "new", "content", "checkpoint", "")
    else:
        rows = [
            (
                *(name, f"{chain[-1].row_count:,}", len(chain), chain[0].build_id),
                *(chain[-1].build_id, chain[-1].checkpoint_hash, _state(name not in broken)),
            )
            for broken in [{one.log_name for one in found.breaks}]
            for name in sorted({one.log_name for one in found.checkpoints})
            for chain in [_of(found, name)]
        ]
        headings = ("log", "rows", "builds", "first build", "last build", "last checkpoint", "")
    texts = [tuple(map(str, row)) for row in (headings, *rows)]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in texts]
    return [*lines, f"head {found.heads[-1]} after {len(found.heads)} builds"]


def _state(is_intact: bool) -> str:
    """Say whether a chain holds."""
    return "intact" if is_intact else "BROKEN"


def _of(found: Audit, log: str) -> list[Checkpoint]:
    """Give the checkpoints of one log."""
    return [one for one in found.checkpoints if one.log_name == log]


def _as_json(found: Audit, log: str | None) -> dict[str, object]:
    """Give the same for a program: every checkpoint, or those of a single log."""
    chosen = _of(found, log) if log else found.checkpoints
    return {
        "is_intact": not found.breaks,
        "head": found.heads[-1],
        "breaks": [asdict(one) for one in found.breaks],
        "checkpoints": [asdict(one) for one in chosen],
    }
