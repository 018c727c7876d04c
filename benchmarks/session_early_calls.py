"""How well early calls name what a session ends in: build, fit, and print the scores.

Homes of finished builds are the arguments, as in `warehouse`; without any, 2,000 simulated sessions
are built in a fresh one. The callers are fitted on the sessions that the model in force was fitted
on, scored out of sample, and the exit code is 1 where a bound is missed. The bounds of a few dozen
sessions are of the public ones, those of more are of simulated ones.
"""

from __future__ import annotations

import operator
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
from rich.console import Console
from rich.table import Table

from archetype.sessions.early import EarlyParameters, fit_early_callers, match_early_calls
from archetype.sessions.early_scores import mean_scores
from archetype.sessions.early_training import LEAVE_ONE_OUT_MAX
from archetype.sessions.features import FEATURE_NAMES
from archetype.simulate import simulate_sessions

ROOT = Path(__file__).parents[1]
SEED = 7
N_SESSIONS = 2_000
N_SHOWN = 6
"""Callers whose scores are printed, the best first."""

KEY = ("caller", "metric", "confidence_method", "scaler")
MODEL = "select * from session_models where status = 'champion'"
ARCHETYPES = """
    select archetypes.*
    from session_archetypes as archetypes
    inner join session_models as models using (model_version)
    where models.status = 'champion'
"""
VECTORS = f"""
    select
        fingerprints.session_id,
        fingerprints.session_type,
        fingerprints.session_on,
        fingerprints.checkpoint_pct,
        labels.archetype_id,
        labels.session_id is not null as is_training,
        cast(fingerprints.feature_vector as double[]) as feature_vector,
        [{", ".join(f"list_contains(imputed_features, '{name}')" for name in FEATURE_NAMES)}]
            as is_imputed
    from session_fingerprints as fingerprints
    left join (
        select labels.*
        from session_training_labels as labels
        inner join session_models as models using (model_version)
        where models.status = 'champion'
    ) as labels using (session_id)
    where fingerprints.feature_vector is not null
    order by all
"""

Row = dict[str, Any]


class Bound(NamedTuple):
    """What the recommended caller must reach.

    Parameters
    ----------
    column : str
        The score; `gain` is the accuracy less that of the better baseline, `n_not_called` the
        sessions fitted on that are not called.
    checkpoint_pct : int
        Where.
    is_met : callable
        `operator.ge` or `operator.le`.
    limit : float
        What it is compared with.
    """

    column: str
    checkpoint_pct: int
    is_met: Any
    limit: float


REAL_BOUNDS = (
    Bound("accuracy", 30, operator.ge, 0.78),
    Bound("accuracy", 50, operator.ge, 0.82),
    Bound("n_not_called", 30, operator.le, 3),
    Bound("expected_calibration_error", 30, operator.le, 0.10),
    Bound("expected_calibration_error", 50, operator.le, 0.10),
    Bound("gain", 30, operator.ge, 0.25),
    Bound("gain", 50, operator.ge, 0.25),
)
SIMULATED_BOUNDS = tuple(
    Bound("expected_calibration_error", checkpoint, operator.le, 0.03)
    for checkpoint in (25, 30, 40, 50, 75)
)
SIGNS = {operator.ge: ">=", operator.le: "<="}


def build(folder: Path) -> Path:
    """Simulate sessions and build them up to a model; give the home."""
    simulate_sessions(folder / "raw", N_SESSIONS, SEED, "parquet")
    home = folder / "home"
    home.mkdir()
    environment = os.environ | {
        "ARCHETYPE_HOME": str(home),
        "ARCHETYPE_SESSIONS": str(folder / "raw" / "*.parquet"),
        "DBT_TARGET_PATH": str(home / "target"),
        "DBT_LOG_PATH": str(home / "logs"),
    }
    dbt = [str(Path(sys.executable).with_name("dbt")), "--quiet"]
    models = ["+session_training_labels", "+session_models", "+session_archetypes"]
    for command in (["seed"], ["run", "--select", *models]):
        subprocess.run([*dbt, *command], cwd=ROOT, env=environment, check=True)
    return home


def read(home: Path) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Read vectors, the model in force and its archetypes."""
    with duckdb.connect(str(home / "archetype.duckdb"), read_only=True) as connection:
        tables = [connection.execute(query).to_arrow_table() for query in (VECTORS, MODEL)]
        return *tables, connection.execute(ARCHETYPES).to_arrow_table()


def score_table(scores: list[Row]) -> Table:
    """Lay out the best callers: accuracy and calibration error by checkpoint."""
    means = mean_scores(scores)
    table = Table(box=None, pad_edge=False, title_justify="left")
    checkpoints = sorted({row["checkpoint_pct"] for row in scores})
    for name in ("caller", "mean brier", *(f"{checkpoint} %" for checkpoint in checkpoints)):
        table.add_column(name, justify="left" if name == "caller" else "right")
    rows = {(*(row[name] for name in KEY), row["checkpoint_pct"]): row for row in scores}
    for setting in sorted(means, key=lambda one: (means[one].brier, one))[:N_SHOWN]:
        cells = [rows[(*setting, checkpoint)] for checkpoint in checkpoints]
        table.add_row(
            " ".join(setting),
            f"{means[setting].brier:.4f}",
            *(f"{row['accuracy']:.3f} / {row['expected_calibration_error']:.3f}" for row in cells),
        )
    firsts = [rows[(*next(iter(means)), checkpoint)] for checkpoint in checkpoints]
    for name in ("majority_accuracy", "session_type_accuracy"):
        table.add_row(name.replace("_", " "), "", *(f"{row[name]:.3f}        " for row in firsts))
    return table


def reliability_table(bins: list[Row]) -> Table:
    """Lay out how often calls of the recommended caller held, by their confidence."""
    table = Table(box=None, pad_edge=False)
    for name in ("at", "confidence", "calls", "said", "held"):
        table.add_column(name, justify="right")
    for row in bins:
        if row["n_calls"]:
            table.add_row(
                f"{row['checkpoint_pct']} %",
                f"{row['bin_low']:.1f}-{row['bin_high']:.1f}",
                str(row["n_calls"]),
                f"{row['mean_confidence']:.3f}",
                f"{row['accuracy']:.3f}",
            )
    return table


def measure(home: Path, console: Console) -> int:
    """Fit and score the callers of a home, print it all, and count the bounds that are missed."""
    vectors, model, archetypes = read(home)
    training = vectors.filter(vectors["is_training"])
    started = time.monotonic()
    (fitted,) = fit_early_callers(training, model, archetypes, EarlyParameters()).to_pylist()
    fit_seconds = time.monotonic() - started
    scores = fitted["scores"]
    callers = [
        row | {"caller_version": fitted["caller_version"]}
        for row in fitted["callers"]
        if row["is_chosen"]
    ]
    started = time.monotonic()
    calls = match_early_calls(vectors, training, model, archetypes, pa.Table.from_pylist(callers))
    match_seconds = time.monotonic() - started
    console.print(
        f"{fitted['n_sessions']} sessions: fitted and scored in {fit_seconds:.1f} s, "
        f"{calls.num_rows} calls in {match_seconds:.1f} s; accuracy / calibration error:"
    )
    console.print(score_table(scores))
    best = [row for row in scores if row["is_recommended"]]
    console.print(f"recommended: {' '.join(best[0][name] for name in KEY)}")
    console.print(best[0]["recommendation"])
    own = [row for row in fitted["reliability"] if all(row[name] == best[0][name] for name in KEY)]
    console.print(reliability_table(own))
    is_few = fitted["n_sessions"] <= LEAVE_ONE_OUT_MAX
    return check(best, REAL_BOUNDS if is_few else SIMULATED_BOUNDS, console)


def check(best: list[Row], bounds: tuple[Bound, ...], console: Console) -> int:
    """Print what each bound came to, and count those that are missed."""
    n_missed = 0
    for bound in bounds:
        (row,) = (one for one in best if one["checkpoint_pct"] == bound.checkpoint_pct)
        baseline = max(row["majority_accuracy"], row["session_type_accuracy"])
        row = row | {
            "gain": row["accuracy"] - baseline,
            "n_not_called": row["n_sessions"] - row["n_called"],
        }
        is_met = bound.is_met(row[bound.column], bound.limit)
        n_missed += not is_met
        console.print(
            f"{'met   ' if is_met else 'MISSED'} {bound.checkpoint_pct} %: {bound.column}"
            f" {row[bound.column]:.4g}, must be {SIGNS[bound.is_met]} {bound.limit}",
            style=None if is_met else "bold red",
        )
    return n_missed


def main(homes: list[Path]) -> int:
    """Measure every home; give the exit code."""
    console = Console(highlight=False, width=160)
    if homes:
        return 1 if sum(measure(home, console) for home in homes) else 0
    with tempfile.TemporaryDirectory() as folder:
        return 1 if measure(build(Path(folder)), console) else 0


if __name__ == "__main__":
    sys.exit(main([Path(home) for home in sys.argv[1:]]))
