"""What a match's score is worth."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archetype.sales.calibrate import KNOT_SCHEMA, apply_knots, calibration_error, fit_knots


def simulate(n_rows, seed=1):
    """Draw matches whose scores promise too much: the worth of s is s squared."""
    generator = np.random.default_rng(seed)
    score = generator.random(n_rows)
    is_ended = generator.random(n_rows) < 0.2
    n_ticks = generator.integers(1, 60, n_rows)
    return is_ended, n_ticks, score, generator.random(n_rows) < score**2


def test_calibrated_scores_are_right_as_often_as_they_say():
    """On rows that were not learnt from, where the plain score is far off."""
    knots = fit_knots(*simulate(40_000))
    is_ended, n_ticks, score, is_right = simulate(40_000, seed=2)
    confidence = apply_knots(knots, is_ended, n_ticks, score)
    assert calibration_error(score, is_right) > 0.15
    assert calibration_error(confidence, is_right) < 0.02
    assert np.abs(confidence - score**2).mean() < 0.03


@given(st.integers(1, 400), st.integers(0, 1_000))
def test_confidence_never_falls_with_the_score(n_rows, seed):
    knots = fit_knots(*simulate(n_rows, seed))
    assert knots.schema.equals(KNOT_SCHEMA)
    for ended in set(knots["is_ended"].to_pylist()):
        own = knots.filter(pa.compute.equal(knots["is_ended"], ended))
        both = pa.concat_tables([own, own.set_column(0, "is_ended", [[not ended] * own.num_rows])])
        score = np.linspace(0, 1, 101)
        for ticks in (1, 7, 500):
            worth = apply_knots(both, np.full(101, ended), np.full(101, ticks), score)
            assert (np.diff(worth) >= 0).all()
            assert worth.min() >= 0
            assert worth.max() <= 1


def test_confidence_lies_on_the_line_between_knots():
    """Between 0.2 -> 0.1 and 0.6 -> 0.5 a score of 0.3 is worth 0.2; beyond, the outermost."""
    knots = pa.table(
        {
            "is_ended": [False, False, True],
            "min_ticks": [1, 1, 0],
            "score": [0.6, 0.2, 0.0],
            "confidence": [0.5, 0.1, 0.7],
        }
    )
    is_ended = np.array([False] * 4 + [True])
    worth = apply_knots(knots, is_ended, np.arange(1, 6), np.array([0.3, 0.0, 1.0, 0.6, 0.4]))
    np.testing.assert_allclose(worth, [0.2, 0.1, 0.5, 0.5, 0.7])
    with pytest.raises(ValueError, match="no knots for ended reports"):
        apply_knots(knots.slice(0, 2), is_ended, np.arange(1, 6), np.zeros(5))


def test_calibration_error_by_hand():
    """Two bins: 0.1 and 0.2 with none right (gap 0.15), 0.9 twice with one right (gap 0.4)."""
    confidence = np.array([0.1, 0.19, 0.9, 0.9])
    is_right = np.array([False, False, True, False])
    assert calibration_error(confidence, is_right) == pytest.approx((0.29 + 0.8) / 4)
    assert calibration_error(np.array([1.0]), np.array([True])) == 0
