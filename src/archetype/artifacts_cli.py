"""The command group `archetype artifacts`: export, verify, import."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archetype.console import fail, home_folder

artifacts = typer.Typer(
    no_args_is_help=True, help="Archetypes of sessions as files: export, verify, import."
)


@artifacts.command("export")
def export_command(
    version: Annotated[
        int | None, typer.Option(help="Number of a model version; the one in force by default.")
    ] = None,
    force: Annotated[bool, typer.Option(help="Replace what stands there.")] = False,
) -> None:
    """Write a model version of the last build as files under ARCHETYPE_HOME/artifacts."""
    from archetype.publish import PUBLISHED_NAME
    from archetype.sessions.artifact_export import export_artifacts

    home = home_folder()
    try:
        folder = export_artifacts(home / PUBLISHED_NAME, home, version=version, force=force)
    except (ValueError, OSError) as error:
        raise fail(str(error)) from error
    typer.echo(_describe(folder))


@artifacts.command("verify")
def verify_command(
    folder: Annotated[
        Path | None, typer.Argument(help="One folder; all under ARCHETYPE_HOME by default.")
    ] = None,
) -> None:
    """Check every file against its sum, and that the numbers fit together."""
    from archetype.sessions.artifacts import ArtifactError, find_artifacts

    try:
        folders = [folder] if folder else find_artifacts(home_folder())
    except ArtifactError as error:
        raise fail(str(error)) from error
    failures = []
    for each in folders:
        try:
            typer.echo(_describe(each))
        except ArtifactError as error:
            failures.append(fail(str(error)))
    if failures:
        raise failures[0]


@artifacts.command("import")
def import_command(
    file: Annotated[Path, typer.Argument(help="JSON with centroids and scaler; never a pickle.")],
    name: Annotated[
        str | None, typer.Option("--as", help="What to call it; the file's name by default.")
    ] = None,
    force: Annotated[bool, typer.Option(help="Replace what stands under this name.")] = False,
) -> None:
    """Take over the centroids and scaler of another program's k-means."""
    from archetype.sessions.artifact_import import import_artifacts

    try:
        folder = import_artifacts(file, home_folder(), name, force=force)
    except (ValueError, OSError) as error:
        raise fail(str(error)) from error
    typer.echo(_describe(folder))


def _describe(folder: Path) -> str:
    """Say in one line what a folder holds, which reads and so verifies it."""
    from archetype.sessions.artifacts import load_artifacts

    found = load_artifacts(folder)
    return (
        f"ok: {folder}: model {found.metadata['model_version']}, {len(found.archetype_ids)} "
        f"archetypes, fitted on {found.fingerprints.num_rows} sessions"
    )
