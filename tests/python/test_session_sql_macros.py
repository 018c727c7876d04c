"""Scoring vectors in SQL, by the macros of the published file."""

import math

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archetype.publish import Macro, publish_tables
from archetype.sessions.features import FEATURE_NAMES, N_FEATURES
from archetype.sessions.match import match_sessions
from archetype.sessions.space import DISTANCES, SCALERS, FitParameters, fit_space, transform
from archetype.sessions.sql_macros import AMBIGUOUS, find_known_vectors, scoring_macros

NAMES = {"archetype_of", "archetype_distances", "archetype_confidence"}
PLAIN = [0.25] * N_FEATURES
KNOWN_SCHEMA = pa.schema(
    [
        ("feature_vector", pa.list_(pa.float64())),
        ("imputed_features", pa.list_(pa.string())),
        ("checkpoint_pct", pa.int32()),
    ]
)


def as_tables(space, ids, centroids):
    """Make the tables of a champion, after a retired version with archetypes elsewhere."""
    numbers = {
        "scaler_centre": space.centre,
        "scaler_scale": space.scale,
        "component_mean": space.mean,
        "components": space.components,
        "explained_variance": space.explained_variance,
    }
    champion = {name: values.tolist() for name, values in numbers.items()}
    champion |= {"model_version": "v2", "clip": space.clip, "distance": space.distance}
    models = [champion | {"model_version": "v1", "status": "retired", "clip": 0.5}]
    models.append(champion | {"status": "champion"})
    archetypes = [
        {"model_version": name, "archetype_id": int(label), "centroid": (centroid + shift).tolist()}
        for name, shift in (("v1", 1.0), ("v2", 0.0))
        for label, centroid in zip(ids, centroids, strict=True)
    ]
    return pa.Table.from_pylist(models), pa.Table.from_pylist(archetypes)


def known(*rows):
    """Make fingerprints: vector, imputed features, checkpoint."""
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    return pa.table([list(column) for column in columns], schema=KNOWN_SCHEMA)


def connected(models, archetypes, fingerprints=None):
    """Give a database in memory that has the macros."""
    connection = duckdb.connect(config={"threads": 1})
    relation = connection.from_arrow(known() if fingerprints is None else fingerprints)
    for macro in scoring_macros(models, archetypes, relation):
        connection.execute(f"create macro {macro.name}{macro.definition}")
    return connection


def names_of(is_imputed):
    """Name the imputed features of every row."""
    return [[FEATURE_NAMES[place] for place in np.flatnonzero(row)] for row in is_imputed]


@pytest.fixture(scope="module")
def plain():
    """Give a database with macros of a small model and of a few known vectors."""
    generator = np.random.default_rng(5)
    vectors = generator.normal(size=(40, N_FEATURES))
    space = fit_space(vectors, np.zeros_like(vectors, dtype=bool), FitParameters(scaler="standard"))
    centroids = generator.normal(size=(3, 4))
    measured, imputed = [0.0] * N_FEATURES, ["volatility", "magnitude_cv"]
    fingerprints = known(
        (measured, imputed, 100),
        ([1.0] * N_FEATURES, ["time_std"], 100),
        ([1.0] * N_FEATURES, [], 100),
    )
    return connected(*as_tables(space, [1, 2, 3], centroids), fingerprints)


@settings(max_examples=25)
@given(
    scaler=st.sampled_from(SCALERS),
    n_components=st.sampled_from([0, 1, 4]),
    distance=st.sampled_from(DISTANCES),
    k=st.sampled_from([1, 2, 5]),
    spread=st.sampled_from([0.1, 1.0, 100.0]),
    seed=st.integers(0, 2**32 - 1),
)
def test_macros_score_as_python_does(scaler, n_components, distance, k, spread, seed):
    """To the last bit, also clipped, at a centroid, between equal ones, and all imputed."""
    generator = np.random.default_rng(seed)
    vectors = generator.normal(size=(40, N_FEATURES)) * generator.lognormal(size=N_FEATURES)
    is_imputed = generator.random(vectors.shape) < 0.1
    choices = FitParameters(scaler=scaler, n_components=n_components, distance=distance)
    space = fit_space(vectors, is_imputed, choices)
    vectors = vectors * spread
    is_imputed[0] = True
    points = transform(space, vectors, is_imputed)
    # With replacement: some centroids are one and the same point, and all are a session's.
    centroids = points[generator.integers(0, 4, size=k)]
    ids = generator.choice(100, size=k, replace=False) + 1
    models, archetypes = as_tables(space, ids, centroids)

    pending = pa.table(
        {
            "session_id": [f"S{row:02d}" for row in range(len(vectors))],
            "feature_vector": vectors.tolist(),
            "is_imputed": is_imputed.tolist(),
            "imputed_features": pa.array(names_of(is_imputed), pa.list_(pa.string())),
            "blanked": np.where(is_imputed, None, vectors).tolist(),
        }
    )
    in_force = pc.field("model_version") == "v2"
    matched = match_sessions(pending, models.filter(in_force), archetypes.filter(in_force))
    expected = matched.to_pylist()
    connection = connected(models, archetypes)
    for form in ("feature_vector, imputed_features", "blanked", "blanked, []"):
        rows = connection.execute(
            f"select archetype_of({form}), archetype_distances({form}),"
            f" archetype_confidence({form}) from pending order by session_id"
        ).fetchall()
        for (label, distances, confidence), row in zip(rows, expected, strict=True):
            assert label == row["archetype_id"]
            assert len(distances) == k
            assert distances[sorted(ids).index(label)] == min(distances) == row["distance"]
            assert confidence == row["confidence"]
            if k > 1:
                second = distances[sorted(ids).index(row["second_best_archetype_id"])]
                assert second == row["second_best_distance"]


def agreement(query):
    """Compare the macros with the assignments of the champion, in a published file."""
    return query(
        """
        with scored as (
            select
                'alone' as form,
                session_id,
                archetype_of(feature_vector) as found,
                archetype_distances(feature_vector) as distances,
                archetype_confidence(feature_vector) as found_confidence
            from session_fingerprints where checkpoint_pct = 100
            union all
            select
                'named',
                session_id,
                archetype_of(feature_vector, imputed_features),
                archetype_distances(feature_vector, imputed_features),
                archetype_confidence(feature_vector, imputed_features)
            from session_fingerprints where checkpoint_pct = 100
        ),
        champion as (
            select model_version, list(archetype_id order by archetype_id) as ids
            from session_models inner join session_archetypes using (model_version)
            where status = 'champion' group by model_version
        )
        select
            form,
            count(*) as n_sessions,
            count(*) filter (found = archetype_id) as n_same,
            max(abs(distances[list_position(ids, archetype_id)] - distance)) as distance_gap,
            max(abs(found_confidence - confidence)) as confidence_gap
        from scored
        inner join session_assignments using (session_id)
        inner join champion using (model_version)
        group by form order by form
        """
    )


def assert_agree(warehouse):
    """Expect every session to be scored as it was assigned."""
    (n_sessions,) = warehouse.query("select count(*) from sessions")[0]
    assert n_sessions > 0
    rows = agreement(warehouse.query)
    assert [row[:3] for row in rows] == [
        ("alone", n_sessions, n_sessions),
        ("named", n_sessions, n_sessions),
    ]
    for *_, distance_gap, confidence_gap in rows:
        assert distance_gap <= 1e-9
        assert confidence_gap <= 1e-9


def test_macros_agree_with_the_assignments_of_the_sample(sample_warehouse):
    assert_agree(sample_warehouse)


def test_macros_agree_with_the_assignments_of_the_real_sessions(real_warehouse):
    """Also where features are imputed, without which some answers would be others."""
    assert_agree(real_warehouse)
    disregarded = real_warehouse.query(
        """
        select
            count(*) filter (archetype_distances(feature_vector, []) <> as_known),
            count(*) filter (archetype_distances(feature_vector, imputed_features) <> as_known)
        from (select *, archetype_distances(feature_vector) as as_known from session_fingerprints)
        """
    )
    assert disregarded[0][0] > 0
    assert disregarded[0][1] == 0


CALLS = """
    select count(*) from {p}session_fingerprints
    where checkpoint_pct = 100 and {p}archetype_of(feature_vector) = 1;
    select {p}archetype_of(feature_vector) as found, count(*) from {p}session_fingerprints
    group by found having {p}archetype_of(any_value(feature_vector)) > 0 order by found;
    with vectors as (select feature_vector as given from {p}session_fingerprints)
    select max({p}archetype_confidence(given)) from vectors as scored;
    select {p}archetype_of((
        select min(feature_vector) from {p}session_fingerprints
    ));
    select list_transform(list(feature_vector order by all), lambda x: {p}archetype_of(x))
    from {p}session_fingerprints;
    select sum({p}archetype_of(feature_vector) - assigned.archetype_id)
    from {p}session_fingerprints as features
    inner join {p}session_assignments as assigned
        on assigned.session_id = features.session_id
        and assigned.archetype_id = {p}archetype_of(features.feature_vector)
    where checkpoint_pct = 100;
    select {p}archetype_distances(vector) from (
        select feature_vector as vector, imputed_features as features from {p}session_fingerprints
    ) as given order by {p}archetype_confidence(vector, features);
"""


def answers(connection, prefix=""):
    """Call the macros from all sorts of places, and give the rows."""
    calls = CALLS.format(p=prefix).strip().rstrip(";").split(";")
    return [connection.execute(call).fetchall() for call in calls]


def test_macros_answer_alike_however_the_file_is_attached(sample_warehouse):
    """Also beside tables, columns and macros of the caller's that have names used within."""
    with duckdb.connect(str(sample_warehouse.published), read_only=True) as connection:
        directly = answers(connection)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{sample_warehouse.published}' as p (read_only)")
        for table in ("session_fingerprints", "session_models", "session_archetypes", "given"):
            connection.execute(f"create table {table} as select 1 as vector, 2 as features")
        connection.execute("create macro archetype_of(vector) as 77")
        assert answers(connection, "p.") == directly
        assert answers(connection, "p.main.") == directly
        connection.execute("create view scored as select p.archetype_of(range(30)) as found")
        from_view = connection.execute("from scored").fetchall()
        connection.execute("use p")
        assert answers(connection) == directly
        assert connection.execute("select archetype_of(range(30))").fetchall() == from_view


def test_comments_say_what_the_macros_do(sample_warehouse):
    rows = sample_warehouse.query(
        "select function_name, parameters, comment from duckdb_functions()"
        " where function_type = 'macro' and not internal"
    )
    (version,) = sample_warehouse.query(
        "select model_version from session_models where status = 'champion'"
    )[0]
    assert {name for name, *_ in rows} == NAMES
    for name in NAMES:
        forms = [parameters for found, parameters, _ in rows if found == name]
        assert sorted(forms) == [["vector"], ["vector", "imputed_features"]]
    for *_, comment in rows:
        assert f"Model {version}." in comment


@pytest.mark.parametrize(
    "vector",
    [
        "cast({v} as double[30])",
        "cast({v} as double[])",
        "cast({v} as float[30])",
        "cast({v} as decimal(9, 4)[])",
        "{v}",
        "cast({v} as varchar)",
        "cast({v} as json)",
    ],
)
def test_any_kind_of_numbers_will_do(plain, vector):
    for numbers in (PLAIN, list(range(N_FEATURES))):
        expected = plain.execute("select archetype_distances($1::double[])", [numbers]).fetchall()
        form = vector.format(v=numbers)
        assert plain.execute(f"select archetype_distances({form})").fetchall() == expected
        assert plain.execute("select archetype_distances($1)", [numbers]).fetchall() == expected


def test_a_null_entry_is_an_imputed_feature(plain):
    blanked = [None if name == "volatility" else 0.25 for name in FEATURE_NAMES]
    form = "archetype_distances($1), archetype_distances($2, ['volatility', 'volatility'])"
    by_null, by_name = plain.execute(f"select {form}", [blanked, PLAIN]).fetchone()
    assert by_null == by_name != plain.execute("select archetype_distances($1)", [PLAIN]).fetchone()
    unknown = [math.nan if name == "volatility" else 0.25 for name in FEATURE_NAMES]
    form = "archetype_distances($1, ['volatility'])"
    assert plain.execute(f"select {form}", [unknown]).fetchone()[0] == by_name


def test_null_gives_null(plain):
    for name in NAMES:
        for arguments in ("null", "null::double[30]", "null, []", "range(30), null"):
            assert plain.execute(f"select {name}({arguments})").fetchall() == [(None,)]
    kinds = (
        "typeof(archetype_of(v)), typeof(archetype_distances(v)), typeof(archetype_confidence(v))"
    )
    (found,) = plain.execute(f"select {kinds} from (select null as v)").fetchall()
    assert found == ("INTEGER", "DOUBLE[]", "DOUBLE")


@pytest.mark.parametrize("name", sorted(NAMES))
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("range(29)", "{name}: the vector has 29 entries, expected 30"),
        ("[]", "{name}: the vector has 0 entries, expected 30"),
        ("range(31), []", "{name}: the vector has 31 entries, expected 30"),
        ("range(31)::double[31]", "{name}: the vector has 31 entries, expected 30"),
        ("range(29) || ['nan'::double]", "{name}: the vector holds nan, expected finite numbers"),
        ("range(29) || ['-inf'::double]", "{name}: the vector holds -inf, expected finite"),
        ("range(29) || ['inf'::double], ['volatility']", "{name}: the vector holds inf, expected"),
        ("range(30), ['volatilty']", "imputed_features: volatilty is none of the features"),
        ("range(30), [null]", "imputed_features: null is none of the features"),
        ("[1 for x in range(30)]", "{name}: sessions with this vector differ in what was imputed"),
    ],
)
def test_a_bad_call_says_what_is_expected(plain, name, arguments, message):
    with pytest.raises(duckdb.Error, match=message.format(name=name)):
        plain.execute(f"select {name}({arguments})").fetchall()


def test_a_known_vector_keeps_its_imputed_features(plain):
    """Zeros of either sign are one value; what a caller names goes before what is known."""
    imputed = plain.execute(
        "select archetype_distances([0 for x in range(30)], ['volatility', 'magnitude_cv'])"
    ).fetchone()
    measured = plain.execute("select archetype_distances([0 for x in range(30)], [])").fetchone()
    assert imputed != measured
    for zero in (0.0, -0.0):
        vector = [zero] * N_FEATURES
        assert plain.execute("select archetype_distances($1)", [vector]).fetchone() == imputed


def test_the_latest_checkpoint_says_what_is_imputed():
    rows = [
        ([0.0] * N_FEATURES, ["volatility"], 50),
        ([0.0] * N_FEATURES, [FEATURE_NAMES[0], FEATURE_NAMES[2]], 100),
        ([1.0] * N_FEATURES, ["volatility"], 50),
        ([1.0] * N_FEATURES, [], 100),
        ([2.0] * N_FEATURES, ["volatility"], 100),
        ([2.0] * N_FEATURES, ["time_std"], 100),
        ([3.0] * N_FEATURES, [FEATURE_NAMES[-1]], 30),
        ([3.0] * N_FEATURES, [FEATURE_NAMES[-1]], 30),
    ]
    found = []
    for order in (rows, rows[::-1]):
        vectors = find_known_vectors(duckdb.from_arrow(known(*order)))
        assert sorted(vectors.values()) == [AMBIGUOUS, 1 + 4, 1 << 29]
        found.append(list(vectors.items()))
    assert found[0] == found[1] == sorted(found[0])


def test_without_a_model_there_are_no_macros():
    models, archetypes = (
        pa.table({"model_version": pa.array([], pa.string()), name: pa.array([], kind)})
        for name, kind in (("status", pa.string()), ("archetype_id", pa.int32()))
    )
    assert scoring_macros(models, archetypes, duckdb.from_arrow(known())) == []


def test_macros_are_published_with_the_tables_or_not_at_all(tmp_path):
    """A macro that is not SQL leaves readers the file that they have."""
    double = Macro("twice", "(x) as 2 * x, (x, y) as 2 * x * y", "Twice the author's number.")
    with duckdb.connect(str(tmp_path / "archetype.duckdb")) as warehouse:
        warehouse.execute("create table numbers as select 3 as x")
        publish_tables(warehouse, ["numbers"])
        publish_tables(warehouse, ["numbers"], [double])
        with pytest.raises(duckdb.ParserException):
            publish_tables(warehouse, ["numbers"], [Macro("broken", "(x) as", "")])
    assert {path.name for path in tmp_path.iterdir()} == {"archetype.duckdb", "published.duckdb"}
    with duckdb.connect(str(tmp_path / "published.duckdb"), read_only=True) as published:
        assert published.execute("select twice(x), twice(x, 2) from numbers").fetchall() == [
            (6, 12)
        ]
        described = "select distinct comment from duckdb_functions() where function_name = 'twice'"
        assert published.execute(described).fetchall() == [("Twice the author's number.",)]
