"""The space that sessions are compared in, and the fit of archetypes."""

import datetime as dt
import hashlib
import json
import math

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import (
    adjusted_rand_score,
    calinski_harabasz_score,
    davies_bouldin_score,
    silhouette_score,
)
from sklearn.preprocessing import RobustScaler, StandardScaler

from archetype.sessions.fit import (
    MODEL_SCHEMA,
    empty_model,
    fit_session_archetypes,
    label_archetypes,
)
from archetype.sessions.match import read_space
from archetype.sessions.space import (
    FitParameters,
    fit_space,
    read_vectors,
    scale_vectors,
    transform,
)

TYPES = ("ASIA", "LONDON", "NY_AM", "NY_PM")
QUICK = {
    "scaler": "standard",
    "n_components": 3,
    "n_bootstraps": 2,
    "n_references": 1,
    "trial_k": (3,),
    "trial_components": (3,),
}


def make_vectors(n_rows, seed=0, n_groups=3, spread=0.5):
    """Draw non-negative vectors around a few centres, features on scales of their own."""
    generator = np.random.default_rng(seed)
    centres = generator.uniform(1, 6, size=(n_groups, 30))
    rows = centres[np.arange(n_rows) % n_groups]
    return np.abs(rows + generator.normal(scale=spread, size=rows.shape)) * np.linspace(0.1, 9, 30)


def make_training(vectors, is_imputed=None, schema="v1", placeholder=None):
    """Wrap vectors as training rows of consecutive sessions."""
    n_rows = len(vectors)
    mask = np.zeros((n_rows, 30), dtype=bool) if is_imputed is None else is_imputed
    lists = [
        [placeholder if gone else float(value) for value, gone in zip(row, missing, strict=True)]
        for row, missing in zip(vectors, mask, strict=True)
    ]
    days = [dt.date(2025, 7, 1) + dt.timedelta(days=row // 4) for row in range(n_rows)]
    return pa.table(
        {
            "session_id": [f"{TYPES[row % 4]}_{day}" for row, day in enumerate(days)],
            "session_type": [TYPES[row % 4] for row in range(n_rows)],
            "session_on": pa.array(days, pa.date32()),
            "as_of_at": pa.array(
                [dt.datetime(day.year, day.month, day.day, 20) for day in days], pa.timestamp("us")
            ),
            "feature_schema": [schema] * n_rows,
            "feature_vector": pa.array(lists, pa.list_(pa.float64())),
            "is_imputed": pa.array(mask.tolist(), pa.list_(pa.bool_())),
            "vector_md5": pa.array([f"md5 of {row}" for row in range(len(vectors))]),
            "relative_range": pa.array(
                [None if row % 5 == 0 else 1.0 + row for row in range(n_rows)], pa.float64()
            ),
        }
    )


def make_mask(n_rows, share=0.03, seed=9):
    """Draw which components are imputed."""
    return np.random.default_rng(seed).random((n_rows, 30)) < share


def fit(training, champion=None, **choices):
    """Fit quickly."""
    parameters = FitParameters(**(QUICK | {"k": 3} | choices))
    return fit_session_archetypes(training, champion, parameters, reason="no model")


def row_of(model):
    """Read the one row of a model."""
    assert model.num_rows == 1
    return model.to_pylist()[0]


def numbers_in(value):
    """Walk every float of a nested value."""
    if isinstance(value, float):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from numbers_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from numbers_in(inner)


@pytest.fixture(scope="module")
def training():
    """Give 60 sessions of three kinds, a few components imputed."""
    return make_training(make_vectors(60), make_mask(60))


@pytest.fixture(scope="module")
def model(training):
    """Fit them once."""
    return fit(training)


# The space


@pytest.mark.parametrize("scaler", ["standard", "robust"])
def test_scaler_is_sklearns_and_ignores_what_is_imputed(scaler):
    """Centre and scale are those of scikit-learn on vectors with NaN for what is imputed."""
    vectors, mask = make_vectors(40), make_mask(40, 0.1)
    space = fit_space(vectors, mask, FitParameters(scaler=scaler, n_components=0))
    known = np.where(mask, np.nan, vectors)
    robust = RobustScaler(unit_variance=True)
    expected = (StandardScaler() if scaler == "standard" else robust).fit(known)
    centre = expected.mean_ if scaler == "standard" else expected.center_
    np.testing.assert_array_equal(space.centre, centre)
    np.testing.assert_array_equal(space.scale, expected.scale_)
    scaled = scale_vectors(space, vectors, mask)
    assert (scaled[mask] == 0).all()
    assert np.abs(scaled).max() <= 3


@pytest.mark.parametrize("scaler", ["standard", "robust"])
def test_scaler_of_constant_and_of_unmeasured_features(scaler):
    """A constant has scale 1; what nobody measured has centre 0 and scale 1."""
    vectors, mask = make_vectors(20), np.zeros((20, 30), dtype=bool)
    vectors[:, 4] = 7.0
    mask[:, 5] = True
    space = fit_space(vectors, mask, FitParameters(scaler=scaler))
    assert (space.centre[4], space.scale[4]) == (7.0, 1.0)
    assert (space.centre[5], space.scale[5]) == (0.0, 1.0)


def test_feature_that_most_sessions_share_is_scaled_by_its_deviation():
    """Without a quartile range the robust scaler would leave raw units, which clip at once."""
    vectors, mask = make_vectors(20), np.zeros((20, 30), dtype=bool)
    vectors[:, 4] = 0.0
    vectors[:3, 4] = 50.0
    space = fit_space(vectors, mask, FitParameters(scaler="robust"))
    assert (space.centre[4], space.scale[4]) == (0.0, np.std(vectors[:, 4]))
    assert np.isfinite(transform(space, vectors, mask)).all()


def test_components_are_sklearns_with_fixed_signs():
    """Components are those of scikit-learn, each with its largest loading positive."""
    vectors, mask = make_vectors(40), np.zeros((40, 30), dtype=bool)
    space = fit_space(vectors, mask, FitParameters(n_components=4))
    scaled = scale_vectors(space, vectors, mask)
    pca = PCA(4, svd_solver="full").fit(scaled)
    np.testing.assert_array_equal(np.abs(space.components), np.abs(pca.components_))
    assert (space.components[np.arange(4), np.abs(space.components).argmax(axis=1)] > 0).all()
    np.testing.assert_allclose(
        np.abs(transform(space, vectors, mask)), np.abs(pca.transform(scaled)), atol=1e-12
    )
    fewer = fit_space(vectors, mask, FitParameters(n_components=2))
    np.testing.assert_array_equal(
        transform(fewer, vectors, mask), transform(space, vectors, mask)[:, :2]
    )


def test_cosine_puts_rows_on_the_unit_sphere_and_leaves_zeros():
    """Rows have length 1, and the centre of the space stays where it is."""
    vectors, mask = make_vectors(20), np.zeros((20, 30), dtype=bool)
    space = fit_space(vectors, mask, FitParameters(n_components=0, distance="cosine"))
    lengths = np.linalg.norm(transform(space, vectors, mask), axis=1)
    np.testing.assert_allclose(lengths, 1, rtol=1e-12)
    assert (transform(space, space.centre[None, :], mask[:1]) == 0).all()


def test_one_distinct_vector_makes_a_space():
    """Nothing varies, and nothing is NaN."""
    vectors, mask = np.repeat(make_vectors(1), 8, axis=0), np.zeros((8, 30), dtype=bool)
    space = fit_space(vectors, mask, FitParameters(n_components=3))
    assert (transform(space, vectors, mask) == 0).all()
    assert (space.explained_variance == 0).all()


@settings(max_examples=40, deadline=None)
@given(
    cuts=st.sets(st.integers(1, 399), max_size=12),
    n_components=st.sampled_from([0, 1, 3, 8]),
    distance=st.sampled_from(["euclidean", "cosine"]),
    seed=st.integers(0, 99),
)
def test_transform_of_a_row_does_not_depend_on_its_batch(cuts, n_components, distance, seed):
    """Any split of a batch, and any order, gives bitwise the same rows."""
    vectors, mask = make_vectors(400, seed), make_mask(400, seed=seed)
    parameters = FitParameters(n_components=n_components, distance=distance)
    space = fit_space(vectors[:50], mask[:50], parameters)
    whole = transform(space, vectors, mask)
    parts = np.split(np.arange(400), sorted(cuts))
    split = [transform(space, vectors[rows], mask[rows]) for rows in parts]
    np.testing.assert_array_equal(np.concatenate(split), whole)
    backwards = transform(space, vectors[::-1], mask[::-1])[::-1]
    np.testing.assert_array_equal(backwards, whole)
    np.testing.assert_array_equal(transform(space, vectors[7:8], mask[7:8]), whole[7:8])


def test_transform_is_the_same_across_internal_batches():
    """More rows than one internal batch holds."""
    vectors, mask = make_vectors(60), make_mask(60)
    space = fit_space(vectors, mask, FitParameters())
    many = transform(space, np.tile(vectors, (300, 1)), np.tile(mask, (300, 1)))
    np.testing.assert_array_equal(many, np.tile(transform(space, vectors, mask), (300, 1)))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("k", 0, "whole number of 1 or more"),
        ("k", 2.5, "whole number of 1 or more"),
        ("k", True, "whole number of 1 or more"),
        ("k", "5", "whole number of 1 or more"),
        ("n_components", 31, "whole number from 0 to 30"),
        ("scaler", "minmax", "one of standard, robust"),
        ("distance", "manhattan", "one of euclidean, cosine"),
        ("bootstrap_scope", "some", "one of pipeline, clustering"),
        ("clip", 0, "a finite number above 0"),
        ("clip", math.nan, "a finite number above 0"),
        ("identity_tolerance", math.inf, "a finite number above 0"),
        ("random_state", -1, "whole number from 0"),
        ("n_init", 0, "whole number of 1 or more"),
        ("trial_k", (0, 2), "whole number of 1 or more"),
        ("trial_k", "28", "a list of whole numbers"),
        ("trial_components", [40], "whole number from 0 to 30"),
        ("trial_sample_max", 10, "whole number of 30 or more"),
    ],
)
def test_wrong_parameters_say_what_they_may_be(name, value, words):
    """The message names the parameter, its value and what it may be."""
    with pytest.raises(ValueError, match=words) as caught:
        FitParameters(**{name: value})
    assert f"parameter {name} is " in str(caught.value)


def test_parameters_take_numpy_numbers_and_lists():
    """What a configuration file gives becomes plain and immutable."""
    parameters = FitParameters(k=np.int64(4), clip=2, trial_k=[2, np.int32(3)])
    assert parameters == FitParameters(k=4, clip=2.0, trial_k=(2, 3))
    assert hash(parameters)


def test_parameters_are_read_from_variables():
    """Texts of numbers and lists are read, other names are refused."""
    variables = {"k": "4", "clip": "2.5", "scaler": "robust", "trial_k": "[2, 3]", "n_init": 7}
    expected = FitParameters(k=4, clip=2.5, scaler="robust", trial_k=(2, 3), n_init=7)
    assert FitParameters.from_variables(variables) == expected
    with pytest.raises(ValueError, match="parameter name is 'clusters'; it must be one of k, "):
        FitParameters.from_variables({"clusters": 3})
    with pytest.raises(ValueError, match="parameter k is 'many'"):
        FitParameters.from_variables({"k": "many"})


# The model row


def test_model_is_one_row_of_the_schema_without_nan(model):
    """Types are exact and every number is finite."""
    assert model.schema.equals(MODEL_SCHEMA)
    row = row_of(model)
    assert all(math.isfinite(number) for number in numbers_in(row))
    assert (row["version_number"], row["reason"], row["algorithm"]) == (1, "no model", "kmeans")
    assert row["max_archetype_id"] == 3
    assert row["born_archetypes"] == row["died_archetypes"] == row["split_archetypes"] == []
    assert (np.shape(row["components"]), len(row["component_mean"])) == ((3, 30), 30)


def test_training_is_not_mutated():
    """A fit leaves its input as it was."""
    training = make_training(make_vectors(30), make_mask(30))
    before = pa.table(training.to_pydict(), schema=training.schema)
    fit(training)
    assert training.equals(before)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_order_of_rows_changes_nothing(training, model, seed):
    """Any permutation, in any number of chunks, gives the same bytes."""
    order = np.random.default_rng(seed).permutation(60)
    shuffled = pa.concat_tables([training.take(order[:17]), training.take(order[17:])])
    assert fit(shuffled).equals(model)


def test_kind_of_list_and_placeholders_change_nothing(training, model):
    """Fixed-size lists read as lists do, and what is imputed may hold anything."""
    fixed = training.set_column(
        5, "feature_vector", training["feature_vector"].cast(pa.list_(pa.float64(), 30))
    )
    assert fit(fixed).equals(model)
    for placeholder in (0.0, -12.5, math.nan):
        assert fit(make_training(make_vectors(60), make_mask(60), placeholder=placeholder)).equals(
            model
        )


def test_version_follows_data_and_choices_alone(training, model):
    """What affects the row changes the version, and nothing else does."""
    version = row_of(model)["model_version"]
    assert len(version) == 16
    again = row_of(fit(training.take(np.arange(60)[::-1])))
    assert again["model_version"] == version
    assert json.loads(again["parameters"])["k"] == 3
    changed = make_vectors(60)
    changed[3, 3] = np.nextafter(changed[3, 3], 99)
    others = [
        fit(make_training(changed, make_mask(60))),
        fit(make_training(make_vectors(60), make_mask(60), schema="v2")),
        fit(training.slice(1)),
        fit(training, k=4),
        fit(training, scaler="robust"),
        fit(training, n_components=2),
        fit(training, distance="cosine"),
        fit(training, clip=2.0),
        fit(training, random_state=1),
        fit(training, n_init=4),
        fit(training, minibatch_above=59),
        fit(training, n_bootstraps=3),
        fit(training, trial_k=(2,)),
        fit(training, identity_tolerance=0.5),
    ]
    versions = {row_of(each)["model_version"] for each in others}
    assert len(versions) == len(others)
    assert version not in versions


def test_a_fit_that_gives_the_champion_again_gives_no_row(training, model):
    """Same data and choices, same model: there is nothing to append."""
    for none in (fit(training, model), empty_model()):
        assert none.num_rows == 0
        assert none.schema.equals(MODEL_SCHEMA)


def test_an_earlier_choice_comes_back_as_a_version_of_its_own(training, model):
    """Ids come down from the model before, so k = 3 after k = 4 is a new link of the chain."""
    other = fit(training, model, k=4)
    again = fit(training, other)
    rows = [row_of(each) for each in (model, other, again)]
    assert [row["version_number"] for row in rows] == [1, 2, 3]
    assert [row["parent_version"] for row in rows[1:]] == [r["model_version"] for r in rows[:2]]
    assert len({row["model_version"] for row in rows}) == 3
    assert rows[0]["fit_hash"] == rows[2]["fit_hash"] != rows[1]["fit_hash"]


def test_a_successor_never_begins_before_its_parent(training, model):
    """A refit on older data alone is in force from the day that its parent was."""
    last = row_of(model)["valid_from"]
    old = training.filter(pc.less(training["as_of_at"], last))
    older = row_of(fit(old))
    assert older["valid_from"] < last
    assert row_of(fit(old, model))["valid_from"] == last


def test_both_stabilities_are_told():
    """The stricter one refits the space too."""
    blurred = make_training(make_vectors(48, spread=1.6))
    row = row_of(fit(blurred, k=4))
    whole = row_of(fit(blurred, k=4, bootstrap_scope="pipeline"))
    assert row["pipeline_stability"] == whole["stability"] != row["stability"]


def test_metrics_are_sklearns(training, model):
    """Silhouette and the rest equal what scikit-learn says of the stored labels."""
    row = row_of(model)
    points = transform(read_space(model), *read_vectors(training.sort_by("session_id")))
    labels = [session["archetype_id"] for session in row["training"]]
    assert row["silhouette"] == pytest.approx(silhouette_score(points, labels), rel=1e-12)
    assert row["davies_bouldin"] == pytest.approx(davies_bouldin_score(points, labels), rel=1e-9)
    assert row["calinski_harabasz"] == pytest.approx(
        calinski_harabasz_score(points, labels), rel=1e-9
    )
    distances = np.array([session["distance"] for session in row["training"]])
    assert row["inertia"] == pytest.approx((distances**2).sum())
    centroids = np.array([archetype["centroid"] for archetype in row["archetypes"]])
    between = np.linalg.norm(centroids[:, None] - centroids[None], axis=2)[np.triu_indices(3, 1)]
    assert row["separation"] == pytest.approx(between.min() / distances.mean())


@pytest.mark.parametrize("scope", ["pipeline", "clustering"])
def test_stability_is_that_of_a_plain_sklearn_bootstrap(scope):
    """Written anew with scikit-learn's own transformers, the bootstrap gives the same figure."""
    vectors = make_vectors(48, spread=1.6)
    table = make_training(vectors)
    row = row_of(fit(table, k=4, n_bootstraps=6, bootstrap_n_init=10, bootstrap_scope=scope))
    vectors, _ = read_vectors(table.sort_by("session_id"))
    labels = [session["archetype_id"] for session in row["training"]]
    generator = np.random.default_rng(42)
    scores = []
    for rows in generator.integers(0, 48, size=(6, 48)):
        fitted_on = rows if scope == "pipeline" else np.arange(48)
        scaler = StandardScaler().fit(vectors[fitted_on])
        scaled = np.clip(scaler.transform(vectors), -3, 3)
        points = PCA(3, svd_solver="full").fit(scaled[fitted_on]).transform(scaled)
        clusters = KMeans(4, n_init=10, random_state=42).fit(points[rows])
        scores.append(adjusted_rand_score(labels, clusters.predict(points)))
    assert 0.1 < row["stability"] < 1
    assert row["stability"] == pytest.approx(np.mean(scores), abs=1e-9)


def test_training_rows_are_kept_with_their_labels(training, model):
    """Sorted by id, imputed values null, distances those to the own centroid."""
    rows = row_of(model)["training"]
    by_id = training.sort_by("session_id")
    assert [row["session_id"] for row in rows] == by_id["session_id"].to_pylist()
    assert [row["feature_vector"] for row in rows] == by_id["feature_vector"].to_pylist()
    assert any(None in row["feature_vector"] for row in rows)


def test_archetypes_describe_their_members(training, model):
    """Sizes, shares, dates, types, ranges and medoids follow from the members."""
    row = row_of(model)
    space = read_space(model)
    scaled = scale_vectors(space, *read_vectors(training.sort_by("session_id")))
    known = {session["session_id"]: session for session in training.to_pylist()}
    ids = np.array([session["archetype_id"] for session in row["training"]])
    assert [archetype["archetype_id"] for archetype in row["archetypes"]] == [1, 2, 3]
    sizes = [archetype["size"] for archetype in row["archetypes"]]
    assert sizes == sorted(sizes, reverse=True)
    assert sum(sizes) == row["n_sessions"] == 60
    for archetype in row["archetypes"]:
        inside = ids == archetype["archetype_id"]
        sessions = [
            session for session, is_in in zip(row["training"], inside, strict=True) if is_in
        ]
        members = [known[session["session_id"]] for session in sessions]
        assert archetype["size"] == len(members)
        assert archetype["share"] == len(members) / 60
        dates = [member["session_on"] for member in members]
        assert (archetype["first_on"], archetype["last_on"]) == (min(dates), max(dates))
        ranges = [m["relative_range"] for m in members if m["relative_range"] is not None]
        assert archetype["range_p50"] == np.median(ranges)
        nearest = min(sessions, key=lambda session: (session["distance"], session["session_id"]))
        assert archetype["medoid_session_id"] == nearest["session_id"]
        types = archetype["session_types"]
        assert sum(each["sessions"] for each in types) == len(members)
        assert types == sorted(types, key=lambda each: (-each["sessions"], each["session_type"]))
        np.testing.assert_array_equal(archetype["centroid_scaled"], scaled[inside].mean(axis=0))
        np.testing.assert_array_equal(
            archetype["centroid_features"],
            space.centre + space.scale * np.array(archetype["centroid_scaled"]),
        )
        assert archetype["lineage"] == "founded"
        assert archetype["parent_archetype_id"] is archetype["match_distance"] is None


def test_words_of_archetypes_follow_their_centroids():
    """Volatility class, top phases and regime are read off the members' features."""
    vectors = np.zeros((30, 30))
    kinds = np.arange(30) % 3
    vectors[:, 10] = np.array([0.0, 5.0, 10.0])[kinds]
    vectors[kinds == 0, 1], vectors[kinds == 0, 3] = 20.0, 20.0
    vectors[kinds == 1, 5], vectors[kinds == 1, 0] = 9.0, 8.0
    vectors[kinds == 1, 2], vectors[kinds == 1, 4] = 7.0, 6.0
    vectors[np.arange(30), 6 + kinds] = 1.0
    row = row_of(fit(make_training(vectors)))
    found = {
        archetype["volatility_class"]: (archetype["top_phases"], archetype["dominant_htf_regime"])
        for archetype in row["archetypes"]
    }
    assert found == {
        "low": (["expansion_phase", "retracement_event"], 0),
        "medium": (["liquidity_sweep", "fvg_interaction", "consolidation_phase"], 1),
        "high": ([], 2),
    }


@given(
    st.lists(
        st.lists(st.sampled_from([-1.0, 0.0, 0.5, 2.0]), min_size=30, max_size=30),
        min_size=1,
        max_size=8,
    )
)
def test_labels_are_unique(centroids):
    """However alike archetypes are, their labels differ."""
    archetypes = [
        {"archetype_id": number, "centroid_scaled": centroid}
        for number, centroid in enumerate(centroids, start=1)
    ]
    labels = label_archetypes(archetypes)
    assert len(set(labels)) == len(labels)
    assert all(label.startswith(("high ", "low ")) for label in labels)


def test_labels_name_what_sets_archetypes_apart():
    """Two centroids that differ in volatility and density most are named by these."""
    first, second = [0.0] * 30, [0.0] * 30
    first[10], first[25], first[3] = 3.0, -2.0, 1.0
    labels = label_archetypes(
        [
            {"archetype_id": 1, "centroid_scaled": first},
            {"archetype_id": 2, "centroid_scaled": second},
        ]
    )
    assert labels == [
        "high volatility, low event_density",
        "low volatility, high event_density",
    ]


def test_sample_is_drawn_by_md5(training):
    """A fit holds no more rows than it may, and the same ones in any order."""
    row = row_of(fit(training, fit_sample_max=40))
    ids = training["session_id"].to_pylist()
    drawn = sorted(ids, key=lambda name: hashlib.md5(name.encode()).hexdigest())[:40]
    assert [session["session_id"] for session in row["training"]] == sorted(drawn)
    assert row["n_sessions"] == 40
    known = {session["session_id"]: session["as_of_at"] for session in training.to_pylist()}
    assert row["valid_from"] == max(known[name] for name in drawn)


def test_minibatch_above_its_limit(training):
    """The algorithm changes with the number of rows, and stays deterministic."""
    first = fit(training, minibatch_above=59)
    assert row_of(first)["algorithm"] == "minibatch_kmeans"
    assert first.equals(fit(training.take(np.arange(60)[::-1]), minibatch_above=59))


def test_metric_sample_bounds_silhouette_and_bootstraps(training):
    """With fewer rows to measure on, the figures are taken over the md5 sample."""
    model = fit(training, metric_sample_max=40)
    row = row_of(model)
    by_id = training.sort_by("session_id")
    points = transform(read_space(model), *read_vectors(by_id))
    ids = by_id["session_id"].to_pylist()
    sample = sorted(range(60), key=lambda n: hashlib.md5(ids[n].encode()).hexdigest())[:40]
    labels = np.array([session["archetype_id"] for session in row["training"]])
    sample = sorted(sample)
    expected = silhouette_score(points[sample], labels[sample])
    assert row["silhouette"] == pytest.approx(expected, rel=1e-12)


# From version to version


def test_ids_are_kept_when_sessions_are_added(model):
    """More sessions of the same kinds: every archetype keeps its id, and moves little."""
    more = fit(make_training(make_vectors(72), make_mask(72)), model)
    old, new = row_of(model), row_of(more)
    assert new["version_number"] == 2
    assert [archetype["lineage"] for archetype in new["archetypes"]] == ["kept"] * 3
    assert new["born_archetypes"] == new["died_archetypes"] == new["split_archetypes"] == []
    assert new["max_archetype_id"] == 3
    before = {session["session_id"]: session["archetype_id"] for session in old["training"]}
    after = {session["session_id"]: session["archetype_id"] for session in new["training"]}
    assert all(after[name] == label for name, label in before.items())
    assert all(0 < archetype["match_distance"] < 3 for archetype in new["archetypes"])


def test_new_kind_is_born_and_old_kind_dies(model):
    """Ids of what is gone are never used again."""
    sessions = make_vectors(90)
    without_one = sessions[np.arange(90) % 3 != 2]
    two = fit(make_training(without_one), model, k=2, identity_tolerance=0.5)
    row = row_of(two)
    assert (len(row["died_archetypes"]), row["max_archetype_id"]) == (1, 3)
    three = row_of(fit(make_training(sessions), two, identity_tolerance=0.5))
    assert three["born_archetypes"] == [4]
    assert sorted(archetype["archetype_id"] for archetype in three["archetypes"]) == sorted(
        {1, 2, 3, 4} - set(row["died_archetypes"])
    )
    assert (three["version_number"], three["max_archetype_id"]) == (3, 4)


def test_other_features_make_other_archetypes(model):
    """Centroids of another schema say nothing: every archetype is born under a new id."""
    row = row_of(fit(make_training(make_vectors(60), schema="v2"), model))
    assert row["born_archetypes"] == [4, 5, 6]
    assert row["died_archetypes"] == [1, 2, 3]
    assert (row["version_number"], row["max_archetype_id"]) == (2, 6)


# What cannot be fitted


def test_as_many_archetypes_as_sessions_have_no_metrics():
    """Every metric but the inertia is null, and the row still stands."""
    row = row_of(fit(make_training(make_vectors(6)), k=6))
    assert row["inertia"] == pytest.approx(0, abs=1e-18)
    names = ("silhouette", "calinski_harabasz", "davies_bouldin", "separation", "stability")
    assert [row[name] for name in names] == [None] * 5
    assert [trial["is_model"] for trial in row["trials"] if trial["is_recommended"]] == [True]


@pytest.mark.parametrize("distinct", [True, False])
def test_one_archetype_has_no_metrics(distinct):
    """One archetype can be fitted, even on one distinct vector."""
    vectors = make_vectors(12) if distinct else np.repeat(make_vectors(1), 12, axis=0)
    row = row_of(fit(make_training(vectors), k=1))
    assert row["silhouette"] is row["stability"] is row["separation"] is None
    assert all(math.isfinite(number) for number in numbers_in(row))
    assert row["archetypes"][0]["size"] == 12


def test_more_archetypes_than_sessions_say_what_to_do():
    """The message holds k, the number of sessions and the remedy."""
    with pytest.raises(ValueError, match=r"k is 5.*only 4 sessions.*lower.*add sessions"):
        fit(make_training(make_vectors(4)), k=5)


def test_no_sessions_say_so(training):
    """An empty training set is no silent success."""
    with pytest.raises(ValueError, match="no training sessions"):
        fit(training.slice(0, 0))


def test_too_alike_sessions_say_so():
    """Fewer distinct vectors than k cannot fill k archetypes."""
    with pytest.raises(ValueError, match=r"k is 4.*12 sessions.*too alike"):
        fit(make_training(np.repeat(make_vectors(3), 4, axis=0)), k=4)


def test_too_many_components_say_so():
    """There are no more components than sessions."""
    with pytest.raises(ValueError, match="n_components is 8; it must be at most 6"):
        fit(make_training(make_vectors(6)), n_components=8)


def test_malformed_rows_say_so(training):
    """A session twice, two schemas, two champions, a short vector or a stray NaN is refused."""
    with pytest.raises(ValueError, match="session_id must be unique"):
        fit(pa.concat_tables([training, training.slice(5, 1)]))
    with pytest.raises(ValueError, match="share one feature_schema"):
        fit(pa.concat_tables([training, make_training(make_vectors(1), schema="v2")]))
    short = [vector[:29] for vector in training["feature_vector"].to_pylist()]
    with pytest.raises(ValueError, match=r"ASIA_2025-07-01: feature_vector has 29 entries"):
        fit(training.set_column(5, "feature_vector", [short]))
    with pytest.raises(ValueError, match=r"feature_vector\[0\] \(from 0\) is nan"):
        fit(make_training(np.full((6, 30), math.nan)))
    champions = pa.concat_tables([fit(training, k=2), fit(training, k=4)])
    with pytest.raises(ValueError, match="one champion at most, found 2"):
        fit(training, champions)
