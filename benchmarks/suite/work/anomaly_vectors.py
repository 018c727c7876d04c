"""Vectors of sales anomalies: what a window costs and what it tells; tsfresh and pycatch22."""

from __future__ import annotations

from pathlib import Path

from suite.fitted import detected_sales
from suite.harness import Bench, Row, function_case, in_turn, prepare

TITLE = "Vectors of sales anomalies"
CLOCK = """
A window is a report as it stood at one tick of simulated sales: its units and what was expected.
*ours*: the compiled SQL from `anomaly_slices`, read from Parquet, to 26 components, in memory.
*tsfresh*: `extract_features` with its efficient set on two processes; *pycatch22*: `catch22_all`
with mean and deviation, one window after the other on one core; both from arrays of units over what
was expected, less 1, to a data frame, after a first call of three windows. Ours sees also the hour,
the weekend and the ticks before the window. *ms a window* is the engine's time by windows. These
are other features, so match accuracy stands for equality: the same windows (the last of each report
that found an anomaly of a known pattern), the same two classifiers, the same five folds, features
standardized, what is undefined taking the median, what never varies left out.
"""
SIZES = {"tiny": (30,), "quick": (1_000,), "full": (5_000,)}
SALES = {"tiny": (2, 3, 60), "quick": (10, 12, 120), "full": (10, 12, 120)}
"""Stores, skus and days."""
OURS_BY = "ours: SQL"
PEERS = {"tsfresh, efficient set": "windows_tsfresh", "pycatch22": "windows_catch22"}
FOLDS, SEED = 5, 1
OUR_FEATURES = ", ".join(f"feature_vector[{i}] as f{i - 1}" for i in range(1, 27))


def measure(size: int, bench: Bench) -> list[Row]:
    """Measure so many windows, or all there are."""
    files = detected_sales(bench, *SALES[bench.mode.name])
    timed = draw(bench, files, f"windows_{size}", size)
    labelled = draw(bench, files, "windows_labelled", None)
    accuracies = {}
    cases = []
    for by in (OURS_BY, *PEERS):
        if by in PEERS and not bench.peer_python.exists():
            print(f"{by} is not installed (benchmarks/install): it is left out", flush=True)
            continue
        features = bench.folder / f"{PEERS.get(by, 'windows_ours')}.parquet"
        prepare(case_of(by, bench, files, labelled, features), bench.folder)
        scored = {"features": str(features), "labels": files["labels"]}
        case = function_case(by, f"{__name__}:score", scored, bench)
        accuracies[by] = prepare(case, bench.folder)
        cases.append(case_of(by, bench, files, timed, None))
    n_windows = timed["n_windows"]
    labels = {"case": "windows to vectors", "size": size, "n_items": n_windows}
    rows = in_turn(cases, bench, work="anomaly_vectors", **labels)
    for row in rows:
        row |= accuracies[row["by"]]
        if not row["failure"]:
            row["ms_a_window"] = round(1e3 * row["engine_s"] / n_windows, 4)
    return rows


def case_of(by: str, bench: Bench, files: Row, windows: Row, out: Path | None):
    """Make a case that describes windows, and writes the vectors where that is wanted."""
    wanted = {"out": str(out)} if out else {}
    if by in PEERS:
        arguments = {"windows": windows["windows"]} | wanted
        function = f"suite.peers.{PEERS[by]}:run"
        return function_case(by, function, arguments, bench, is_peer=True)
    arguments = {
        "target": files["target"],
        "last": "slice_vectors",
        "given": {"anomaly_slices": windows["slices"], "exemplar_slices": files["exemplars"]},
        "spill": str(bench.folder / "spill"),
        "query": f"select report_id || '-' || version as window_id, {OUR_FEATURES} from {{last}}",
    } | wanted
    return function_case(by, "suite.replay:replay", arguments, bench)


def draw(bench: Bench, files: Row, name: str, n: int | None) -> Row:
    """Take some windows out of all; without a number those that have a label."""
    folder = bench.folder / name
    arguments = {key: files[key] for key in ("windows", "slices", "labels")}
    arguments |= {"folder": str(folder), "n": n}
    return prepare(function_case(name, f"{__name__}:write_windows", arguments, bench), bench.folder)


def write_windows(windows: str, slices: str, labels: str, folder: str, n: int | None) -> Row:
    """Write windows for peers and the same slices for us."""
    import duckdb

    Path(folder).mkdir(exist_ok=True)
    files = {name: f"{folder}/{name}.parquet" for name in ("windows", "slices")}
    # By the hash of their names: no pattern, store or length comes first.
    chosen = (
        f"order by md5(window_id) limit {n}" if n else f"semi join '{labels}' using (window_id)"
    )
    duckdb.execute(f"copy (select * from '{windows}' {chosen}) to '{files['windows']}'")
    duckdb.execute(
        f"copy (select slices.* from '{slices}' as slices semi join '{files['windows']}' as chosen"
        f" on report_id || '-' || version = chosen.window_id) to '{files['slices']}'"
    )
    (n_windows,) = duckdb.execute(f"select count(*) from '{files['slices']}'").fetchone()
    return files | {"n_windows": n_windows}


def score(features: str, labels: str) -> Row:
    """Score how well patterns are told by features.

    Returns
    -------
    dict
        `accuracy_logistic` and `accuracy_centroid`, out of fold, and `n_labelled`.
    """
    import duckdb
    import numpy as np
    from sklearn.feature_selection import VarianceThreshold
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.neighbors import NearestCentroid
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows = duckdb.sql(
        f"select * from '{features}' inner join '{labels}' using (window_id) order by window_id"
    ).df()
    patterns = rows.pop("pattern").to_numpy().astype(str)
    values = rows.drop(columns="window_id").to_numpy(dtype=float, copy=True)
    values[~np.isfinite(values)] = np.nan
    values = np.clip(values, -1e9, 1e9)
    n_folds = min(FOLDS, np.unique(patterns, return_counts=True)[1].min())
    told: Row = {"n_labelled": len(patterns)}
    if n_folds < 2:
        return told
    classifiers = {
        "accuracy_logistic": LogisticRegression(max_iter=5_000),
        "accuracy_centroid": NearestCentroid(),
    }
    for name, classifier in classifiers.items():
        pipeline = make_pipeline(
            SimpleImputer(strategy="median"), VarianceThreshold(1e-12), StandardScaler(), classifier
        )
        folds = StratifiedKFold(n_folds, shuffle=True, random_state=SEED)
        found = cross_val_predict(pipeline, values, patterns, cv=folds)
        told[name] = round(float(np.mean(found == patterns)), 4)
    return told
