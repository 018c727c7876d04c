"""Trials of other settings, and what is recommended."""

import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from archetype.sessions.match import nearest_centroids
from archetype.sessions.space import FitParameters
from archetype.sessions.trials import (
    METRICS,
    TRIAL_TYPE,
    Setting,
    adjusted_rand,
    chance_silhouettes,
    evaluate,
    measure,
    run_trials,
    score_trial,
)

SMALL = {
    "scaler": "standard",
    "n_components": 3,
    "n_bootstraps": 3,
    "n_references": 2,
    "n_init": 3,
    "trial_k": (2, 3, 4),
    "trial_components": (0, 2, 3),
}


def make_rows(n_rows, n_groups=3, spread=1.0, seed=3):
    """Draw sessions around a few centres, some components imputed."""
    generator = np.random.default_rng(seed)
    centres = generator.normal(scale=2.0 if n_groups > 1 else 0.0, size=(n_groups, 30))
    vectors = centres[np.arange(n_rows) % n_groups] + generator.normal(
        scale=spread, size=(n_rows, 30)
    )
    is_imputed = generator.random((n_rows, 30)) < 0.03
    ids = np.array([f"S_{row:05d}" for row in range(n_rows)], dtype=object)
    return ids, np.where(is_imputed, np.nan, vectors), is_imputed


def try_all(rows, training_hash="abc", **choices):
    """Run small trials."""
    return run_trials(*rows, training_hash, FitParameters(**(SMALL | {"k": 3} | choices)))


@pytest.fixture(scope="module")
def trials():
    """Try a small grid on 40 sessions."""
    return try_all(make_rows(40))


def test_grid_holds_every_combination_once(trials):
    """K x scaler x components x distance, in that order."""
    keys = [
        (trial["k"], trial["scaler"], trial["n_components"], trial["distance"]) for trial in trials
    ]
    assert len(keys) == len(set(keys)) == 3 * 2 * 3 * 2
    assert keys == sorted(keys)
    assert len({trial["trial_id"] for trial in trials}) == len(trials)
    assert all(len(trial["trial_id"]) == 16 for trial in trials)


def test_trials_fit_their_type(trials):
    """Every field is there and nothing is NaN."""
    array = pa.array(trials, TRIAL_TYPE)
    assert {field.name for field in TRIAL_TYPE} == set(trials[0])
    assert json.dumps(array.to_pylist(), allow_nan=False)
    assert all(trial[name] is not None for trial in trials for name in METRICS)


@pytest.mark.parametrize(
    "choices",
    [
        {},
        {"scaler": "robust", "n_components": 0},
        {"distance": "cosine", "n_components": 2},
        {"k": 5, "n_components": 7},
        {"bootstrap_scope": "clustering"},
        {"metric_sample_max": 30},
    ],
)
def test_trial_of_the_model_is_the_model(choices):
    """The configured setting has, bit for bit, the metrics of the fit itself."""
    rows = make_rows(40)
    parameters = FitParameters(**(SMALL | {"k": 3} | choices))
    own = Setting.of(parameters)
    fitted = evaluate(*rows, [own], parameters)[own]
    (trial,) = [trial for trial in try_all(rows, **choices) if trial["is_model"]]
    assert {name: trial[name] for name in METRICS} == fitted.metrics
    assert trial["smallest_size"] == fitted.sizes.min()
    assert trial["largest_share"] == fitted.sizes.max() / 40


def test_trial_does_not_depend_on_the_rest_of_the_grid(trials):
    """A wider or narrower grid leaves what it shares as it was."""
    wider = try_all(make_rows(40), trial_components=(0, 2, 3, 8), trial_k=(2, 3, 4, 6))
    by_id = {trial["trial_id"]: trial for trial in wider}
    for trial in trials:
        same = by_id[trial["trial_id"]]
        assert all(trial[name] == same[name] for name in (*METRICS, "score", "smallest_size"))


def test_trial_id_follows_what_it_depends_on(trials):
    """Other training rows, or another way of measuring, make other trials."""
    ids = {trial["trial_id"] for trial in trials}
    for others in (try_all(make_rows(40), "def"), try_all(make_rows(40), n_bootstraps=2)):
        assert ids.isdisjoint(trial["trial_id"] for trial in others)


def is_flawed(trial):
    """Read off the words whether a trial was no candidate."""
    return "Rank " in trial["recommendation"]


def test_exactly_one_is_recommended_and_ranks_run_within_k(trials):
    """The recommended one has the configured k and rank 1."""
    (best,) = [trial for trial in trials if trial["is_recommended"]]
    assert (best["k"], best["rank"]) == (3, 1)
    assert sum(trial["is_model"] for trial in trials) == 1
    for k in (2, 3, 4):
        same = sorted(
            (trial for trial in trials if trial["k"] == k), key=lambda trial: trial["rank"]
        )
        assert [trial["rank"] for trial in same] == list(range(1, 13))
        tiers = [(trial["distance"] == "cosine", is_flawed(trial)) for trial in same]
        assert tiers == sorted(tiers)
        for tier in set(tiers):
            scores = [t["score"] for t, own in zip(same, tiers, strict=True) if own == tier]
            assert scores == sorted(scores, reverse=True)


def test_recommendation_says_why_in_figures(trials):
    """The words hold the figures that decided, and nobody is left without a reason."""
    (best,) = [trial for trial in trials if trial["is_recommended"]]
    words = best["recommendation"]
    assert words.startswith("Recommended: of 12 trials with k = 3 on 40 sessions, ")
    for name in ("score", "stability", "silhouette", "chance_silhouette"):
        assert f"{best[name]:.3f}" in words
    assert "36 combinations fitted, 0 could not be." in words
    for trial in trials:
        assert f"{trial['score']:.3f}" in trial["recommendation"]
        if trial["k"] != 3:
            assert f"k is {trial['k']}, not the configured 3" in trial["recommendation"]
        elif trial["distance"] != "euclidean":
            assert "distance is cosine, not the configured euclidean" in trial["recommendation"]
        elif trial["explained_variance"] < 0.5:
            assert "% of the variance, below 50 %" in trial["recommendation"]
        else:
            assert trial["score"] <= best["score"]


@pytest.mark.parametrize("seed", [3, 7, 8])
def test_no_archetype_of_one_session_is_recommended(seed):
    """A lone outlier makes the highest score here, and is passed over with the reason."""
    ids, vectors, is_imputed = make_rows(24, spread=1.5, seed=seed)
    vectors[7, :6] += 6.0
    found = try_all((ids, vectors, is_imputed), k=4, trial_k=(4,))
    found = [trial for trial in found if trial["distance"] == "euclidean"]
    assert max(found, key=lambda trial: trial["score"])["smallest_size"] == 1
    (best,) = [trial for trial in found if trial["is_recommended"]]
    assert best["smallest_size"] >= 2
    for trial in found:
        is_lonely = trial["smallest_size"] == 1
        assert ("an archetype has 1 of 24 sessions" in trial["recommendation"]) == is_lonely
        assert not is_lonely or trial["rank"] > best["rank"]


def test_if_every_trial_has_a_lone_session_the_words_say_so():
    """With an outlier that no setting can hide, the best of a bad lot is named as such."""
    ids, vectors, is_imputed = make_rows(30, n_groups=2, spread=0.6)
    vectors[7] += 40.0
    found = try_all((ids, vectors, is_imputed), n_components=2, trial_components=(2,), clip=30.0)
    (best,) = [trial for trial in found if trial["is_recommended"]]
    assert best["smallest_size"] == 1
    assert ", 0 have no flaw; of all" in best["recommendation"]
    assert "an archetype has 1 of 30 sessions, below 2" in best["recommendation"]


def test_what_cannot_be_fitted_is_counted():
    """With 4 sessions, a k of 4 and 8 components are left out, and the words say how many."""
    found = try_all(make_rows(4), k=2, n_components=2, trial_components=(0, 2, 8))
    assert {trial["k"] for trial in found} == {2, 3}
    assert {trial["n_components"] for trial in found} == {0, 2}
    (best,) = [trial for trial in found if trial["is_recommended"]]
    assert (
        f"{len(found)} combinations fitted, {36 - len(found)} could not be."
        in (best["recommendation"])
    )


def test_too_few_distinct_vectors_are_left_out():
    """Two distinct sessions fill two archetypes and no third."""
    ids, vectors, is_imputed = make_rows(2)
    rows = (
        np.array([f"S_{row}" for row in range(12)], dtype=object),
        np.tile(vectors, (6, 1)),
        np.tile(is_imputed, (6, 1)),
    )
    found = try_all(rows, k=2, n_components=2)
    assert {trial["k"] for trial in found} == {2}
    assert sum(trial["is_recommended"] for trial in found) == 1
    assert len(ids) == 2


def test_many_sessions_are_tried_on_a_sample():
    """Above the limit, trials hold the md5 sample alone."""
    found = try_all(make_rows(90), trial_sample_max=50, trial_k=(3,), trial_components=(3,))
    assert all(trial["smallest_size"] + trial["largest_share"] * 50 <= 50 for trial in found)
    assert "on 50 sessions" in next(t for t in found if t["is_recommended"])["recommendation"]


def test_noise_scores_like_noise():
    """Where there is nothing to find, silhouettes are those of chance, and scores near 0."""
    rows = make_rows(120, n_groups=1)
    for trial in try_all(rows, trial_k=(3,), n_references=4, n_bootstraps=4):
        assert trial["silhouette"] == pytest.approx(trial["chance_silhouette"], abs=0.07)
        assert trial["score"] < 0.4
    groups = try_all(make_rows(120, spread=0.5), trial_k=(3,))
    assert all(trial["score"] > 0.6 for trial in groups)


def test_chance_needs_references_to_be_anything():
    """Without references, chance is taken for 0."""
    parameters = FitParameters(**(SMALL | {"n_references": 0}))
    setting = Setting(3, "standard", 2, "euclidean")
    assert chance_silhouettes(*make_rows(20), [setting], parameters) == {setting: 0.0}


def test_score_is_the_mean_of_what_is_defined():
    """Silhouette corrected for chance, and stability."""
    assert score_trial(0.6, 0.2, 0.7) == pytest.approx((0.5 + 0.7) / 2)
    assert score_trial(None, 0.2, 0.7) == 0.7
    assert score_trial(0.6, 0.2, None) == pytest.approx(0.5)
    assert score_trial(None, 0.0, None) is None
    assert score_trial(1.0, 1.0, None) is None


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=40),
)
def test_adjusted_rand_is_sklearns(pairs):
    """The quick index equals scikit-learn's."""
    first, second = (np.array(side) for side in zip(*pairs, strict=True))
    assert adjusted_rand(first, second) == pytest.approx(adjusted_rand_score(first, second))


def test_measures_of_a_square():
    """Two pairs, 2 apart inside and 10 apart outside: worked out by hand."""
    points = np.array([[0.0, 0.0], [0.0, 2.0], [10.0, 0.0], [10.0, 2.0]])
    centroids = np.array([[0.0, 1.0], [10.0, 1.0]])
    labels, distances = nearest_centroids(points, centroids)
    metrics = measure(points, labels, distances, centroids, np.arange(4))
    assert metrics["inertia"] == 4
    assert metrics["separation"] == 10
    assert metrics["davies_bouldin"] == pytest.approx(0.2)
    assert metrics["calinski_harabasz"] == pytest.approx(100 / 2)
    other = (10 + np.hypot(10, 2)) / 2
    assert metrics["silhouette"] == pytest.approx((other - 2) / other)
    assert metrics["stability"] is None


def test_points_on_their_centroids_have_no_separation():
    """A distance of 0 inside is no divisor."""
    points = np.array([[0.0], [0.0], [1.0], [1.0]])
    centroids = np.array([[0.0], [1.0]])
    labels, distances = nearest_centroids(points, centroids)
    metrics = measure(points, labels, distances, centroids, np.arange(4))
    assert metrics["separation"] is None
    assert metrics["silhouette"] == 1
