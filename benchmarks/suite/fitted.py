"""Built homes that several pieces of work start from, and what is taken out of them."""

from __future__ import annotations

import json
from pathlib import Path

from suite.builds import WITHOUT_TESTS, Home, build_case
from suite.harness import Bench, Row, function_case, prepare
from suite.inputs import raw_sales, raw_sessions

CHAMPION = "select * from session_models where status = 'champion'"
FITTED = {
    "training": "from session_training",
    "model": CHAMPION,
    "archetypes": f"""
        select archetypes.*
        from session_archetypes as archetypes
        inner join ({CHAMPION}) as models using (model_version)
    """,
    "vectors": """
        select session_id, feature_vector, is_imputed from session_training order by session_id
    """,
}
DETECTED = {
    "slices": "from anomaly_slices",
    "exemplars": "from exemplar_slices where false",
    "library": "from cluster_library",
    "knots": "from cluster_match_calibration",
    "pending": """
        select
            report_id, written_at, is_ended, n_ticks,
            cast(feature_vector as double[]) as feature_vector
        from anomaly_vectors
        order by report_id, written_at
    """,
    # The whole of each report that found an anomaly of a known pattern.
    "labels": """
        select report_id || '-' || max(slices.version) as window_id, any_value(pattern) as pattern
        from anomaly_slices as slices
        inner join detection_reports as reports using (report_id)
        inner join stg_sales_truth__anomalies as anomalies using (anomaly_id)
        where reports.report_role = 'first' and anomalies.is_known
        group by report_id
    """,
    # Every window there is, as how far units were off what was expected.
    "windows": """
        select
            report_id || '-' || version as window_id,
            list_transform(
                list_zip(units, baseline), lambda pair: pair[1] / pair[2] - 1
            ) as deviations
        from anomaly_slices
        order by md5(window_id)
    """,
}


def fitted_sessions(bench: Bench, count: int) -> Row:
    """Build sessions up to their assignments; give the files of `FITTED`."""
    raw, _ = raw_sessions(bench, count, "parquet")
    home = Home(bench.folder / f"fitted_{count}", sessions=raw)
    selection = ["--select", "+session_models", "+session_archetypes"]
    return _taken_out(bench, home, [*selection, *WITHOUT_TESTS], {}, FITTED)


def detected_sales(bench: Bench, stores: int, skus: int, days: int) -> Row:
    """Build simulated sales up to their matches, with the truth; give the files of `DETECTED`."""
    raw, told = raw_sales(bench, stores, skus, days)
    home = Home(bench.folder / f"detected_{told['n_rows']}", sales=raw)
    truth = {"ARCHETYPE_SALES_TRUTH": told["truth"]}
    selection = ["--select", "+detection_reports", "+anomaly_vectors"]
    selection.append("+minority_reports_clustered_log")
    return _taken_out(bench, home, [*selection, *WITHOUT_TESTS], truth, DETECTED)


def _taken_out(
    bench: Bench,
    home: Home,
    arguments: list[str],
    environment: dict[str, str],
    queries: dict[str, str],
) -> Row:
    """Build a home and write the answers of queries into it, unless they lie there."""
    files = {name: str(home.folder / f"{name}.parquet") for name in queries}
    told = home.folder / "told.json"
    if not told.exists():
        case = build_case("build", home, bench, arguments, environment=environment)
        prepare(case, bench.folder)
        pairs = {files[name]: query for name, query in queries.items()}
        asked = {"warehouse": str(home.warehouse), "queries": pairs}
        prepare(function_case("take out", "suite.fitted:write", asked, bench), bench.folder)
        told.write_text(json.dumps(files | {"target": str(home.target)}))
    return json.loads(told.read_text())


def write(warehouse: str, queries: dict[str, str]) -> Row:
    """Write the answer of each query to its file."""
    import duckdb

    with duckdb.connect(warehouse, read_only=True) as connection:
        for path, query in queries.items():
            Path(path).unlink(missing_ok=True)
            query = query if query.lstrip().startswith("select") else f"select * {query}"
            connection.execute(f"copy ({query}) to '{path}' (format parquet)")
    return {}
