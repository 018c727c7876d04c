"""The command `archetype classify`: call one live session file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from archetype.console import fail, home_folder

OF_THE_BUILD = "the one that the build uses by default."


def classify(
    file: Annotated[Path, typer.Argument(help="One session as JSON, complete or still running.")],
    at: Annotated[
        str, typer.Option(help="Per cent of the scheduled time to look at: a checkpoint.")
    ] = "30",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document: the sidecar.")
    ] = False,
    sidecar: Annotated[
        bool, typer.Option("--sidecar", help="Write the sidecar too and print its path.")
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
    """Call one session file: its archetype, by what the last build published.

    Below 100 % an early caller names the archetype that the session will end in; at 100 % it is
    assigned as a build would. ARCHETYPE_HOME is the folder of that build.
    """
    from archetype.publish import PUBLISHED_NAME
    from archetype.sessions.live import LiveScorer, read_session_file
    from archetype.sessions.live_report import read_run_id, report_call, sidecar_of
    from archetype.sessions.sidecar import spell_sidecar, write_sidecar

    home = home_folder()
    chosen = {"caller": caller, "metric": metric, "confidence": confidence, "scaler": scaler}
    try:
        read_session_file(file)
        given = _read_variables(variables)
        with LiveScorer(home / PUBLISHED_NAME, variables=given) as scorer:
            call = scorer.call(file, _read_checkpoint(at), **chosen)
        document = sidecar_of(call) if as_json or sidecar else None
        path = write_sidecar(home, read_run_id(Path()), document) if sidecar else None
    except (ValueError, OSError) as error:
        raise fail(" ".join(str(error).split())) from error
    if as_json:
        typer.echo(spell_sidecar(document), nl=False)
    else:
        for line in report_call(call):
            typer.echo(line)
    if path is not None:
        # With --json there is one document on the standard output and nothing else.
        typer.echo(f"sidecar        {path}", err=as_json)


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
