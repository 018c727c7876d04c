"""The map of anomalies: anchors by t-SNE, reports placed among them once and for all."""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sales_stand_ins import PATTERNS, library_curves, report_vector, vector_column

from archetype.sales.map import ANCHOR_SCHEMA, MAP_SCHEMA, fit_anchors, place_reports


@cache
def curves(version="v1"):
    return library_curves(per_pattern=8, version=version)


@cache
def anchors():
    return fit_anchors(curves())


@cache
def reports(n_rows=60):
    """Draw reports of every pattern and of none, six ticks seen."""
    rng = np.random.default_rng(11)
    names = [(*PATTERNS, "Sawtooth", "Scatter")[row % 11] for row in range(n_rows)]
    vectors = [report_vector(name, int(rng.integers(6, 50)), rng, n_seen=6) for name in names]
    return as_pending([f"r{row * 37 % 101:03}" for row in range(n_rows)], vectors)


def as_pending(ids, vectors, version="v1"):
    return pa.table(
        {
            "report_id": pa.array(ids, pa.string()),
            "library_version": pa.array([version] * len(ids), pa.string()),
            "feature_vector": vector_column(vectors),
        }
    )


def places(table):
    return np.column_stack([table["x"].to_numpy(), table["y"].to_numpy()])


def radius(table):
    return np.hypot(table["x"].to_numpy(), table["y"].to_numpy())


def test_anchors_are_the_same_bits_whatever_the_order_of_the_curves():
    again = fit_anchors(curves())
    order = np.random.default_rng(1).permutation(curves().num_rows)
    shuffled = fit_anchors(curves().take(order))
    assert anchors().schema == ANCHOR_SCHEMA
    assert again.equals(anchors())
    assert shuffled.equals(anchors())


def test_anchors_fill_the_unit_disc_about_the_middle():
    assert anchors().num_rows == curves().num_rows
    assert radius(anchors()).max() == pytest.approx(1)
    assert places(anchors()).mean(axis=0) == pytest.approx([0, 0], abs=1e-9)


def test_curves_of_a_pattern_lie_together():
    where, pattern = places(anchors()), anchors()["cluster_id"].to_numpy()
    curve = np.array(anchors()["exemplar_id"].to_pylist())
    gaps = np.hypot(*(where[:, None] - where[None]).transpose(2, 0, 1))
    gaps[curve[:, None] == curve[None]] = np.inf
    nearest = np.argsort(gaps, axis=1)[:, :5]
    is_whole = np.isin(np.array(anchors()["prefix"].to_pylist()), ["100", "ended"])
    share = (pattern[nearest] == pattern[:, None])[is_whole].mean()
    # Of nine patterns, one in nine would by chance.
    assert share > 0.6


def test_no_curves_no_anchors_and_no_places():
    none = curves().slice(0, 0)
    assert fit_anchors(none).equals(ANCHOR_SCHEMA.empty_table())
    assert place_reports(reports().slice(0, 0), anchors()).equals(MAP_SCHEMA.empty_table())
    assert place_reports(reports(), anchors().slice(0, 0)).num_rows == 0


@pytest.mark.parametrize("n_curves", [1, 2, 3, 4, 9, 11])
def test_few_curves_have_a_map_too(n_curves):
    few = curves().take(np.arange(n_curves) * 17)
    fitted = fit_anchors(few)
    assert np.isfinite(places(fitted)).all()
    assert radius(fitted).max() == pytest.approx(1 if n_curves > 1 else 0)
    placed = place_reports(reports(), fitted)
    assert placed.num_rows == reports().num_rows
    assert np.isfinite(places(placed)).all()


def test_equal_curves_lie_in_one_place():
    equal = curves().take([5] * 12)
    equal = equal.set_column(
        equal.schema.get_field_index("exemplar_id"), "exemplar_id", [[f"e{n}" for n in range(12)]]
    )
    fitted = fit_anchors(equal)
    assert places(fitted).tolist() == [[0.0, 0.0]] * 12
    assert np.isfinite(places(place_reports(reports(), fitted))).all()


def test_several_libraries_at_once_are_refused():
    both = pa.concat_tables([curves(), curves("v2")])
    with pytest.raises(ValueError, match=r"found \['v1', 'v2'\]"):
        fit_anchors(both)


def test_a_malformed_vector_is_refused():
    wrong = as_pending(["r"], [[1.0] * 25])
    with pytest.raises(ValueError, match="25 entries, expected 26"):
        place_reports(wrong, anchors())


def test_the_anchors_of_the_own_library_are_used():
    other = fit_anchors(curves("v2"))
    mixed = pa.concat_tables([other, anchors()])
    assert place_reports(reports(), mixed).equals(place_reports(reports(), anchors()))
    assert place_reports(as_pending(["r"], [[0.0] * 26], "v3"), mixed).num_rows == 0


def test_a_report_that_equals_a_curve_lies_on_it():
    rows = range(0, curves().num_rows, 13)
    vectors = anchors()["feature_vector"].to_pylist()
    ids = [f"{row:04}" for row in rows]
    placed = place_reports(as_pending(ids, [vectors[row] for row in rows]), anchors())
    assert places(placed) == pytest.approx(places(anchors())[list(rows)], abs=1e-12)


def test_what_resembles_nothing_lies_outside_the_rim():
    rng = np.random.default_rng(2)
    known = [
        report_vector(name, int(rng.integers(8, 40)), rng, n_seen=6)
        for name in PATTERNS
        for _ in range(20)
    ]
    # Nothing sells so: every component is several deviations off.
    base = np.array(anchors()["feature_vector"].to_pylist())
    strange = base.mean(axis=0) + rng.choice([-6, 6], (40, 26)) * base.std(axis=0)
    inside = radius(place_reports(as_pending([f"{n:03}" for n in range(180)], known), anchors()))
    outside = radius(place_reports(as_pending([f"{n:03}" for n in range(40)], strange), anchors()))
    assert (inside <= 1).mean() > 0.9
    assert (outside > 1).all()
    assert (outside <= 2 + 1e-9).all()


def test_further_away_is_further_out():
    vectors = np.array(anchors()["feature_vector"].to_pylist())
    direction = np.zeros(26)
    direction[12] = 1.0
    steps = [vectors[0] + step * direction for step in np.linspace(0, 30, 61)]
    placed = place_reports(as_pending([f"{n:03}" for n in range(61)], steps), anchors())
    out = radius(placed)
    first = int(np.argmax(out > 1))
    assert 0 < first < 60
    assert (np.diff(out[first:]) >= -1e-9).all()
    assert out[-1] == pytest.approx(2)


@given(st.permutations(range(24)), st.integers(1, 24))
def test_a_place_depends_on_the_report_alone(order, n_rows):
    """Alone, in any company and in any order: the same bits."""
    whole = {row["report_id"]: row for row in place_reports(reports(), anchors()).to_pylist()}
    chosen = reports().take(order[:n_rows])
    for row in place_reports(chosen, anchors()).to_pylist():
        assert row == whole[row["report_id"]]


@given(st.integers(0, 59))
def test_a_place_depends_not_on_the_order_of_the_anchors(row):
    shuffled = anchors().take(np.random.default_rng(row).permutation(anchors().num_rows))
    one = reports().slice(row, 1)
    assert place_reports(one, shuffled).equals(place_reports(one, anchors()))


def test_rows_come_by_report_id():
    ids = place_reports(reports(), anchors())["report_id"].to_pylist()
    assert ids == sorted(ids)
