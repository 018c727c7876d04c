"""Early calls: fitted inside the fold, scored out of sample, and never by a caller that knew."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from sklearn.linear_model import Ridge

from archetype.sessions import early, early_fit, early_training
from archetype.sessions.callers import call_vectors, read_callers
from archetype.sessions.early import (
    CALL_SCHEMA,
    EARLY_SCHEMA,
    EarlyParameters,
    choose,
    fit_early_callers,
    match_early_calls,
)
from archetype.sessions.early_fit import (
    RIDGE_STRENGTHS,
    Setting,
    all_settings,
    assign_folds,
    fit_callers,
    fit_ridge,
    fit_temperature,
)
from archetype.sessions.early_scores import HeldOut, mean_scores, recommend, score_caller
from archetype.sessions.early_training import read_known, read_library
from archetype.sessions.match import match_sessions

CHECKPOINTS = (30, 75, 100)
N_ARCHETYPES = 3


def make_space(distance="euclidean", n_components=2, k=N_ARCHETYPES):
    """Make a model of a few axes and its archetypes, on a circle."""
    generator = np.random.default_rng(5)
    axes = np.linalg.qr(generator.normal(size=(30, max(n_components, 1))))[0].T
    angles = 2 * np.pi * np.arange(k) / k
    centroids = np.zeros((k, n_components))
    centroids[:, 0] = (3 if distance == "euclidean" else 0.9) * np.cos(angles)
    if n_components > 1:
        centroids[:, 1] = (3 if distance == "euclidean" else 0.9) * np.sin(angles)
    doubles = pa.list_(pa.float64())
    model = pa.table(
        {
            "model_version": ["m1"],
            "scaler": ["robust"],
            "scaler_centre": [[0.0] * 30],
            "scaler_scale": [[1.0] * 30],
            "clip": [3.0],
            "component_mean": [[0.0] * 30],
            "components": pa.array([axes.tolist()], pa.list_(doubles)),
            "explained_variance": pa.array([[0.1] * n_components], doubles),
            "distance": [distance],
        }
    )
    archetypes = pa.table(
        {
            "archetype_id": pa.array(range(1, k + 1), pa.int32()),
            "centroid": pa.array(centroids.tolist(), doubles),
        }
    )
    return model, archetypes


def make_sessions(n_sessions=30, space=None, seed=7, checkpoints=CHECKPOINTS, per_date=2):
    """Draw sessions that show more of where they end at every checkpoint, as `training` rows."""
    model, archetypes = space or make_space()
    generator = np.random.default_rng(seed)
    axes = np.array(model["components"][0].as_py())
    centroids = np.array(archetypes["centroid"].to_pylist())
    rows = []
    for number in range(n_sessions):
        end = centroids[number % len(centroids)] @ axes + generator.normal(scale=0.35, size=30)
        for checkpoint in checkpoints:
            drift = generator.normal(scale=1.2 * (1 - checkpoint / 100), size=30)
            is_imputed = generator.random(30) < 0.03
            rows.append(
                {
                    "session_id": f"S_{number * 7919 % 10007:05d}",
                    "session_type": ("ASIA", "NY_AM")[number % 2],
                    "session_on": 20_000 + number // per_date,
                    "checkpoint_pct": checkpoint,
                    "feature_vector": (checkpoint / 100 * end + drift).tolist(),
                    "is_imputed": is_imputed.tolist(),
                }
            )
    table = pa.Table.from_pylist(rows)
    dates = table["session_on"].cast(pa.int32()).cast(pa.date32())
    table = table.set_column(2, "session_on", dates)
    return label(table, (model, archetypes))


def label(training, space):
    """Give sessions the archetypes that they are assigned to."""
    whole = training.filter(pa.compute.equal(training["checkpoint_pct"], 100))
    found = match_sessions(whole, *space)
    ids = dict(zip(found["session_id"].to_pylist(), found["archetype_id"].to_pylist(), strict=True))
    labels = [ids[name] for name in training["session_id"].to_pylist()]
    return training.append_column("archetype_id", pa.array(labels, pa.int32()))


def as_pending(training, *, is_training=True):
    """Make rows to be called of training rows."""
    names = ["session_id", "checkpoint_pct", "feature_vector", "is_imputed"]
    flags = pa.repeat(is_training, training.num_rows)
    return training.select(names).append_column("is_training", flags)


def callers_of(fitted, setting=None):
    """Read the rows of one caller, the chosen one if none is named."""
    row = fitted.to_pylist()[0]
    own = [
        one | {"caller_version": row["caller_version"]}
        for one in row["callers"]
        if (one["is_chosen"] if setting is None else key_of(one) == setting)
    ]
    return pa.Table.from_pylist(own)


def key_of(row):
    """Read the setting of a row."""
    return Setting(*(row[name] for name in Setting._fields))


def edit(training, session_id, checkpoints=CHECKPOINTS, **changes):
    """Replace cells of a session."""
    rows = [
        row | changes
        if row["session_id"] == session_id and row["checkpoint_pct"] in checkpoints
        else row
        for row in training.to_pylist()
    ]
    return pa.Table.from_pylist(rows, schema=training.schema)


@pytest.fixture(scope="module")
def space():
    return make_space()


@pytest.fixture(scope="module")
def training(space):
    return make_sessions(21, space)


@pytest.fixture(scope="module")
def few(space):
    return make_sessions(9, space, checkpoints=(30, 100))


@pytest.fixture(scope="module")
def fitted(training, space):
    return fit_early_callers(training, *space, EarlyParameters())


def test_there_is_a_row_for_every_caller_and_checkpoint(fitted):
    assert fitted.schema == EARLY_SCHEMA
    (row,) = fitted.to_pylist()
    wanted = {(*one, checkpoint) for one in all_settings("euclidean") for checkpoint in (30, 75)}
    for name in ("callers", "scores"):
        keys = [(*key_of(one), one["checkpoint_pct"]) for one in row[name]]
        assert len(keys) == len(wanted)
        assert set(keys) == wanted
    assert len(row["reliability"]) == 5 * len(wanted)
    assert row["n_sessions"] == 21


def test_the_recommended_caller_is_as_good_as_the_best_and_better_calibrated(fitted):
    (row,) = fitted.to_pylist()
    means = mean_scores(row["scores"])
    least = min(one.brier for one in means.values())
    alike = {key: one for key, one in means.items() if one.brier - least <= one.gap_error}
    recommended = {key_of(one) for one in row["scores"] if one["is_recommended"]}
    assert recommended == {choose(row["scores"])}
    assert recommended == {min(alike, key=lambda key: (alike[key].calibration_error, key))}
    for one in row["scores"]:
        assert (one["recommendation"] is not None) == one["is_recommended"]
    assert {key_of(one) for one in row["callers"] if one["is_chosen"]} == recommended
    assert {key_of(one) for one in row["callers"] if one["is_recommended"]} == recommended


def test_planted_sessions_are_called_well(fitted):
    scores = [one for one in fitted.to_pylist()[0]["scores"] if one["is_recommended"]]
    assert [one["checkpoint_pct"] for one in scores] == [30, 75]
    for one in scores:
        assert one["accuracy"] >= one["majority_accuracy"] + 0.25
        assert one["validation"] == "leave_one_out"
        assert one["n_called"] == one["n_sessions"] == 21


def test_neither_order_nor_a_second_fit_changes_a_bit(fitted, training, space):
    order = np.random.default_rng(1).permutation(training.num_rows)
    model, archetypes = space
    again = fit_early_callers(
        training.take(order), model, archetypes.take([2, 0, 1]), EarlyParameters()
    )
    assert again.equals(fitted)


def test_the_version_is_of_model_checkpoints_and_choices(few, space):
    model, archetypes = space
    version = fit_early_callers(few, *space, EarlyParameters())["caller_version"][0].as_py()
    other_model = model.set_column(0, "model_version", pa.array(["m2"]))
    pcts = [40 if one == 30 else one for one in few["checkpoint_pct"].to_pylist()]
    later = few.set_column(
        few.schema.get_field_index("checkpoint_pct"), "checkpoint_pct", pa.array(pcts)
    )
    for arguments in (
        (later, model, archetypes, EarlyParameters()),
        (few, other_model, archetypes, EarlyParameters()),
        (few, model, archetypes, EarlyParameters(caller="prototype")),
    ):
        assert fit_early_callers(*arguments)["caller_version"][0].as_py() != version


def test_a_choice_is_the_best_that_fits(few, space):
    parameters = EarlyParameters(caller="prototype", confidence="softmax")
    row = fit_early_callers(few, *space, parameters).to_pylist()[0]
    (chosen,) = {key_of(one) for one in row["callers"] if one["is_chosen"]}
    assert (chosen.caller, chosen.confidence_method) == ("prototype", "softmax")
    means = mean_scores(row["scores"])
    fitting = [one for one in means if one[0] == "prototype" and one[2] == "softmax"]
    assert chosen in fitting
    assert chosen == choose(row["scores"], caller="prototype", confidence="softmax")


# What a held-out session must not do: whatever training says of it, its own call stays the same.


def held_out_calls(training, pending, space, callers):
    """Call pending training sessions."""
    return match_early_calls(pending, training, *space, callers).to_pylist()


def tells(training, space, session_id):
    """Give versions of `training` that tell other things of one session."""
    own = next(row for row in training.to_pylist() if row["session_id"] == session_id)
    others = [name for name in range(1, N_ARCHETYPES + 1) if name != own["archetype_id"]]
    yield edit(training, session_id, archetype_id=others[0])
    yield edit(training, session_id, (100,), feature_vector=[2.5] * 30)
    yield edit(training, session_id, (30, 75), feature_vector=[40.0] * 30, is_imputed=[False] * 30)


def find_leaks(training, space, fitted, settings, session_id="S_00000"):
    """Name the callers whose call of a session changes with what training says of it."""
    pending = as_pending(training).filter(pa.compute.equal(training["session_id"], session_id))
    leaks = set()
    for setting in settings:
        callers = callers_of(fitted, setting)
        honest = held_out_calls(training, pending, space, callers)
        assert {one["is_held_out"] for one in honest if one["checkpoint_pct"] < 100} == {True}
        for told in tells(training, space, session_id):
            if held_out_calls(told, pending, space, callers) != honest:
                leaks.add(setting)
    return leaks


SOME = (
    Setting("prototype", "mahalanobis", "softmax", "robust"),
    Setting("discriminant", "mahalanobis", "temperature", "standard"),
    Setting("regression", "euclidean", "isotonic", "standard"),
)


def test_no_held_out_session_sways_its_own_call(training, space, fitted):
    assert find_leaks(training, space, fitted, all_settings("euclidean")) == set()


def reading(space):
    """Give what `read_known` needs besides training rows."""
    return space[0], read_library(*space)


def fit_on(sample_of):
    """Make a `fit_callers` that fits on another sample than it is given."""

    def fit(sample, library, checkpoint, settings):
        return fit_callers(sample_of(checkpoint), library, checkpoint, settings)

    return fit


@pytest.fixture
def whole(monkeypatch):
    """Remember the sessions of a match, as planted leaks may use them."""
    seen = {}
    honest = early.read_known

    def read(*arguments):
        seen["known"] = honest(*arguments)
        return seen["known"]

    monkeypatch.setattr(early, "read_known", read)
    return seen


def test_a_caller_fitted_on_all_sessions_is_caught(training, space, fitted, whole, monkeypatch):
    sample_of = fit_on(lambda checkpoint: whole["known"].sample(checkpoint))
    monkeypatch.setattr(early, "fit_callers", sample_of)
    assert find_leaks(training, space, fitted, SOME) == set(SOME)


def test_a_scaler_fitted_on_all_sessions_is_caught(training, space, fitted, whole, monkeypatch):
    honest = early_fit.fit_space

    def leak(vectors, is_imputed, parameters):
        known = whole["known"]
        return honest(known.vectors[30], known.is_imputed[30], parameters)

    monkeypatch.setattr(early_fit, "fit_space", leak)
    assert find_leaks(training, space, fitted, SOME) == set(SOME)


def test_a_calibration_with_the_label_is_caught(training, space, fitted, whole, monkeypatch):
    honest = early_fit.fit_temperature

    def leak(at, labels):
        return honest(at, labels) * (1 + 1e-9 * whole["known"].labels.sum())

    monkeypatch.setattr(early_fit, "fit_temperature", leak)
    calibrated = SOME[1]
    assert find_leaks(training, space, fitted, SOME) == {calibrated}


def test_folds_that_part_nobody_are_caught(training, space, fitted, monkeypatch):
    # Held out in name only: another session is left out in place of the one that is called.
    sample = early_training.KnownSessions.sample

    def shifted(self, checkpoint_pct):
        own = sample(self, checkpoint_pct)
        return own.take(np.roll(np.arange(len(own)), 1))

    monkeypatch.setattr(early_training.KnownSessions, "sample", shifted)
    assert find_leaks(training, space, fitted, SOME[:1]) == set(SOME[:1])


def test_the_scores_hold_a_session_out_as_well(training, space):
    # Its own row of probabilities does not know its label or where it ended.
    settings = list(SOME)
    known = read_known(training, *reading(space))
    row = list(known.session_ids).index("S_00000")
    told = read_known(edit(training, "S_00000", archetype_id=2), *reading(space))
    told = replace(told, ends=np.where(np.arange(len(known))[:, None] == row, 9.0, told.ends))
    library, folds = read_library(*space), known.folds()
    first, second = (
        early._hold_out(one, 30, folds[one.rows[30]], library, settings) for one in (known, told)
    )
    for setting in settings:
        honest, other = first.probabilities[setting], second.probabilities[setting]
        assert np.array_equal(honest[row], other[row])
        assert not np.array_equal(honest, other)


def test_held_out_calls_are_those_of_the_scores(training, space, fitted):
    calls = match_early_calls(as_pending(training), training, *space, callers_of(fitted))
    ends = {row["session_id"]: row["archetype_id"] for row in training.to_pylist()}
    for score in fitted.to_pylist()[0]["scores"]:
        if not score["is_recommended"]:
            continue
        hits = [
            row["archetype_id"] == ends[row["session_id"]]
            for row in calls.to_pylist()
            if row["checkpoint_pct"] == score["checkpoint_pct"]
        ]
        assert np.mean(hits) == score["accuracy"]


def test_other_sessions_are_called_by_the_caller_in_the_table(training, space, fitted):
    callers = callers_of(fitted)
    pending = as_pending(make_sessions(9, space, seed=99), is_training=False)
    calls = match_early_calls(pending, training, *space, callers)
    assert calls.schema == CALL_SCHEMA
    assert not any(calls["is_held_out"].to_pylist())
    finals = {one.checkpoint_pct: one for one in read_callers(callers)}
    for given, row in zip(
        sorted(pending.to_pylist(), key=lambda row: (row["session_id"], row["checkpoint_pct"])),
        calls.to_pylist(),
        strict=True,
    ):
        if row["checkpoint_pct"] == 100:
            continue
        vector = np.array([given["feature_vector"]]), np.array([given["is_imputed"]])
        found = call_vectors(finals[row["checkpoint_pct"]], *vector)
        assert row["archetype_id"] == found.archetype_id[0]
        assert row["confidence"] == found.confidence[0]
        assert row["probabilities"] == found.probabilities[0].tolist()
        assert row["distance"] in found.distances[0]


def test_a_session_at_100_is_its_assignment(training, space, fitted):
    pending = as_pending(training)
    calls = match_early_calls(pending, training, *space, callers_of(fitted)).to_pylist()
    whole = pending.filter(pa.compute.equal(pending["checkpoint_pct"], 100))
    assigned = {row["session_id"]: row for row in match_sessions(whole, *space).to_pylist()}
    own = [row for row in calls if row["checkpoint_pct"] == 100]
    assert len(own) == len(assigned)
    for row in own:
        expected = assigned[row["session_id"]]
        assert row["archetype_id"] == expected["archetype_id"]
        assert row["distance"] == expected["distance"]
        assert row["confidence"] == np.clip(expected["confidence"], 0.05, 0.95)
        assert (row["caller"], row["confidence_method"]) == ("assignment", "inverse_distance")
        assert max(row["probabilities"]) == pytest.approx(expected["confidence"], abs=1e-15)


def test_calls_are_the_same_in_any_company_and_order(training, space, fitted):
    pending, callers = as_pending(training), callers_of(fitted)
    whole = match_early_calls(pending, training, *space, callers)
    order = np.random.default_rng(3).permutation(pending.num_rows)
    assert match_early_calls(pending.take(order), training, *space, callers).equals(whole)
    some = match_early_calls(pending.take(order[:20]), training, *space, callers).to_pylist()
    rows = {(row["session_id"], row["checkpoint_pct"]): row for row in whole.to_pylist()}
    assert some == [rows[row["session_id"], row["checkpoint_pct"]] for row in some]


def test_without_callers_only_100_is_called(training, space, fitted):
    none = callers_of(fitted).slice(0, 0)
    calls = match_early_calls(as_pending(training), training, *space, none)
    assert set(calls["checkpoint_pct"].to_pylist()) == {100}
    empty = match_early_calls(as_pending(training).slice(0, 0), training, *space, none)
    assert empty.equals(CALL_SCHEMA.empty_table())


def test_a_training_session_that_cannot_be_held_out_is_refused(training, space, fitted):
    without = training.filter(pa.compute.not_equal(training["session_id"], "S_00000"))
    with pytest.raises(ValueError, match="S_00000 is said to have been fitted on"):
        match_early_calls(as_pending(training), without, *space, callers_of(fitted))


def test_callers_of_two_kinds_are_refused(training, space, fitted):
    tables = [callers_of(fitted, one) for one in SOME[:2]]
    both = pa.concat_tables(tables, promote_options="permissive")
    with pytest.raises(ValueError, match="one version and one setting"):
        match_early_calls(as_pending(training), training, *space, both)


# Few sessions, and odd ones.


def fit_all(training, space):
    """Fit all callers, check that they call, and give their rows and scores."""
    (row,) = fit_early_callers(training, *space, EarlyParameters()).to_pylist()
    for setting in all_settings(space[0]["distance"][0].as_py()):
        callers = pa.Table.from_pylist(
            [
                one | {"caller_version": row["caller_version"]}
                for one in row["callers"]
                if key_of(one) == setting
            ]
        )
        calls = match_early_calls(as_pending(training), training, *space, callers)
        for call in calls.to_pylist():
            assert np.isfinite(call["probabilities"]).all()
            assert sum(call["probabilities"]) == pytest.approx(1)
    return row


def test_an_archetype_of_one_session_can_be_held_out(space):
    many = make_sessions(12, space, checkpoints=(30, 100))
    third = pa.compute.equal(many["archetype_id"], 3)
    names = sorted(set(many.filter(third)["session_id"].to_pylist()))
    alone = many.filter(
        pa.compute.invert(pa.compute.is_in(many["session_id"], pa.array(names[1:])))
    )
    row = fit_all(alone, space)
    assert {one["n_called"] for one in row["scores"]} == {9}


@pytest.mark.parametrize("n_sessions", [1, 2, 4])
def test_few_sessions_say_what_could_not_be_done(space, n_sessions):
    row = fit_all(make_sessions(n_sessions, space), space)
    notes = {(one["caller"], one["metric"]): one["note"] for one in row["callers"]}
    assert "euclidean instead" in notes["prototype", "mahalanobis"]
    assert "euclidean instead" in notes["discriminant", "mahalanobis"]
    assert "not calibrated" in notes["regression", "euclidean"]
    if n_sessions < 3:
        assert "no session of archetype " in notes["prototype", "cosine"]
        assert "their mean instead of a regression" in notes["regression", "euclidean"]
    if n_sessions == 1:
        assert {one["accuracy"] for one in row["scores"]} == {None}
        assert any("could be scored" in (one["recommendation"] or "") for one in row["scores"])


def test_a_checkpoint_with_few_sessions_is_called_all_the_same(space):
    many = make_sessions(9, space)
    is_late = pa.compute.greater(many["checkpoint_pct"], 30)
    is_first = pa.compute.equal(many["session_id"], "S_00000")
    row = fit_all(many.filter(pa.compute.or_(is_late, is_first)), space)
    by_checkpoint = {one["checkpoint_pct"]: one for one in row["scores"]}
    assert (by_checkpoint[30]["n_called"], by_checkpoint[30]["coverage"]) == (0, 0.0)
    assert (by_checkpoint[75]["n_called"], by_checkpoint[75]["coverage"]) == (9, 1.0)


def test_sessions_known_only_at_the_end_have_no_callers(training, space):
    ends = training.filter(pa.compute.equal(training["checkpoint_pct"], 100))
    assert fit_early_callers(ends, *space, EarlyParameters()).equals(EARLY_SCHEMA.empty_table())


def test_one_archetype(few):
    space = make_space(k=1)
    row = fit_all(label(few.drop_columns(["archetype_id"]), space), space)
    assert {one["accuracy"] for one in row["scores"]} == {1.0}


@pytest.mark.parametrize("distance", ["euclidean", "cosine"])
@pytest.mark.parametrize("n_components", [1, 2])
def test_every_kind_of_model(distance, n_components):
    space = make_space(distance, n_components, k=2)
    row = fit_all(make_sessions(12, space, checkpoints=(30, 100)), space)
    metrics = {one["metric"] for one in row["callers"] if one["caller"] == "regression"}
    assert metrics == {distance}


def test_sessions_that_are_all_alike(few, space):
    rows = [row | {"feature_vector": [0.25] * 30} for row in few.to_pylist()]
    fit_all(pa.Table.from_pylist(rows, schema=few.schema), space)


def test_features_that_nobody_measured(few, space):
    mask = [True] * 5 + [False] * 25
    rows = [
        row | {"is_imputed": mask, "feature_vector": [None] * 5 + row["feature_vector"][5:]}
        for row in few.to_pylist()
    ]
    row = fit_all(pa.Table.from_pylist(rows, schema=few.schema), space)
    assert all(one["scaler_centre"][:5] == [0.0] * 5 for one in row["callers"])


def test_beyond_200_sessions_whole_dates_are_held_out(space):
    many = make_sessions(204, space, checkpoints=(30, 100), per_date=3)
    (row,) = fit_early_callers(many, *space, EarlyParameters()).to_pylist()
    assert {one["validation"] for one in row["scores"]} == {"grouped_10_fold"}
    known = read_known(many, *reading(space))
    folds = known.folds()
    assert len(np.unique(folds)) == 10
    for date in np.unique(known.dates):
        assert len(np.unique(folds[known.dates == date])) == 1
    # A session of the same date is held out with it.
    names = known.session_ids[known.dates == known.dates[0]]
    fitted = pa.Table.from_pylist([row], schema=EARLY_SCHEMA)
    callers = callers_of(fitted, SOME[1])
    pending = as_pending(many).filter(pa.compute.equal(many["session_id"], names[0]))
    honest = held_out_calls(many, pending, space, callers)
    told = edit(many, names[1], archetype_id=2, feature_vector=[2.0] * 30)
    assert held_out_calls(told, pending, space, callers) == honest


def test_scores_rest_on_a_draw_and_callers_on_all(few, space):
    (row,) = fit_early_callers(few, *space, EarlyParameters(sample_max=6)).to_pylist()
    assert {one["n_sessions"] for one in row["scores"]} == {6}
    assert {one["n_sessions"] for one in row["callers"]} == {9}


def test_bad_training_is_refused(training, space):
    ends = pa.compute.not_equal(training["checkpoint_pct"], 100)
    with pytest.raises(ValueError, match="but not at 100 %"):
        fit_early_callers(training.filter(ends), *space, EarlyParameters())
    with pytest.raises(ValueError, match="S_00000 at 30 % twice"):
        fit_early_callers(
            pa.concat_tables([training, training.slice(0, 1)]), *space, EarlyParameters()
        )
    with pytest.raises(ValueError, match="ended in archetype 9, expected one of"):
        fit_early_callers(edit(training, "S_00000", archetype_id=9), *space, EarlyParameters())


# The parts.


@pytest.mark.parametrize("n_sessions", [3, 12, 40])
def test_what_a_ridge_leaves_out_it_did_not_see(n_sessions):
    generator = np.random.default_rng(n_sessions)
    scaled, ends = generator.normal(size=(n_sessions, 30)), generator.normal(size=(n_sessions, 2))
    ends += scaled[:, :2]
    coefficients, intercept, left_out = fit_ridge(scaled, ends)
    fits = [Ridge(alpha=strength * n_sessions).fit(scaled, ends) for strength in RIDGE_STRENGTHS]
    best = int(np.argmin([np.abs(fit.coef_ - coefficients).max() for fit in fits]))
    assert np.allclose(fits[best].coef_, coefficients, atol=1e-6)
    assert np.allclose(fits[best].intercept_, intercept, atol=1e-6)
    for row in range(n_sessions):
        others = np.arange(n_sessions) != row
        ridge = Ridge(alpha=RIDGE_STRENGTHS[best] * n_sessions).fit(scaled[others], ends[others])
        assert np.allclose(ridge.predict(scaled[row, None])[0], left_out[row], atol=1e-5)


def test_a_temperature_is_found_again():
    generator = np.random.default_rng(4)
    logits = generator.normal(scale=2, size=(4_000, 3))

    def at(temperature):
        weights = np.exp(logits / temperature)
        return weights / weights.sum(axis=1, keepdims=True)

    labels = np.array([generator.choice(3, p=row) for row in at(2.5)])
    assert fit_temperature(at, labels) == pytest.approx(2.5, rel=0.1)
    # Three sessions say little.
    assert 0.5 < fit_temperature(lambda t: at(t)[:3], labels[:3]) < 2


def test_folds_hold_whole_groups_and_as_many_rows():
    groups = np.repeat([f"2025-01-{day:02d}" for day in range(1, 31)], 3)
    folds = assign_folds(groups, 10)
    assert np.bincount(folds).tolist() == [9] * 10
    assert all(len(set(folds[groups == group])) == 1 for group in groups)
    order = np.random.default_rng(2).permutation(len(groups))
    assert np.array_equal(assign_folds(groups[order], 10), folds[order])
    assert assign_folds(np.array(["a", "a"]), 10).tolist() == [0, 0]


def test_scores_by_hand():
    setting = Setting("prototype", "euclidean", "softmax", "robust")
    probabilities = np.array([[0.9, 0.1], [0.7, 0.3], [0.3, 0.7], [0.02, 0.98], [np.nan] * 2])
    held_out = HeldOut(
        probabilities={setting: probabilities},
        labels=np.array([0, 0, 0, 1, 1]),
        majority=np.array([0, 0, 0, 0, 0]),
        session_type=np.array([0, 1, 0, 1, -1]),
    )
    score, bins = score_caller(setting, 40, held_out, 6, "leave_one_out")
    assert score["n_called"] == 4
    assert score["coverage"] == pytest.approx(4 / 6)
    assert score["accuracy"] == 0.75
    assert (score["majority_accuracy"], score["session_type_accuracy"]) == (0.75, 0.75)
    # 2 x 0.01, 2 x 0.09, 2 x 0.49 and 2 x 0.0004, over four.
    assert score["brier"] == pytest.approx(0.2952)
    # Two calls of 0.7, half of them right; two of 0.9 and 0.95 (cut), both right.
    assert score["expected_calibration_error"] == pytest.approx((2 * 0.2 + 2 * 0.075) / 4)
    assert score["earliness"] == pytest.approx(0.6)
    assert score["earliness_accuracy"] == pytest.approx(2 * 0.75 * 0.6 / 1.35)
    assert [one["n_calls"] for one in bins] == [0, 0, 0, 2, 2]
    assert bins[3] == {
        **setting._asdict(),
        "checkpoint_pct": 40,
        "bin_low": 0.6,
        "bin_high": 0.8,
        "n_calls": 2,
        "mean_confidence": pytest.approx(0.7),
        "accuracy": 0.5,
    }
    assert bins[0]["mean_confidence"] is bins[0]["accuracy"] is None


def make_scores(**given):
    """Make score rows of two checkpoints from Brier scores, their gap error and calibration."""
    return [
        {
            "caller": caller,
            "metric": "euclidean",
            "confidence_method": "softmax",
            "scaler": "robust",
            "checkpoint_pct": checkpoint,
            "brier": brier,
            "brier_gap_error": gap_error,
            "expected_calibration_error": calibration_error,
        }
        for caller, (briers, gap_error, calibration_error) in given.items()
        for checkpoint, brier in zip((30, 50), briers, strict=True)
    ]


def test_of_callers_that_are_as_good_the_best_calibrated_wins():
    scores = make_scores(
        lowest=((0.1, 0.3), 0.0, 0.2),
        alike=((0.25, 0.25), 0.06, 0.1),
        worse=((0.3, 0.3), 0.09, 0.01),
    )
    assert choose(scores).caller == choose(pa.Table.from_pylist(scores)).caller == "alike"
    assert choose(scores, caller="worse").caller == "worse"
    # Without a standard error only the Brier score counts, and a name where even that is the same.
    assert choose(make_scores(b=((0.2, 0.2), None, 0.0), a=((0.1, 0.2), None, 0.5))).caller == "a"
    assert choose(make_scores(b=((0.2, 0.2), None, 0.1), a=((0.2, 0.2), None, 0.1))).caller == "a"
    assert choose(make_scores(a=((None, None), None, None), b=((1, 2), 0.0, 0.5))).caller == "b"


def test_a_recommendation_says_why():
    scores = make_scores(a=((0.2, 0.2), None, 0.2), b=((0.3, 0.2), None, 0.1))
    best, other = (choose(scores, caller=name) for name in ("a", "b"))
    # By hand: b is worse by 0, 0.1 and 0.2 on three sessions, one of them called only once. The
    # standard error of that is 0.1 / sqrt(3), which is more than the gap of 0.05.
    errors = {
        best: np.array([[0.2, 0.2], [0.2, np.nan], [0.2, 0.2]]),
        other: np.array([[0.2, 0.2], [0.3, np.nan], [0.4, 0.4]]),
    }
    marked = recommend(scores, errors)
    assert [row["is_recommended"] for row in marked] == [False, False, True, True]
    assert [row["brier_gap_error"] for row in marked] == pytest.approx([0, 0, *[0.1 / 3**0.5] * 2])
    assert marked[2]["recommendation"] == (
        "mean Brier score over the checkpoints 0.2500, within one standard error (0.0577) of the "
        "lowest, 0.2000 of a euclidean softmax robust; of the 2 so near to the lowest it has the "
        "lowest mean calibration error, 0.1000"
    )
    apart = {best: errors[best], other: errors[best] + 0.05}
    assert recommend(scores, apart)[0]["recommendation"] == (
        "lowest mean Brier score over the checkpoints, 0.2000; of the 1 so near to the lowest it "
        "has the lowest mean calibration error, 0.2000"
    )


def test_what_no_caller_is_cannot_be_chosen():
    with pytest.raises(ValueError, match=r"early_caller 'z'.*a euclidean softmax robust"):
        choose(make_scores(a=((0.3, 0.2), 0.0, 0.1)), caller="z")


def test_parameters_come_from_variables():
    variables = {"early_caller": "regression", "scaler": "", "early_sample_max": "500"}
    assert EarlyParameters.from_variables(variables) == EarlyParameters(
        caller="regression", sample_max=500
    )
    assert EarlyParameters.from_variables({}) == EarlyParameters()


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"early_caller": "oracle"}, "variable early_caller is 'oracle'; it must be empty or one"),
        ({"early_metric": "manhattan"}, "early_metric is 'manhattan'; .* euclidean, cosine, mahal"),
        ({"early_confidence": 3}, "variable early_confidence is 3; it must be empty or one of"),
        ({"early_scaler": None, "early_sample_max": 1}, "early_sample_max is 1; .* 2 or more"),
        ({"early_sample_max": "many"}, "early_sample_max is 'many'; it must be a whole number"),
        ({"early_colour": "red"}, "no variable 'early_colour' of early calls; there are early_"),
        (
            {"early_caller": "prototype", "early_confidence": "isotonic"},
            "no early caller has early_caller 'prototype', early_confidence 'isotonic'",
        ),
    ],
)
def test_a_wrong_choice_is_named(variables, message):
    with pytest.raises(ValueError, match=message):
        EarlyParameters.from_variables(variables)
