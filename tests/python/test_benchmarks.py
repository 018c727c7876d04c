"""The benchmark suite's own claims: peers do the same work as we do, figures say what they say."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))

import run
from suite import bounds, builds, harness, inputs, report
from suite.harness import MODES, Bench, Case
from suite.peers import features
from suite.picture import Line, Panel, draw
from suite.replay import find_part
from suite.work import WORKS, session_features

from archetype.sessions.features import FEATURE_NAMES

N_SESSIONS = 60
PEER_PACKAGES = {
    "features_polars": "polars",
    "windows_tsfresh": "tsfresh",
    "windows_catch22": "pycatch22",
}


def bench_in(folder: Path) -> Bench:
    return Bench(folder, MODES["tiny"])


TWINS = """
    copy (
        select 'A' as symbol, * from '{raw}'
        union all
        select
            'B' as symbol,
            * exclude (file_row_number)
            replace (price_level * (1 + file_row_number / 1e4) as price_level)
        from read_parquet('{raw}', file_row_number = true)
    ) to '{out}' (format parquet)
"""


@pytest.fixture(scope="session")
def described(tmp_path_factory) -> tuple[Bench, builds.Home, dict]:
    """Build simulated sessions and take the cleaned events that all start from.

    Each has a twin of another symbol that begins when it does: ties are where medians of the days
    before may differ.
    """
    bench = bench_in(tmp_path_factory.mktemp("bench"))
    raw, _ = inputs.raw_sessions(bench, N_SESSIONS, "parquet")
    twins = bench.folder / "twins.parquet"
    duckdb.execute(TWINS.format(raw=raw, out=twins))
    home = builds.Home(bench.folder / "home", sessions=str(twins))
    checkpoints = session_features.CHECKPOINTS["six checkpoints"]
    harness.prepare(session_features.dbt_case("dbt", home, bench, checkpoints), bench.folder)
    cleaned = inputs.cleaned_events(bench, home.warehouse, bench.folder / "cleaned")
    # All tests read one file of vectors, so that none opens the warehouse twice.
    ours = home.folder / "vectors.parquet"
    session_features.write_vectors(str(home.warehouse), str(ours))
    return bench, home, cleaned | {"ours": str(ours)}


def describe(bench: Bench, cleaned: dict, module: str, *, is_peer: bool = False) -> dict:
    """Let a peer describe all sessions at all checkpoints and compare it with ours."""
    out = bench.folder / f"{module}.parquet"
    arguments = {"events": cleaned["events"], "sessions": cleaned["sessions"], "out": str(out)}
    arguments["checkpoints"] = session_features.CHECKPOINTS["six checkpoints"]
    function = f"suite.peers.{module}:run"
    case = harness.function_case(module, function, arguments, bench, is_peer=is_peer)
    harness.prepare(case, bench.folder)
    return inputs.differences(cleaned["ours"], str(out), list(features.NAMES), list(features.KEYS))


def where_installed(module: str) -> bool:
    """Say whether a peer lives in its own environment, not in ours; skip where in neither."""
    package = PEER_PACKAGES[module]
    if importlib.util.find_spec(package):
        return False
    if harness.PEER_PYTHON.exists():
        return True
    return pytest.skip(f"{package} is not installed (benchmarks/install): it was not compared")


def test_the_peers_name_the_features_that_we_have():
    assert features.NAMES == FEATURE_NAMES


@pytest.mark.parametrize("module", ["features_pandas", "features_pandas_apply", "features_numpy"])
def test_peers_that_are_always_there_give_our_features(described, module):
    bench, _, cleaned = described
    told = describe(bench, cleaned, module)
    assert told["compared"] > 8 * N_SESSIONS
    assert told["largest_difference"] <= session_features.TOLERANCE


def test_polars_gives_our_features(described):
    bench, _, cleaned = described
    is_peer = where_installed("features_polars")
    told = describe(bench, cleaned, "features_polars", is_peer=is_peer)
    assert told["largest_difference"] <= session_features.TOLERANCE


def test_the_sql_that_is_cut_out_gives_what_dbt_wrote(described):
    bench, home, cleaned = described
    out = bench.folder / "sql.parquet"
    wanted = f"select {', '.join((*features.KEYS, *features.NAMES))} from {{last}}"
    arguments = session_features.sql_arguments(home, cleaned) | {"out": str(out), "query": wanted}
    case = harness.function_case("sql", "suite.replay:replay", arguments, bench)
    harness.prepare(case, bench.folder)
    names, keys = list(features.NAMES), list(features.KEYS)
    assert inputs.differences(cleaned["ours"], str(out), names, keys)["largest_difference"] == 0


def test_a_cut_that_leaves_a_way_to_raw_files_is_refused(described):
    _, home, _ = described
    with pytest.raises(ValueError, match="leaves a way from session_fingerprints to"):
        find_part(home.target, "session_fingerprints", ["session_selection"])
    with pytest.raises(ValueError, match="no such model in the graph: nowhere"):
        find_part(home.target, "session_fingerprints", ["nowhere"])


def test_one_wrong_value_or_missing_row_of_a_peer_is_seen(described):
    bench, _, cleaned = described
    names, keys = list(features.NAMES), list(features.KEYS)
    wrong, short = bench.folder / "wrong.parquet", bench.folder / "short.parquet"
    source = f"from '{cleaned['ours']}' order by session_id, checkpoint_pct"
    duckdb.execute(
        "copy (select * replace (case when row_number() over () = 7 then volatility + 1e-6"
        f" else volatility end as volatility) {source}) to '{wrong}'"
    )
    duckdb.execute(f"copy (select * {source} offset 1) to '{short}'")
    told = inputs.differences(cleaned["ours"], str(wrong), names, keys)
    assert told["largest_difference"] > session_features.TOLERANCE
    with pytest.raises(ValueError, match=r"1 of \d+ rows stand"):
        inputs.differences(cleaned["ours"], str(short), names, keys)


def test_the_floor_reads_every_session_once(described):
    bench, _, cleaned = described
    told = session_features.pass_once(cleaned["events"], str(bench.folder / "spill"))
    n_sessions = duckdb.sql(f"select count(*) from '{cleaned['sessions']}'").fetchone()[0]
    assert told["result_rows"] == n_sessions


@pytest.mark.parametrize("module", ["windows_tsfresh", "windows_catch22"])
def test_window_peers_describe_every_window(tmp_path, module):
    is_peer = where_installed(module)
    windows, out = tmp_path / "windows.parquet", tmp_path / "out.parquet"
    duckdb.execute(
        "copy (select 'w' || i as window_id, list_transform(range(8), lambda x:"
        f" sin(x * (i + 1)::double)) as deviations from range(3) as t (i)) to '{windows}'"
    )
    arguments = {"windows": str(windows), "out": str(out)}
    function = f"suite.peers.{module}:run"
    case = harness.function_case(module, function, arguments, bench_in(tmp_path), is_peer=is_peer)
    told = harness.prepare(case, tmp_path)
    assert told["result_rows"] == 3
    assert told["n_features"] >= 22
    assert duckdb.sql(f"select count(*) from '{out}' where f1 is not null").fetchone() == (3,)


def python_case(by: str, code: str, **options) -> Case:
    return Case(by, [sys.executable, "-c", code], **options)


MEASURED = """
import json, sys
from pathlib import Path
import run
from suite.harness import Case, run_child
heavy = sorted({"numpy", "pandas", "pyarrow", "duckdb", "archetype"} & set(sys.modules))
codes = ("pass", "x = bytearray(200_000_000)", "import time; time.sleep(0.3)")
runs = [run_child(Case("", [sys.executable, "-c", code]), Path(sys.argv[1])) for code in codes]
print(json.dumps({
    "heavy": heavy,
    "peak_mib": [one.peak_mib for one in runs],
    "whole_s": [one.whole_s for one in runs],
    "cpu_s": [one.cpu_s for one in runs],
}))
"""


def test_a_child_is_measured_and_not_the_process_that_started_it(tmp_path):
    # A child's peak memory begins with that of the process that starts it, so that stays small.
    told = json.loads(
        subprocess.run(
            [sys.executable, "-c", MEASURED, str(tmp_path / "log")],
            env=os.environ | {"PYTHONPATH": str(ROOT / "benchmarks")},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    )
    assert told["heavy"] == []
    light, heavy, _ = told["peak_mib"]
    assert light < 60
    # 200 MB are 191 MiB, and Python itself holds some 10.
    assert 190 < heavy < 220
    assert told["whole_s"][2] >= 0.3 > told["cpu_s"][2]


def test_cases_run_in_turn_and_their_medians_are_told(tmp_path):
    order: list[str] = []
    seconds = iter([9, 9, 1, 10, 30, 300, 2, 20])

    def case(by: str) -> Case:
        return python_case(
            by, "pass", before=lambda: order.append(by), read=lambda: {"engine_s": next(seconds)}
        )

    mode = harness.Mode("three", repeats=3, warmups=1)
    rows = harness.in_turn([case("a"), case("b")], Bench(tmp_path, mode), work="w", size=1)
    assert order == ["a", "b"] * 4
    assert [(row["by"], row["runs"], row["engine_s"]) for row in rows] == [
        ("a", 3, 2.0),
        ("b", 3, 20.0),
    ]
    assert [(row["low_s"], row["high_s"]) for row in rows] == [(1.0, 30.0), (10.0, 300.0)]


def test_a_round_beyond_all_patience_counts_and_is_the_only_one(tmp_path):
    case = python_case("a", "pass", read=lambda: {"engine_s": 5.0})
    mode = harness.Mode("hasty", repeats=3, warmups=1, patience_s=0.0)
    (row,) = harness.in_turn([case], Bench(tmp_path, mode), work="w", size=1)
    assert (row["runs"], row["engine_s"]) == (1, 5.0)


def test_a_case_that_fails_says_how_and_stops_nobody(tmp_path):
    tries: list[str] = []
    kill = "import os; os.kill(os.getpid(), 9)"
    cases = [
        python_case("dies", kill, before=lambda: tries.append("dies")),
        python_case("raises", "raise SystemExit('no such column')"),
        python_case("works", "pass"),
    ]
    dies, raises, works = harness.in_turn(cases, bench_in(tmp_path), work="w", size=1)
    assert dies["failure"] == "killed by signal 9"
    assert raises["failure"] == "exit code 1: no such column"
    assert works["failure"] is None
    assert (dies["runs"], works["runs"]) == (0, 1)
    # A warm-up and a round that counts: what died in the former is not tried again.
    assert tries == ["dies"]


def test_patience_ends_rounds_but_not_the_first(tmp_path):
    mode = harness.Mode("hasty", repeats=5, warmups=0, patience_s=0.0)
    (row,) = harness.in_turn([python_case("a", "pass")], Bench(tmp_path, mode), work="w", size=1)
    assert row["runs"] == 1


def test_time_is_shared_by_what_runs_at_once():
    spans = [("models_s", 0.0, 4.0), ("tests_s", 2.0, 4.0), ("hooks_s", 5.0, 6.0)]
    # 0-2 models alone, 2-4 half each, 4-5 nothing, 5-6 a hook.
    assert builds.share_time(spans) == {"models_s": 3.0, "tests_s": 1.0, "hooks_s": 1.0}


def test_what_the_engine_took_is_told_by_the_kind_of_node():
    lines = (
        ("MainThread", "SQL status: OK in 9.000 seconds"),
        ("Thread-1 (", "Began executing node model.archetype.sessions"),
        ("Thread-2 (", "Began executing node test.archetype.unique.1a"),
        ("Thread-1 (", "SQL status: OK in 0.250 seconds"),
        ("Thread-2 (", "SQL status: OK in 0.500 seconds"),
        ("Thread-1 (", "SQL status: OK in 1.000 seconds"),
        ("Thread-1 (", "Began executing node unit_test.archetype.a"),
        ("Thread-1 (", "SQL status: OK in 4.000 seconds"),
    )
    log = "".join(f"\x1b[0m13:18:08.225144 [debug] [{who}]: {what}\n" for who, what in lines)
    assert builds.engine_seconds(log) == {"models_s": 1.25, "tests_s": 4.5}


def row_of(work: str, case: str, by: str, size: int, engine_s: float, **more) -> dict:
    times = {"whole_s": engine_s + 1, "cpu_s": engine_s, "engine_s": engine_s}
    spread = {"low_s": engine_s, "high_s": engine_s}
    labels = {"work": work, "case": case, "by": by, "size": size, "n_items": 50 * size}
    return labels | {"runs": 5, "failure": None, "peak_mib": 100} | times | spread | more


def results_of(rows: list[dict]) -> dict:
    machine = {"processor": "abacus", "cores": 2, "memory_gib": 8.0, "system": "Linux"}
    works: dict = {}
    for row in rows:
        work = works.setdefault(row["work"], {"mode": "quick", "revision": "abc", "rows": []})
        work["rows"].append(row)
    return {"machine": machine | {"versions": {"python": "3.11"}}, "works": works}


def verdicts(rows: list[dict]) -> dict[str, str]:
    return {bound.claim: bound.verdict for bound in bounds.check(rows)}


def test_bounds_are_met_and_missed_where_they_should_be():
    name, one, six = "session_features", *session_features.CHECKPOINTS
    sql = session_features.SQL
    rows = [
        row_of(name, one, sql, 100_000, 4.0),
        row_of(name, one, sql, 1_000_000, 45.0),
        row_of(name, six, sql, 1_000_000, 130.0),
        row_of(name, one, session_features.FLOOR, 1_000_000, 5.0),
        row_of(name, one, "pandas", 1_000_000, 500.0),
        row_of(name, one, "Polars", 1_000_000, 44.0),
    ]
    found = verdicts(rows)
    part = "features at 100 %, SQL, cleaned events"
    # 5e7 events in 45 s are 1.11 million a second, and 9 times the floor.
    assert found[f"{part}: million events a second"] == "met"
    assert found[f"{part}: times DuckDB's floor"] == "MISSED"
    assert found["all six checkpoints, SQL, cleaned events: times the single one"] == "met"
    assert found["features at 100 %: times as fast as pandas"] == "met"
    assert found["features at 100 %: of the time of Polars"] == "MISSED"
    # 45 over 4 is 11.25.
    growth = f"{part}: growth of time from 1e5 to 1e6 sessions, fold"
    assert found[growth] == "MISSED"
    assert found["features at 100 %, dbt, raw Parquet: times DuckDB's floor"] == "not measured"


def test_bounds_of_builds_and_windows_are_checked():
    case = "20 times the history"
    windows = {"n_labelled": 300, "accuracy_logistic": 0.9, "accuracy_centroid": 0.8}
    rows = [
        row_of("sales_detection", "detection and matching", "ours: dbt", 50_000_000, 900.0)
        | {"peak_mib": 4097},
        row_of("one_tick", case, "ours: short history", 60, 10.0),
        row_of("one_tick", case, f"ours: {case}", 60, 15.1),
        row_of("sample_build", "sample", bounds.WARM, 1, 9.0, outside_s=2.0),
        row_of("anomaly_vectors", "windows to vectors", "ours: SQL", 1000, 1.0, **windows),
        row_of("anomaly_vectors", "windows to vectors", bounds.TSFRESH, 1000, 4.9)
        | windows
        | {"accuracy_logistic": 0.91},
    ]
    missed = {claim for claim, verdict in verdicts(rows).items() if verdict == "MISSED"}
    assert missed == {
        "detection and matching of sales end, having held at most: MiB",
        "one more tick on the longer history: times that on the short one",
        "anomaly vectors: times cheaper than tsfresh",
        "anomaly vectors: match accuracy less tsfresh's, logistic",
    }


def test_what_failed_at_the_bounded_size_is_missed_and_not_forgotten(tmp_path):
    claim = "detection and matching of sales end, having held at most: MiB"
    error = harness.ChildError(f"dbt: out of memory in {tmp_path}/spill")
    labels = {"work": "sales_detection", "case": "all", "size": 50_000_000}
    row = harness.failed("ours", error, bench_in(tmp_path), **labels)
    assert verdicts([])[claim] == "not measured"
    assert verdicts([row])[claim] == "MISSED"
    text = report.render(results_of([row]))
    assert "ours failed: dbt: out of memory in .../spill" in text
    assert str(tmp_path) not in text


def test_every_loss_is_told():
    name, one, _ = "session_features", *session_features.CHECKPOINTS
    rows = [
        row_of(name, one, session_features.SQL, 100, 4.0),
        row_of(name, one, "Polars", 100, 2.0),
        row_of(name, one, "NumPy", 100, 8.0) | {"peak_mib": 50},
        row_of(name, one, session_features.FLOOR, 100, 1.0),
        {"work": name, "case": one, "by": "pandas", "size": 100, "runs": 0, "failure": "killed"},
    ]
    told = "\n".join(report.losses(rows))
    assert "Polars takes 0.5 of the time of *ours: SQL, cleaned events*" in told
    assert "NumPy holds 0.5 of the memory" in told
    assert "pandas failed: killed" in told
    # The floor does less than we do: to be slower than that is no loss.
    assert "DuckDB's floor takes" not in told
    assert report.losses([]) == ["Nowhere, of what was measured."]


def test_the_report_is_written_from_the_figures_alone(tmp_path):
    name, one, _ = "session_features", *session_features.CHECKPOINTS
    rows = [
        row_of(name, one, by, size, seconds * size / 100, largest_difference=2e-15)
        for by, seconds in ((session_features.SQL, 4.0), ("NumPy", 8.0))
        for size in (100, 1_000)
    ]
    results = results_of(rows)
    report.write(results, tmp_path)
    text = (tmp_path / report.REPORT_NAME).read_text()
    assert json.loads((tmp_path / report.JSON_NAME).read_text()) == results
    assert "abacus, 2 cores" in text
    assert "| 100 % | 1,000 | NumPy | 5 | 81 | 80 | 80-80 | 80 | 100 | 625 | 2e-15 |" in text
    assert f"![Seconds over size]({report.PICTURE_NAME})" in text
    picture = (tmp_path / report.PICTURE_NAME).read_text()
    ElementTree.fromstring(picture)
    assert picture.count("<circle") == len(rows)
    assert len(picture) < 1_000_000


def test_rows_of_other_sizes_are_kept_and_say_when_they_were_measured():
    name, one = "session_features", next(iter(session_features.CHECKPOINTS))
    rows = [row_of(name, one, session_features.SQL, size, 4.0) for size in (100, 1_000)]
    results = results_of(rows)
    kept = run.kept_rows(results["works"][name], [1_000])
    assert kept == [{"mode": "quick", "revision": "abc"} | rows[0]]
    results["works"][name] = {"mode": "full", "revision": "def", "rows": [*kept, rows[1]]}
    assert (
        "by `make bench` at revision abc (100), by `make bench-full` at revision def (1,000)."
        in report.render(results)
    )


def test_the_committed_report_is_that_of_the_committed_figures(tmp_path):
    committed = ROOT / "benchmarks" / report.JSON_NAME
    if not committed.exists():
        pytest.skip("benchmarks/results.json is absent: nothing was measured yet")
    report.write(json.loads(committed.read_text()), tmp_path)
    for name in (report.JSON_NAME, report.REPORT_NAME, report.PICTURE_NAME):
        assert (tmp_path / name).read_text() == (ROOT / "benchmarks" / name).read_text(), name


def test_a_point_twice_as_far_lies_twice_as_far_on_the_axis():
    text = draw([Panel("p", "x", "y", [Line("a", [(10, 1), (100, 1), (1000, 1)])])])
    places = [
        float(node.get("cx")) for node in ElementTree.fromstring(text).iter() if node.get("cx")
    ]
    assert places[1] - places[0] == pytest.approx(places[2] - places[1], abs=0.2)


def test_every_work_says_what_its_clock_measures_and_has_all_sizes():
    for name, module in WORKS.items():
        assert module.TITLE, name
        assert module.CLOCK.strip(), name
        assert set(module.SIZES) == set(MODES), name


def test_the_lock_of_peers_has_hashes_and_no_addresses():
    text = (ROOT / "benchmarks" / "requirements.lock").read_text()
    own = (ROOT / "requirements.lock").read_text()
    assert "://" not in text
    pins = [line for line in text.splitlines() if "==" in line]
    assert text.count("--hash=sha256:") >= len(pins) > 10
    # What both environments hold is the same version, or figures would not compare.
    mine = dict(line.split(" ")[0].split("==") for line in own.splitlines() if "==" in line)
    theirs = dict(line.split(" ")[0].split("==") for line in pins)
    shared = {"numpy", "pandas", "pyarrow", "scikit-learn", "scipy"}
    assert {name: theirs[name] for name in shared} == {name: mine[name] for name in shared}
