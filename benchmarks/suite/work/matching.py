"""Matching of vectors: ours in NumPy, Arrow and SQL, the sales matcher, scikit-learn's predict."""

from __future__ import annotations

import json
import time
from pathlib import Path

from suite.fitted import detected_sales, fitted_sessions
from suite.harness import Bench, Row, function_case, in_turn, prepare

TITLE = "Matching"
CLOCK = """
The input lies in memory when the clock starts, in the shape that each takes, and a first call of
100 vectors is over. *points to labels*: `nearest_centroids` and `KMeans.predict`, both on points
that are in the fitted space already. *vectors to labels*: `assign_vectors` (scale, clip, project,
all distances, probabilities and confidence) and a scikit-learn pipeline of RobustScaler, clip, PCA
and `KMeans.predict`, which gives labels alone; both hold the same model. *vectors to a table*:
`match_sessions`, from an Arrow table to the log's columns, and the published SQL macro
`archetype_of` over a table in DuckDB. All of these give the same labels, or the run fails. *reports
to patterns*: the sales matcher, whitened distances to every prefix of every pattern; nobody else
has one. Vectors are those of simulated sessions and reports, drawn with replacement; sessions' get
noise, so that no two are alike.
"""
SIZES = {"tiny": (500,), "quick": (1_000_000,), "full": (1_000_000,)}
FITTED_ON = {"tiny": 60, "quick": 10_000, "full": 10_000}
SALES = {"tiny": (2, 3, 60), "quick": (10, 12, 120), "full": (10, 12, 120)}
"""Stores, skus and days."""
SEED = 5
FEW = 100
"""Vectors of a first call, before the clock: libraries set themselves up in it."""
LABELS = {
    "points to labels": {
        "ours: nearest_centroids": "nearest",
        "scikit-learn KMeans.predict": "predict_points",
    },
    "vectors to labels": {
        "ours: assign_vectors": "assign",
        "scikit-learn pipeline": "predict_vectors",
    },
    "vectors to a table": {
        "ours: match_sessions": "match",
        "ours: SQL archetype_of": "score_in_sql",
    },
}


def measure(size: int, bench: Bench) -> list[Row]:
    """Measure the matching of so many vectors."""
    files = fitted_sessions(bench, FITTED_ON[bench.mode.name])
    drawn = bench.folder / f"vectors_{size}.parquet"
    arguments = {name: files[name] for name in ("model", "archetypes", "vectors")}
    if not drawn.exists():
        draw = arguments | {"n": size, "out": str(drawn)}
        prepare(function_case("draw", f"{__name__}:draw_vectors", draw, bench), bench.folder)
    arguments["vectors"] = str(drawn)
    rows = []
    for case, by_whom in LABELS.items():
        cases = [
            function_case(by, f"{__name__}:{name}", arguments, bench)
            for by, name in by_whom.items()
        ]
        rows += in_turn(cases, bench, work="matching", case=case, size=size, n_items=size)
    check_labels(rows)
    return rows + measure_reports(size, bench)


def check_labels(rows: list[Row]) -> None:
    """Raise where two gave different labels."""
    found = {row["by"]: row.pop("labels") for row in rows if "labels" in row}
    if len(set(map(json.dumps, found.values()))) > 1:
        raise ValueError(f"labels differ: {found}")


def measure_reports(size: int, bench: Bench) -> list[Row]:
    """Measure the matching of so many reports of sales."""
    files = detected_sales(bench, *SALES[bench.mode.name])
    arguments = {name: files[name] for name in ("pending", "library", "knots")} | {"n": size}
    case = function_case("ours: match_reports", f"{__name__}:match_sales", arguments, bench)
    labels = {"case": "reports to patterns", "size": size, "n_items": size}
    return in_turn([case], bench, work="matching", **labels)


def draw_vectors(vectors: str, n: int, out: str, **_: str) -> Row:
    """Draw vectors with replacement, and add noise to what is not imputed."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from archetype.sessions.space import read_vectors

    given, is_imputed = read_vectors(pq.read_table(vectors))
    rng = np.random.default_rng(SEED)
    rows = rng.integers(len(given), size=n)
    noise = 0.05 * np.nanstd(given, axis=0) * rng.standard_normal((n, given.shape[1]))
    table = pa.table(
        {
            "session_id": [f"S{i:07}" for i in range(n)],
            "feature_vector": _lists(given[rows] + noise),
            "is_imputed": _lists(is_imputed[rows]),
        }
    )
    pq.write_table(table, out)
    return {}


def _lists(matrix):
    import numpy as np
    import pyarrow as pa

    values = pa.array(matrix.ravel())
    offsets = np.arange(0, matrix.size + 1, matrix.shape[1], dtype=np.int32)
    return pa.ListArray.from_arrays(offsets, values)


def _read(model: str, archetypes: str, vectors: str):
    """Read the space, ids, centroids, vectors and what of them is imputed."""
    import pyarrow.parquet as pq

    from archetype.sessions.match import read_centroids, read_space
    from archetype.sessions.space import read_vectors

    space = read_space(pq.read_table(model))
    ids, centroids = read_centroids(pq.read_table(archetypes), space)
    return space, ids, centroids, *read_vectors(pq.read_table(vectors))


def _counts(ids, labels) -> list[list[int]]:
    """Say how many vectors each archetype got, and a sum that tells which."""
    import numpy as np

    weights = np.arange(1, len(labels) + 1)
    return [[int(i), int((labels == i).sum()), int(weights[labels == i].sum())] for i in ids]


def _kmeans(centroids):
    """Make a fitted KMeans of centroids."""
    from sklearn.cluster import KMeans

    return KMeans(len(centroids), init=centroids, n_init=1, max_iter=1).fit(centroids)


def nearest(**files: str) -> Row:
    """Time our labels of points."""
    from archetype.sessions.match import nearest_centroids
    from archetype.sessions.space import transform

    space, ids, centroids, vectors, is_imputed = _read(**files)
    points = transform(space, vectors, is_imputed)
    nearest_centroids(points[:FEW], centroids)
    started = time.perf_counter()
    labels, _ = nearest_centroids(points, centroids)
    seconds = time.perf_counter() - started
    return {"engine_s": seconds, "labels": _counts(ids, ids[labels])}


def predict_points(**files: str) -> Row:
    """Time scikit-learn's labels of points."""
    from archetype.sessions.space import transform

    space, ids, centroids, vectors, is_imputed = _read(**files)
    points, model = transform(space, vectors, is_imputed), _kmeans(centroids)
    model.predict(points[:FEW])
    started = time.perf_counter()
    labels = model.predict(points)
    seconds = time.perf_counter() - started
    return {"engine_s": seconds, "labels": _counts(ids, ids[labels])}


def assign(**files: str) -> Row:
    """Time our calls of vectors."""
    from archetype.sessions.callers import assign_vectors

    space, ids, centroids, vectors, is_imputed = _read(**files)
    assign_vectors(space, ids, centroids, vectors[:FEW], is_imputed[:FEW])
    started = time.perf_counter()
    calls = assign_vectors(space, ids, centroids, vectors, is_imputed)
    seconds = time.perf_counter() - started
    return {"engine_s": seconds, "labels": _counts(ids, calls.archetype_id)}


def predict_vectors(**files: str) -> Row:
    """Time scikit-learn's labels of vectors, by a pipeline that holds the same model."""
    import numpy as np
    from sklearn.decomposition import PCA
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, RobustScaler

    space, ids, centroids, vectors, is_imputed = _read(**files)
    # What is imputed takes the centre, which a scaler cannot know.
    vectors = np.where(is_imputed, space.centre, vectors)
    scaler = RobustScaler().fit(vectors[:10])
    scaler.center_, scaler.scale_ = space.centre, space.scale
    clip = FunctionTransformer(np.clip, kw_args={"a_min": -space.clip, "a_max": space.clip})
    components = PCA(len(space.components)).fit(vectors[:10])
    components.mean_, components.components_ = space.mean, space.components
    pipeline = make_pipeline(scaler, clip, components, _kmeans(centroids))
    pipeline.predict(vectors[:FEW])
    started = time.perf_counter()
    labels = pipeline.predict(vectors)
    seconds = time.perf_counter() - started
    return {"engine_s": seconds, "labels": _counts(ids, ids[labels])}


def match(**files: str) -> Row:
    """Time our match of a table."""
    import pyarrow.parquet as pq

    from archetype.sessions.match import match_sessions

    tables = [pq.read_table(files[name]) for name in ("vectors", "model", "archetypes")]
    ids = sorted(tables[2]["archetype_id"].to_pylist())
    started = time.perf_counter()
    matched = match_sessions(*tables)
    seconds = time.perf_counter() - started
    return {"engine_s": seconds, "labels": _counts(ids, matched["archetype_id"].to_numpy())}


def score_in_sql(**files: str) -> Row:
    """Time the published macro, as a BI tool would call it for vectors with nothing imputed."""
    import duckdb
    import pyarrow.parquet as pq

    from archetype.sessions.features import FEATURE_NAMES
    from archetype.sessions.sql_macros import scoring_macros

    model, archetypes = (pq.read_table(files[name]) for name in ("model", "archetypes"))
    ids = sorted(archetypes["archetype_id"].to_pylist())
    names = ", ".join(f"'{name}'" for name in FEATURE_NAMES)
    with duckdb.connect() as connection:
        connection.execute("set threads = 2")
        known = connection.sql(
            "select cast(null as double[30]) as feature_vector,"
            " cast([] as varchar[]) as imputed_features, 100 as checkpoint_pct where false"
        )
        for macro in scoring_macros(model, archetypes, known):
            connection.execute(f"create macro {macro.name}{macro.definition}")
        connection.execute(
            f"""
            create table vectors as
            select
                session_id,
                feature_vector,
                list_transform(
                    list_filter(list_zip([{names}], is_imputed), lambda pair: pair[2]),
                    lambda pair: pair[1]
                ) as imputed_features
            from read_parquet('{files["vectors"]}')
            """
        )
        started = time.perf_counter()
        connection.execute(
            "create table named as select session_id,"
            " archetype_of(feature_vector, imputed_features) as archetype_id from vectors"
        )
        seconds = time.perf_counter() - started
        labels = connection.execute("select archetype_id from named order by session_id")
        found = labels.fetchnumpy()["archetype_id"]
    return {"engine_s": seconds, "labels": _counts(ids, found)}


def match_sales(pending: str, library: str, knots: str, n: int) -> Row:
    """Time the sales matcher."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from archetype.sales.match import match_reports

    tables = [pq.read_table(Path(path)) for path in (pending, library, knots)]
    rows = np.random.default_rng(SEED).integers(tables[0].num_rows, size=n)
    drawn = tables[0].take(pa.array(rows))
    started = time.perf_counter()
    matched = match_reports(drawn, *tables[1:])
    seconds = time.perf_counter() - started
    return {"engine_s": seconds, "result_rows": matched.num_rows}
