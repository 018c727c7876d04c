"""The command `archetype classify`: call live session files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archetype.console import fail, home_folder

if TYPE_CHECKING:
    from archetype.sessions.live import LiveCall
    from archetype.sessions.live_sql import LiveError

OF_THE_BUILD = "the one that the build uses by default."


def classify(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE", help="Sessions as JSON, one a file, complete or still running."
        ),
    ],
    at: Annotated[
        str, typer.Option(help="Per cent of the scheduled time to look at: a checkpoint.")
    ] = "30",
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print the sidecar as JSON; of several files, one a line."),
    ] = False,
    sidecar: Annotated[
        bool, typer.Option("--sidecar", help="Write each sidecar too and print its path.")
    ] = False,
    caller: Annotated[str, typer.Option(help=f"Kind of early caller; {OF_THE_BUILD}")] = "",
    metric: Annotated[str, typer.Option(help=f"Its distance; {OF_THE_BUILD}")] = "",
    confidence: Annotated[
        str, typer.Option(help=f"How it comes to a confidence; {OF_THE_BUILD}")
    ] = "",
    scaler: Annotated[str, typer.Option(help=f"Its scaler; {OF_THE_BUILD}")] = "",
    variables: Annotated[
        str, typer.Option("--vars", help="dbt variables, where the build was given any: JSON.")
    ] = "{}",
) -> None:
    """Call session files: their archetypes, by what the last build published.

    Below 100 % an early caller names the archetype that a session will end in; at 100 % it is
    assigned as a build would. ARCHETYPE_HOME is the folder of that build. A file that cannot be
    called does not stop the others; the exit code is 1 then.
    """
    from archetype.publish import PUBLISHED_NAME
    from archetype.sessions.live import LiveScorer
    from archetype.sessions.live_report import read_run_id

    home = home_folder()
    chosen = {"caller": caller, "metric": metric, "confidence": confidence, "scaler": scaler}
    try:
        given = _read_variables(variables)
        with LiveScorer(home / PUBLISHED_NAME, variables=given) as scorer:
            calls = scorer.call_many(files, _read_checkpoint(at), **chosen)
        run_id = read_run_id(Path()) if sidecar else None
    except (ValueError, OSError) as error:
        raise _fail(error) from error
    failures = []
    for call in calls:
        try:
            _tell(call, home, run_id, as_json=as_json, is_alone=len(calls) == 1)
        except (ValueError, OSError) as error:
            failures.append(_fail(error))
    if failures:
        raise failures[0]


def _tell(
    call: LiveCall | LiveError, home: Path, run_id: str | None, *, as_json: bool, is_alone: bool
) -> None:
    """Print a call, and write its sidecar where there is a run to file it by."""
    from archetype.sessions.live_report import report_call, sidecar_of
    from archetype.sessions.sidecar import spell_sidecar, write_sidecar

    if isinstance(call, ValueError):
        raise call
    document = sidecar_of(call) if as_json or run_id is not None else None
    path = None if run_id is None else write_sidecar(home, run_id, document)
    if as_json:
        typer.echo(spell_sidecar(document, indent=2 if is_alone else None), nl=False)
    else:
        for line in report_call(call):
            typer.echo(line)
    if path is not None:
        shown = home / path.relative_to(home.resolve())
        # With --json there are documents on the standard output and nothing else.
        typer.echo(f"sidecar        {shown}", err=as_json)
    if not (as_json or is_alone):
        typer.echo()


def _fail(error: Exception) -> typer.Exit:
    return fail(" ".join(str(error).split()))


def _read_checkpoint(text: str) -> int:
    try:
        return int(text.strip().removesuffix("%"))
    except ValueError as error:
        raise ValueError(f"--at {text} is no whole number of per cent.") from error


def _read_variables(text: str) -> dict[str, object]:
    try:
        given = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"--vars is no JSON: {error}") from error
    if not isinstance(given, dict):
        raise ValueError('--vars is no JSON object; expected one such as {"peer_days": 20}.')
    return given
