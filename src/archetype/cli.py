"""The command line: build, audit, replay, call one session, simulate, keep artifacts."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from archetype import __version__
from archetype.artifacts_cli import artifacts
from archetype.audit_cli import audit
from archetype.classify_cli import classify
from archetype.console import fail, home_folder
from archetype.replay_cli import replay

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Archetype: trading sessions and retail sales as archetypes, in one DuckDB warehouse.",
)
simulate = typer.Typer(no_args_is_help=True, help="Make believable raw files with known answers.")
app.add_typer(simulate, name="simulate")
app.add_typer(artifacts, name="artifacts")
app.command()(classify)
app.command()(audit)
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(replay)
_FIRST_DAY = datetime(2025, 1, 6)


class FileFormat(StrEnum):
    """How raw session files are written."""

    JSON = "json"
    PARQUET = "parquet"


class SalesFormat(StrEnum):
    """How raw sales files are written."""

    CSV = "csv"
    PARQUET = "parquet"


def _print_version(value: bool) -> None:
    if value:
        typer.echo(__version__)
        raise typer.Exit()


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, help="Print the version.")
    ] = False,
) -> None:
    """Run one of the commands below from the project's root."""


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def build(context: typer.Context) -> None:
    """Run `dbt build` and say in one screen what it did; further arguments go to dbt."""
    from archetype.build import run_build

    if not Path("dbt_project.yml").is_file():
        raise fail(f"no dbt_project.yml in {Path.cwd()}: run this from the project's root.")
    home = home_folder()
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise fail(f"ARCHETYPE_HOME={home} cannot be made a folder: {error.strerror}.") from error
    raise typer.Exit(run_build(home, context.args))


@simulate.command("sessions")
def simulate_sessions_command(
    count: Annotated[int, typer.Option(help="How many distinct sessions.")],
    seed: Annotated[int, typer.Option(help="The same seed makes the same bytes.")],
    out: Annotated[Path, typer.Option(help="A folder that is new or empty.")],
    file_format: Annotated[
        FileFormat,
        typer.Option("--format", help="One JSON file a session, or one Parquet row an event."),
    ] = FileFormat.JSON,
) -> None:
    """Make trading sessions of planted archetypes, with the dirt of real ones and a truth file."""
    from archetype.simulate import simulate_sessions

    try:
        report = simulate_sessions(out, count, seed, file_format.value)
    except (ValueError, OSError) as error:
        raise fail(str(error)) from error
    typer.echo(
        f"{report.n_sessions} sessions with {report.n_events} events in {report.n_files} files"
        f" ({report.n_bytes / 1e6:.1f} MB) under {out}; what was planted: {report.truth_path}"
    )


@simulate.command("sales")
def simulate_sales_command(
    stores: Annotated[int, typer.Option(help="How many stores.")],
    skus: Annotated[int, typer.Option(help="How many skus; every store sells them all.")],
    days: Annotated[int, typer.Option(help="How many days.")],
    seed: Annotated[int, typer.Option(help="The same seed makes the same bytes.")],
    out: Annotated[Path, typer.Option(help="A folder that is new or empty.")],
    tick: Annotated[
        str, typer.Option(help="15 minutes to 1 day: what lengths of anomalies are counted in.")
    ] = "1 hour",
    file_format: Annotated[
        SalesFormat, typer.Option("--format", help="One row a sale line, one file a week.")
    ] = SalesFormat.CSV,
    anomalies: Annotated[
        float, typer.Option(help="Planted anomalies a store-sku-month, about; 0 for noise alone.")
    ] = 1.0,
    unknown: Annotated[
        float, typer.Option(help="Share of them of a pattern that the library lacks.")
    ] = 0.0,
    thin: Annotated[float, typer.Option(help="Share of the skus that hardly sell.")] = 0.15,
    start: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First day.")] = _FIRST_DAY,
    dirt: Annotated[bool, typer.Option(help="Add the bad files of real folders.")] = True,
) -> None:
    """Make sales of stores with seasons and planted anomalies, with dirt and a truth file."""
    from archetype.simulate import simulate_sales

    try:
        report = simulate_sales(
            *(out, stores, skus, days, seed, tick, file_format.value),
            anomalies=anomalies,
            unknown=unknown,
            thin=thin,
            start=start.date(),
            dirt=dirt,
        )
    except (ValueError, OSError) as error:
        raise fail(str(error)) from error
    typer.echo(
        f"{report.n_series} series with {report.n_rows} sale lines in {report.n_files} files"
        f" ({report.n_bytes / 1e6:.1f} MB) under {out};"
        f" {report.n_anomalies} planted anomalies: {report.truth_path}"
    )
