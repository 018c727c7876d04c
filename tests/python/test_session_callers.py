"""Calling vectors by callers that are read from tables."""

import math
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archetype.sessions.callers import (
    CALLER_SCHEMA,
    N_DRAWS,
    Caller,
    call_vectors,
    read_callers,
    share_of_draws,
    standard_draws,
    write_callers,
)
from archetype.sessions.match import inverse_distance_confidence, nearest_centroids
from archetype.sessions.space import as_compared

KINDS = (
    ("prototype", "euclidean", "inverse_distance", 30),
    ("prototype", "cosine", "softmax", 30),
    ("prototype", "mahalanobis", "softmax", 30),
    ("discriminant", "mahalanobis", "temperature", 30),
    ("discriminant", "mahalanobis", "isotonic", 30),
    ("regression", "euclidean", "temperature", 4),
    ("regression", "cosine", "isotonic", 3),
)


def make_caller(kind, metric, confidence, n_axes, k=5, seed=1):
    """Draw a caller of a kind."""
    generator = np.random.default_rng(seed)
    none = np.zeros(0)
    return Caller(
        caller=kind,
        metric=metric,
        confidence_method=confidence,
        scaler="robust",
        checkpoint_pct=30,
        n_sessions=44,
        archetype_ids=np.arange(1, 2 * k + 1, 2, dtype=np.int32),
        scaler_centre=generator.normal(size=30),
        scaler_scale=generator.uniform(0.5, 2, size=30),
        clip=3.0,
        projection=generator.normal(scale=0.3, size=(n_axes, 30)),
        intercept=generator.normal(size=n_axes),
        prototypes=generator.normal(size=(k, n_axes)),
        log_priors=np.full(k, -math.log(k)) if kind == "discriminant" else none,
        noise=np.tril(generator.normal(size=(n_axes, n_axes)))
        if kind == "regression"
        else np.zeros((0, 0)),
        temperature=1.7,
        knots_x=np.array([0.3, 0.6, 0.9]) if confidence == "isotonic" else none,
        knots_y=np.array([0.1, 0.5, 0.8]) if confidence == "isotonic" else none,
    )


def make_vectors(n_rows, seed=2):
    """Draw vectors, NaN where imputed."""
    generator = np.random.default_rng(seed)
    is_imputed = generator.random((n_rows, 30)) < 0.05
    return np.where(is_imputed, np.nan, generator.normal(scale=2, size=(n_rows, 30))), is_imputed


def on_a_line(kind, confidence, prototypes, **others):
    """Make a caller that sees nothing but the first feature, as it is."""
    k = len(prototypes)
    bare = replace(
        make_caller(kind, "euclidean", confidence, 1, k),
        scaler_centre=np.zeros(30),
        scaler_scale=np.ones(30),
        clip=100.0,
        projection=np.eye(1, 30),
        intercept=np.zeros(1),
        prototypes=np.array(prototypes, dtype=float)[:, None],
        temperature=1.0,
    )
    return replace(bare, **others)


def at(*places):
    """Make vectors by their first feature."""
    vectors = np.zeros((len(places), 30))
    vectors[:, 0] = places
    return vectors, np.zeros(vectors.shape, dtype=bool)


@pytest.mark.parametrize(("kind", "metric", "confidence", "n_axes"), KINDS)
def test_a_caller_survives_the_table_bit_for_bit(kind, metric, confidence, n_axes):
    caller = make_caller(kind, metric, confidence, n_axes)
    table = write_callers([caller])
    assert table.schema == CALLER_SCHEMA
    vectors = make_vectors(50)
    written, read = call_vectors(caller, *vectors), call_vectors(read_callers(table)[0], *vectors)
    for name, values in vars(written).items():
        assert np.array_equal(values, getattr(read, name))


@pytest.mark.parametrize(("kind", "metric", "confidence", "n_axes"), KINDS)
@settings(max_examples=15, deadline=None)
@given(rows=st.lists(st.integers(0, 199), min_size=1, max_size=90))
def test_a_call_is_the_same_in_any_company(kind, metric, confidence, n_axes, rows):
    caller = make_caller(kind, metric, confidence, n_axes)
    vectors, is_imputed = make_vectors(200)
    whole, some = (
        call_vectors(caller, vectors, is_imputed),
        call_vectors(caller, vectors[rows], is_imputed[rows]),
    )
    for name in ("probabilities", "distances", "archetype_id", "confidence"):
        assert np.array_equal(getattr(whole, name)[rows], getattr(some, name))


@pytest.mark.parametrize(("kind", "metric", "confidence", "n_axes"), KINDS)
def test_the_most_probable_archetype_is_called_within_bounds(kind, metric, confidence, n_axes):
    calls = call_vectors(make_caller(kind, metric, confidence, n_axes), *make_vectors(500))
    top = calls.probabilities.max(axis=1)
    assert np.allclose(calls.probabilities.sum(axis=1), 1, rtol=0, atol=1e-12)
    assert np.array_equal(
        calls.archetype_ids[calls.probabilities.argmax(axis=1)], calls.archetype_id
    )
    assert np.array_equal(calls.confidence, np.clip(top, 0.05, 0.95))
    assert not np.signbit(calls.probabilities).any()
    assert not np.signbit(calls.distances).any()


def test_no_vectors_are_no_calls():
    calls = call_vectors(make_caller(*KINDS[5]), *make_vectors(0))
    assert calls.probabilities.shape == (0, 5)
    assert len(calls.archetype_id) == len(calls.confidence) == 0


def test_what_is_imputed_takes_the_centre():
    caller = make_caller(*KINDS[3])
    vectors, is_imputed = make_vectors(1)
    centred = np.where(is_imputed, caller.scaler_centre, vectors)
    known = call_vectors(caller, centred, np.zeros_like(is_imputed))
    imputed = call_vectors(caller, np.where(is_imputed, 1e9, vectors), is_imputed)
    assert np.array_equal(known.probabilities, imputed.probabilities)


def test_inverse_distance_by_hand():
    # At 1: distances 1 and 3, so weights 1 and 1/3, shares 3/4 and 1/4; on a prototype: all of it.
    caller = on_a_line("prototype", "inverse_distance", [0, 4])
    calls = call_vectors(caller, *at(1, 4))
    assert calls.probabilities.tolist() == [[0.75, 0.25], [0.0, 1.0]]
    assert calls.confidence.tolist() == [0.75, 0.95]
    assert calls.archetype_id.tolist() == [1, 3]
    assert np.array_equal(
        inverse_distance_confidence(calls.distances), calls.probabilities.max(axis=1)
    )


def test_softmax_by_hand():
    # exp(-1) and exp(-3).
    calls = call_vectors(on_a_line("prototype", "softmax", [0, 4]), *at(1))
    assert calls.probabilities[0, 0] == pytest.approx(1 / (1 + math.exp(-2)))


def test_a_discriminant_by_hand():
    # Log scores -1/2 + log 0.2 and -9/2 + log 0.8, at temperature 2 halved: their difference is
    # (4 + log 0.25) / 2.
    priors = np.log([0.2, 0.8])
    caller = on_a_line("discriminant", "temperature", [0, 4], log_priors=priors, temperature=2.0)
    calls = call_vectors(caller, *at(1))
    logit = (4 + math.log(0.25)) / 2
    assert calls.probabilities[0, 0] == pytest.approx(1 / (1 + math.exp(-logit)))


def test_a_regression_gives_the_normal_probability():
    # Centroids at -1 and 1, the border at 0: a draw around 0.5 with deviation 0.8 lies above it
    # with the probability of a normal number below 0.5 / 0.8.
    noise = np.array([[0.8]])
    caller = on_a_line("regression", "temperature", [-1, 1], noise=noise)
    calls = call_vectors(caller, *at(0.5))
    expected = 0.5 * (1 + math.erf(0.5 / 0.8 / math.sqrt(2)))
    assert calls.probabilities[0, 1] == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_shares_are_those_of_every_draw_looked_at(metric):
    caller = make_caller("regression", metric, "temperature", 3)
    points = np.random.default_rng(3).normal(size=(7, 3))
    shares = share_of_draws(
        points, caller.noise, caller.prototypes, is_directional=metric == "cosine"
    )
    for point, share in zip(points, shares, strict=True):
        drawn = as_compared(point + standard_draws(3) @ caller.noise.T, metric)
        counts = np.bincount(nearest_centroids(drawn, caller.prototypes)[0], minlength=5)
        assert np.allclose(share, (counts + 1 / 5) / (N_DRAWS + 1), rtol=0, atol=1e-12)


def test_without_noise_the_nearest_centroid_has_every_draw():
    caller = on_a_line("regression", "temperature", [-1, 1], noise=np.zeros((1, 1)))
    calls = call_vectors(caller, *at(0.1))
    assert calls.probabilities[0, 1] == (N_DRAWS + 0.5) / (N_DRAWS + 1)


def test_draws_are_even_and_fixed():
    draws = standard_draws(4)
    assert draws.shape == (N_DRAWS, 4)
    assert np.isfinite(draws).all()
    assert np.abs(draws.mean(axis=0)).max() < 0.01
    assert np.abs(np.cov(draws.T) - np.eye(4)).max() < 0.03
    assert standard_draws(4) is draws


def test_isotonic_by_hand():
    # Raw 0.75 lies half way between the knots 0.6 and 0.9, so 0.65 holds; the other takes the rest.
    caller = on_a_line(
        "prototype",
        "inverse_distance",
        [0, 4],
        knots_x=np.array([0.6, 0.9]),
        knots_y=np.array([0.5, 0.8]),
    )
    calls = call_vectors(caller, *at(1))
    assert calls.probabilities[0] == pytest.approx([0.65, 0.35])


def test_a_calibration_never_changes_what_is_called():
    # The knots say that such calls never hold; the first still is the more probable one.
    caller = on_a_line(
        "prototype",
        "inverse_distance",
        [0, 4, 5],
        knots_x=np.array([0.0, 1.0]),
        knots_y=np.array([0.0, 0.0]),
    )
    calls = call_vectors(caller, *at(1, 0, 4, 4.4))
    assert calls.archetype_id.tolist() == [1, 1, 3, 3]
    assert np.allclose(calls.probabilities.sum(axis=1), 1)


def test_one_archetype_is_always_called():
    for kind in KINDS:
        calls = call_vectors(make_caller(*kind, k=1), *make_vectors(3))
        assert calls.probabilities.tolist() == [[1.0]] * 3
        assert calls.confidence.tolist() == [0.95] * 3


def test_no_zero_in_the_table_is_negative():
    caller = replace(make_caller(*KINDS[5]), intercept=np.full(4, -0.0))
    assert not np.signbit(write_callers([caller])["intercept"][0].as_py()).any()


def test_a_table_may_lack_what_no_call_needs():
    table = write_callers([make_caller(*KINDS[5])])
    (caller,) = read_callers(table.drop_columns(["is_recommended", "is_chosen", "note"]))
    assert (caller.is_recommended, caller.is_chosen, caller.note) == (False, False, None)


def test_a_missing_column_is_named():
    table = write_callers([make_caller(*KINDS[5])]).drop_columns(["prototypes"])
    with pytest.raises(ValueError, match="lack the column prototypes"):
        read_callers(table)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("scaler_scale", [1.0] * 29),
        ("projection", [[1.0] * 30] * 3),
        ("prototypes", [[1.0] * 4] * 4),
        ("noise", []),
        ("log_priors", [0.0]),
        ("knots_x", [0.5]),
        ("prototypes", [[1.0] * 4, [1.0]]),
    ],
)
def test_an_array_of_the_wrong_shape_is_named(column, value):
    row = write_callers([make_caller(*KINDS[5])]).to_pylist()[0] | {column: value}
    with pytest.raises(ValueError, match=f"early caller regression at 30 %: {column} "):
        read_callers(pa.Table.from_pylist([row], schema=CALLER_SCHEMA))


def test_a_caller_of_nothing_is_refused():
    row = write_callers([make_caller(*KINDS[5])]).to_pylist()[0] | {"archetype_ids": []}
    with pytest.raises(ValueError, match="has no archetype_ids"):
        read_callers(pa.Table.from_pylist([row], schema=CALLER_SCHEMA))
