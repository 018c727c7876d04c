"""Turns results.json into RESULTS.md and its picture: no figure in either is typed by hand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

from suite import bounds
from suite.harness import OURS, Row
from suite.picture import Line, Panel, draw
from suite.work import WORKS

JSON_NAME, REPORT_NAME, PICTURE_NAME = "results.json", "RESULTS.md", "results.svg"
DOES_LESS = ("DuckDB's floor", "a plain copy", "scikit-learn KMeans alone")
"""What is measured to compare with although it does a part of the work alone."""
COLUMNS = {
    "case": "case",
    "size": "size",
    "by": "by",
    "runs": "runs",
    "whole_s": "whole s",
    "engine_s": "engine s",
    "spread": "from-to",
    "cpu_s": "CPU s",
    "peak_mib": "MiB",
    "rate": "items/s",
    "largest_difference": "largest difference",
    "start_s": "start s",
    "tests_s": "tests s",
    "models_s": "models s",
    "hooks_s": "hooks s",
    "idle_s": "idle s",
    "outside_s": "outside s",
    "dbt_share": "dbt's share",
    "models_sql_s": "models' SQL s",
    "tests_sql_s": "tests' SQL s",
    "median_ms": "median ms",
    "p95_ms": "95 % ms",
    "together_ms": "together ms",
    "file_mib": "file MiB",
    "n_rows": "rows",
    "n_features": "features",
    "ms_a_window": "ms a window",
    "accuracy_logistic": "accuracy, logistic",
    "accuracy_centroid": "accuracy, nearest centroid",
}
"""Columns of the tables; a work's table has those that any of its rows fills."""
ONLY_OF = {
    "tests_s": ("sample_build",),
    "models_s": ("sample_build",),
    "hooks_s": ("sample_build",),
    "idle_s": ("sample_build",),
    "models_sql_s": ("sample_build",),
    "tests_sql_s": ("sample_build",),
}
TEXTS = ("case", "by")
HEAD = """# What it costs

Written by `benchmarks/run.py` from `results.json`; edit neither. Every figure is of a process of
its own. *runs* is how many were measured, after one that was not; where a round takes minutes they
are fewer than five, and none comes before them. Those of a group ran in turn, and times are their
medians: *whole s* from the start of the process to its end, *engine s* of the work alone (see each
table), *from-to* its extremes. *MiB* is the most that the process held of memory. *items* are
events, rows, vectors or windows.

## How to repeat it
    make bench         # minutes
    make bench-full    # about an hour

Both install the peers from `benchmarks/requirements.lock` into `.venv-bench` and write this file,
`results.json` and `results.svg`. One piece alone: `.venv/bin/python benchmarks/run.py --only
session_features`, then the others keep their figures. Nothing else should run meanwhile.
"""


def write(results: Row, folder: Path) -> None:
    """Write the three files.

    Parameters
    ----------
    results : dict
        `machine` (see `machine.describe`) and `works`: by name `mode`, `revision` and `rows`,
        which have a mode and revision of their own where others were measured since.
    folder : pathlib.Path
        Where to.
    """
    text = json.dumps(results, indent=1, sort_keys=False)
    (folder / JSON_NAME).write_text(text + "\n")
    (folder / PICTURE_NAME).write_text(draw(panels(all_rows(results))))
    (folder / REPORT_NAME).write_text(render(results))


def all_rows(results: Row) -> list[Row]:
    """Give the rows of all works."""
    return [row for name in WORKS for row in results["works"].get(name, {}).get("rows", [])]


def render(results: Row) -> str:
    """Give the text of RESULTS.md."""
    rows = all_rows(results)
    parts = [HEAD, _machine(results["machine"]), _bounds(rows)]
    parts += ["## Where we lose\n" + "\n".join(f"- {line}" for line in losses(rows)) + "\n"]
    parts += [f"## How cost grows\n![Seconds over size]({PICTURE_NAME})\n\n{_growth(rows)}"]
    for name, module in WORKS.items():
        work = results["works"].get(name)
        if work:
            parts.append(_work(name, module, work))
    return "\n".join(parts)


def _machine(machine: Row) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    return (
        f"## On what\n{machine['processor']}, {machine['cores']} cores, "
        f"{machine['memory_gib']} GiB of memory, {machine['system']}; {versions}.\n"
    )


def _bounds(rows: list[Row]) -> str:
    cells = [
        (
            bound.claim,
            bound.at,
            f"{bounds.SIGNS[bound.is_met]} {bound.limit:g}",
            "" if bound.figure is None else _number(bound.figure),
            bound.verdict if bound.verdict != "MISSED" else "**missed**",
        )
        for bound in bounds.check(rows)
    ]
    return "## Bounds\n" + _table(("what", "at", "bound", "measured", "verdict"), cells, (0, 1, 4))


def losses(rows: Iterable[Row]) -> list[str]:
    """Say where a peer is ahead of us, what failed, and which bounds are missed.

    Parameters
    ----------
    rows : iterable of dict
        Rows of all works.

    Returns
    -------
    list of str
        One sentence each; a sentence that says so where there is nothing to tell.
    """
    rows = list(rows)
    groups: dict[tuple, list[Row]] = {}
    for row in rows:
        groups.setdefault((row["work"], row["case"], row["size"]), []).append(row)
    lines = []
    for (work, case, size), group in groups.items():
        place = f"{WORKS[work].TITLE}, {case}, {size:,}"
        lines += [
            f"{place}: {row['by']} failed: {row['failure']}." for row in group if row["failure"]
        ]
        ours = [row for row in group if row["by"].startswith(OURS) and row["runs"]]
        theirs = [row for row in group if not row["by"].startswith(OURS) and row["runs"]]
        for peer in theirs if ours else []:
            if peer["by"] not in DOES_LESS:
                lines += _ahead(place, peer, ours)
    missed = [bound for bound in bounds.check(rows) if bound.verdict == "MISSED"]
    lines += [
        f"Missed: {bound.claim}, {_number(bound.figure)} instead of "
        f"{bounds.SIGNS[bound.is_met]} {bound.limit:g} ({bound.at})."
        for bound in missed
    ]
    return lines or ["Nowhere, of what was measured."]


def _ahead(place: str, peer: Row, ours: list[Row]) -> list[str]:
    lines = []
    words = {"engine_s": "takes {:.2g} of the time", "peak_mib": "holds {:.2g} of the memory"}
    for what, text in words.items():
        best = min(ours, key=lambda row: row[what])
        share = peer[what] / best[what]
        if share < 1:
            lines.append(f"{place}: {peer['by']} {text.format(share)} of *{best['by']}*.")
    return lines


def _growth(rows: list[Row]) -> str:
    series: dict[tuple, list[Row]] = {}
    for row in rows:
        if row["runs"] and row.get("n_items"):
            series.setdefault((row["work"], row["case"], row["by"]), []).append(row)
    cells = []
    for (work, case, by), own in series.items():
        own.sort(key=lambda row: row["size"])
        for small, large in pairwise(own):
            cells.append(
                (
                    f"{WORKS[work].TITLE}, {case}",
                    by,
                    f"{small['size']:,} to {large['size']:,}",
                    _number(large["n_items"] / small["n_items"]),
                    _number(large["engine_s"] / small["engine_s"]),
                    _number(large["peak_mib"] / small["peak_mib"]),
                )
            )
    heading = ("what", "by", "from-to", "items, fold", "time, fold", "memory, fold")
    return _table(heading, cells, (0, 1, 2)) if cells else "Only one size was measured.\n"


def _work(name: str, module, work: Row) -> str:
    rows = [_shown(row) for row in work["rows"]]
    names = [
        column
        for column in COLUMNS
        if name in ONLY_OF.get(column, (name,))
        and any(row.get(column) not in (None, "") for row in rows)
    ]
    cells = [[row.get(column, "") for column in names] for row in rows]
    texts = tuple(place for place, column in enumerate(names) if column in TEXTS)
    table = _table([COLUMNS[column] for column in names], cells, texts)
    told = module.CLOCK.strip()
    return f"## {module.TITLE}\n{told}\n\n{_measured(work)}\n\n{table}"


def _measured(work: Row) -> str:
    """Say how rows were measured: each as it says itself, else as the work does."""
    if work["mode"] == "tiny":
        return f"Measured on tiny sizes, which say nothing at revision {work['revision']}."
    own = {"mode": work["mode"], "revision": work["revision"]}
    sizes: dict[tuple[str, str], set[int]] = {}
    for row in work["rows"]:
        told = own | row
        sizes.setdefault((told["mode"], told["revision"]), set()).add(row["size"])
    commands = {"full": "make bench-full", "quick": "make bench"}
    parts = [
        f"by `{commands[mode]}` at revision {revision}"
        + (f" ({', '.join(f'{size:,}' for size in sorted(of))})" if len(sizes) > 1 else "")
        for (mode, revision), of in sizes.items()
    ]
    return f"Measured {', '.join(parts)}."


def _shown(row: Row) -> Row:
    shown = {
        name: _number(value) if isinstance(value, float) else value for name, value in row.items()
    }
    shown["size"] = f"{row['size']:,}"
    if row["failure"]:
        return shown | {"whole_s": "failed"}
    if row["runs"] and row["runs"] > 1:
        shown["spread"] = f"{_number(row['low_s'])}-{_number(row['high_s'])}"
    if row["runs"] and row.get("n_items"):
        shown["rate"] = f"{row['n_items'] / max(row['engine_s'], 1e-9):,.0f}"
    if isinstance(row.get("n_rows"), int):
        shown["n_rows"] = f"{row['n_rows']:,}"
    if row.get("largest_difference") is not None:
        shown["largest_difference"] = f"{row['largest_difference']:.1g}"
    return shown


def _number(value: float | None) -> str:
    """Give a number with three digits."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _table(heading: Sequence[str], cells: Iterable[Sequence[object]], texts: Sequence[int]) -> str:
    rule = ["---" if place in texts else "---:" for place in range(len(heading))]
    lines = [heading, rule, *cells]
    return "".join(
        f"| {' | '.join('' if cell is None else str(cell) for cell in line)} |\n" for line in lines
    )


def panels(rows: Iterable[Row]) -> list[Panel]:
    """Give what the picture shows: seconds over items, for what was measured at several sizes."""
    rows = [row for row in rows if row["runs"] and row.get("n_items")]
    wanted = (
        ("session_features", "100 %", "Session features at 100 %", "events"),
        ("session_features", "six checkpoints", "Session features, six checkpoints", "events"),
        ("sales_detection", None, "Detection and matching of sales", "rows of sales"),
        ("publishing", None, "Publishing", "rows of logs"),
    )
    found = []
    for work, case, title, across in wanted:
        lines: dict[str, list[tuple[float, float]]] = {}
        for row in rows:
            if row["work"] == work and case in (None, row["case"]):
                point = (row["n_items"], max(row["engine_s"], 1e-4))
                lines.setdefault(row["by"], []).append(point)
        drawn = [Line(by, sorted(points)) for by, points in lines.items()]
        found.append(Panel(title, across, "s", drawn))
    return found
