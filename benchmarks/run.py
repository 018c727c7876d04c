"""Measure what Archetype costs, beside what a user would write instead; see RESULTS.md.

    python benchmarks/run.py [--full] [--only NAME ...] [--sizes N ...] [--folder FOLDER]

It simulates its own input, writes `results.json`, `results.svg` and `RESULTS.md` beside itself, and
prints the bounds that are missed; the exit code is 0 all the same. `--folder` keeps input and homes
(of the full run tens of GB) for the next one; by default they are gone afterwards. Peers need
`benchmarks/install`; what is not installed is left out.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import traceback
from pathlib import Path

from suite import bounds, machine, report
from suite.harness import BENCHMARKS, MODES, Bench, Row, failed
from suite.work import WORKS


def measure(name: str, bench: Bench, wanted: list[int] | None) -> list[Row]:
    """Measure one piece of work at its sizes; where one breaks off, a row says so."""
    module = WORKS[name]
    rows: list[Row] = []
    sizes = getattr(module, "sizes", lambda mode: module.SIZES[mode])(bench.mode.name)
    for size in sizes:
        if wanted and size not in wanted:
            continue
        try:
            rows += module.measure(size, bench)
        except Exception as error:
            # An hour's other figures are not lost to one that cannot be taken.
            traceback.print_exc()
            rows.append(failed("ours", error, bench, work=name, case="all", size=size))
    return rows


def load(folder: Path, here: Row) -> Row:
    """Load earlier results, unless another machine or other versions gave them."""
    path = folder / report.JSON_NAME
    if path.exists():
        earlier = json.loads(path.read_text())
        if earlier["machine"] == here:
            return earlier
    return {"machine": here, "works": {}}


def kept_rows(work: Row | None, wanted: list[int]) -> list[Row]:
    """Give the rows of other sizes, each with the mode and revision that it was measured at."""
    if work is None:
        return []
    told = {"mode": work["mode"], "revision": work["revision"]}
    return [told | row for row in work["rows"] if row["size"] not in wanted]


def run(names: list[str], bench: Bench, out: Path, wanted: list[int] | None) -> None:
    """Measure pieces of work, write the report after each, and print the bounds."""
    results = load(out, machine.describe())
    for name in names:
        rows = measure(name, bench, wanted)
        if rows:
            if wanted:
                rows = kept_rows(results["works"].get(name), wanted) + rows
            results["works"][name] = {
                "mode": bench.mode.name,
                "revision": machine.revision(),
                "rows": rows,
            }
            report.write(results, out)
    for bound in bounds.check(report.all_rows(results)):
        figure = "" if bound.figure is None else f"{bound.figure:.4g}, "
        limit = f"{bounds.SIGNS[bound.is_met]} {bound.limit:g}"
        print(f"{bound.verdict:13}{bound.claim}: {figure}must be {limit} ({bound.at})")


def main() -> None:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="the sizes that take an hour")
    parser.add_argument("--tiny", action="store_true", help="sizes that only try the programs")
    parser.add_argument("--only", nargs="+", choices=WORKS, default=list(WORKS), metavar="NAME")
    parser.add_argument(
        "--sizes", nargs="+", type=int, metavar="N", help="of these sizes; others keep their rows"
    )
    parser.add_argument("--folder", type=Path, help="where to keep input and homes")
    parser.add_argument("--out", type=Path, default=BENCHMARKS, help="where to write the results")
    options = parser.parse_args()
    if options.tiny and options.out == BENCHMARKS:
        parser.error("--tiny says nothing of cost: name another folder by --out")
    mode = MODES["full" if options.full else "tiny" if options.tiny else "quick"]
    with tempfile.TemporaryDirectory(prefix="archetype-bench-") as temporary:
        folder = (options.folder or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        run(options.only, Bench(folder, mode), options.out, options.sizes)
    print(f"Read {options.out / report.REPORT_NAME}")


if __name__ == "__main__":
    main()
