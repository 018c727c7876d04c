"""Early calls: which archetype a session will end in, while it is still running.

Callers are fitted and scored once per model, on the sessions that the model was fitted on. A call
of such a session comes from a caller that was fitted without it, by the same folds as the scores,
so that a call in the log is as good as the scores say, and no better.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from numbers import Integral

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits

from archetype.sessions.callers import (
    CALLER_SCHEMA,
    Caller,
    Calls,
    assign_vectors,
    call_vectors,
    read_callers,
    write_callers,
)
from archetype.sessions.early_fit import (
    CONFIDENCES,
    METRICS,
    Library,
    Setting,
    all_settings,
    fit_callers,
)
from archetype.sessions.early_scores import (
    RELIABILITY_SCHEMA,
    SCORE_SCHEMA,
    HeldOut,
    brier_errors,
    choose,
    fits,
    majority_column,
    no_such_caller,
    recommend,
    score_caller,
)
from archetype.sessions.early_training import KnownSessions, read_known, read_library
from archetype.sessions.match import (
    read_space,
)
from archetype.sessions.space import DISTANCES, SCALERS, read_vectors

# Goes into every caller version: raise it when a change of this code changes what is called.
EARLY_VERSION = 1

LEAVE_ONE_OUT_MAX = 200
"""Up to so many sessions each is held out alone; beyond, by folds of whole dates."""

N_FOLDS = 10

EARLY_SCHEMA = pa.schema(
    [
        ("caller_version", pa.string()),
        ("model_version", pa.string()),
        ("parameters", pa.string()),
        ("n_sessions", pa.int64()),
        ("callers", pa.list_(pa.struct(list(CALLER_SCHEMA)))),
        ("scores", pa.list_(pa.struct(list(SCORE_SCHEMA)))),
        ("reliability", pa.list_(pa.struct(list(RELIABILITY_SCHEMA)))),
    ]
)

CALL_SCHEMA = pa.schema(
    [
        ("session_id", pa.string()),
        ("checkpoint_pct", pa.int32()),
        ("model_version", pa.string()),
        ("caller_version", pa.string()),
        ("archetype_id", pa.int32()),
        ("confidence", pa.float64()),
        ("distance", pa.float64()),
        ("archetype_ids", pa.list_(pa.int32())),
        ("probabilities", pa.list_(pa.float64())),
        ("caller", pa.string()),
        ("metric", pa.string()),
        ("confidence_method", pa.string()),
        ("scaler", pa.string()),
        ("is_held_out", pa.bool_()),
    ]
)


@dataclass(frozen=True)
class EarlyParameters:
    """The choices of early calls, checked when they are made.

    Parameters
    ----------
    caller, metric, confidence, scaler : str
        Which caller to use; an empty text is what the scores recommend. Of several that fit, the
        best-scored one is used.
    sample_max : int
        Callers are scored on at most this many sessions, drawn by md5; they are fitted on all.

    Raises
    ------
    ValueError
        A choice is out of range; the message names the variable, its value and what it may be.
    """

    caller: str = ""
    metric: str = ""
    confidence: str = ""
    scaler: str = ""
    sample_max: int = 2_000

    def __post_init__(self) -> None:
        """Check every choice."""
        confidences = sorted({one for methods in CONFIDENCES.values() for one in methods})
        allowed = {
            "caller": sorted(CONFIDENCES),
            "metric": METRICS,
            "confidence": confidences,
            "scaler": SCALERS,
        }
        for name, choices in allowed.items():
            if getattr(self, name) not in ("", *choices):
                spelt = ", ".join(choices)
                raise _wrong(name, getattr(self, name), f"empty or one of {spelt}")
        wanted = Setting(self.caller, self.metric, self.confidence, self.scaler)
        settings = {one for distance in DISTANCES for one in all_settings(distance)}
        if not any(fits(one, wanted) for one in settings):
            raise no_such_caller(wanted, settings)
        value = self.sample_max
        if not isinstance(value, Integral) or isinstance(value, bool) or value < 2:
            raise _wrong("sample_max", value, "a whole number of 2 or more")
        object.__setattr__(self, "sample_max", int(value))

    @classmethod
    def from_variables(cls, variables: Mapping[str, object]) -> EarlyParameters:
        """Read the choices from dbt variables.

        Parameters
        ----------
        variables : mapping
            Values by the names of the parameters, with or without `early_` before them; a number
            may come as its text. What is not named, or null, takes its default.

        Returns
        -------
        EarlyParameters
            The choices, checked.

        Raises
        ------
        ValueError
            A name is unknown, or a choice is out of range.
        """
        known = [field.name for field in fields(cls)]
        choices = {}
        for name, value in variables.items():
            plain = name.removeprefix("early_")
            if plain not in known:
                spelt = ", ".join(f"early_{one}" for one in known)
                raise ValueError(f"there is no variable {name!r} of early calls; there are {spelt}")
            if value is not None:
                choices[plain] = _number(value) if plain == "sample_max" else value
        return cls(**choices)


def _wrong(name: str, value: object, allowed: str) -> ValueError:
    return ValueError(f"variable early_{name} is {value!r}; it must be {allowed}")


def _number(value: object) -> object:
    return int(value) if isinstance(value, str) and value.strip().isdecimal() else value


def fit_early_callers(
    training: pa.Table, model: pa.Table, archetypes: pa.Table, parameters: EarlyParameters
) -> pa.Table:
    """Fit every caller at every checkpoint, score them out of sample, and recommend one.

    Parameters
    ----------
    training : pyarrow.Table
        One row per session that the model was fitted on and checkpoint, 100 included, in any order:
        session_id, session_type, session_on, checkpoint_pct, archetype_id (what the session ended
        in), feature_vector (30 numbers) and is_imputed (30 booleans).
    model : pyarrow.Table
        The one row of the model; see ``match.match_sessions``.
    archetypes : pyarrow.Table
        Its archetypes: archetype_id and centroid.
    parameters : EarlyParameters
        The choices.

    Returns
    -------
    pyarrow.Table
        ``EARLY_SCHEMA``: one row, or none where no session is known before 100 %. See
        :func:`caller_version`.

    Raises
    ------
    ValueError
        A session comes twice, has no row of 100 % or an archetype that the model lacks, a vector is
        malformed, or no caller fits the parameters.

    Notes
    -----
    Up to 200 sessions each is held out alone; beyond, sessions are held out by ten folds of whole
    dates. A held-out session takes all its rows with it: its vectors, its label and where it ended
    are unknown to the scaler, the prototypes, the regression and the calibration of what calls it.
    The model's space and archetypes are the definition of what is called, and are given.

    The fit runs on one thread over rows in a total order.
    """
    with threadpool_limits(1):
        return _fit_early_callers(training, model, archetypes, parameters)


def _fit_early_callers(
    training: pa.Table, model: pa.Table, archetypes: pa.Table, parameters: EarlyParameters
) -> pa.Table:
    library = read_library(model, archetypes)
    known = read_known(training, model, library)
    if not known.rows:
        return EARLY_SCHEMA.empty_table()
    settings = all_settings(library.distance)
    scores, reliability = _score(known.draw(parameters.sample_max), library, settings)
    recommended = choose(scores)
    chosen = choose(
        scores,
        parameters.caller,
        parameters.metric,
        parameters.confidence,
        parameters.scaler,
    )
    callers = []
    for checkpoint in sorted(known.rows):
        for caller in fit_callers(known.sample(checkpoint), library, checkpoint, settings):
            own = Setting.of(caller)
            flags = {"is_recommended": own == recommended, "is_chosen": own == chosen}
            callers.append(replace(caller, **flags))
    version = model["model_version"][0].as_py()
    spelt = json.dumps(asdict(parameters), sort_keys=True, separators=(",", ":"))
    row = {
        "caller_version": caller_version(
            version, training["checkpoint_pct"].to_pylist(), parameters
        ),
        "model_version": version,
        "parameters": spelt,
        "n_sessions": len(known),
        "callers": write_callers(callers).to_pylist(),
        "scores": scores,
        "reliability": reliability,
    }
    return pa.Table.from_pylist([row], schema=EARLY_SCHEMA)


def caller_version(
    model_version: str, checkpoints: Iterable[int], parameters: EarlyParameters
) -> str:
    """Name what callers are fitted by; they are fitted once, whatever becomes of raw files later.

    Parameters
    ----------
    model_version : str
        The model, which is a hash of what it was fitted on itself.
    checkpoints : iterable of int
        The checkpoints of the training rows.
    parameters : EarlyParameters
        The choices.

    Returns
    -------
    str
        16 hexadecimal digits.
    """
    content = [EARLY_VERSION, model_version, sorted(set(checkpoints)), asdict(parameters)]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def _score(
    known: KnownSessions, library: Library, settings: Sequence[Setting]
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    scores, reliability = [], []
    folds = known.folds()
    errors = {setting: np.full((len(known), len(known.rows)), np.nan) for setting in settings}
    for place, (checkpoint, rows) in enumerate(sorted(known.rows.items())):
        held_out = _hold_out(known, checkpoint, folds[rows], library, settings)
        for setting in settings:
            score, bins = score_caller(setting, checkpoint, held_out, len(known), known.validation)
            scores.append(score)
            reliability.extend(bins)
            errors[setting][rows, place] = brier_errors(
                held_out.probabilities[setting], held_out.labels
            )
    return recommend(scores, errors), reliability


def _hold_out(
    known: KnownSessions,
    checkpoint: int,
    folds: np.ndarray,
    library: Library,
    settings: Sequence[Setting],
) -> HeldOut:
    sample, k = known.sample(checkpoint), len(library.archetype_ids)
    types = known.session_types[known.rows[checkpoint]]
    held_out = HeldOut(
        probabilities={setting: np.full((len(sample), k), np.nan) for setting in settings},
        labels=sample.labels,
        majority=np.full(len(sample), -1),
        session_type=np.full(len(sample), -1),
    )
    for fold in np.unique(folds):
        outside, inside = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        if len(inside) == 0:
            continue
        for caller in fit_callers(sample.take(inside), library, checkpoint, settings):
            calls = call_vectors(caller, sample.vectors[outside], sample.is_imputed[outside])
            columns = np.searchsorted(library.archetype_ids, calls.archetype_ids)
            filled = np.zeros((len(outside), k))
            filled[:, columns] = calls.probabilities
            held_out.probabilities[Setting.of(caller)][outside] = filled
        majority = majority_column(sample.labels[inside], k)
        held_out.majority[outside] = majority
        for row in outside:
            alike = sample.labels[inside][types[inside] == types[row]]
            held_out.session_type[row] = majority_column(alike, k) if len(alike) else majority
    return held_out


def match_early_calls(
    pending: pa.Table,
    training: pa.Table,
    model: pa.Table,
    archetypes: pa.Table,
    callers: pa.Table,
) -> pa.Table:
    """Call the archetypes of sessions by the callers of one version.

    Parameters
    ----------
    pending : pyarrow.Table
        One row per session and checkpoint that has a vector, in any order: session_id,
        checkpoint_pct, feature_vector, is_imputed, and is_training (the model was fitted on the
        session).
    training, model, archetypes : pyarrow.Table
        As the callers were fitted on; see :func:`fit_early_callers`.
    callers : pyarrow.Table
        Rows of one version and of one caller, a checkpoint each: caller_version and
        ``CALLER_SCHEMA``.

    Returns
    -------
    pyarrow.Table
        ``CALL_SCHEMA``, by session and checkpoint. Training sessions are called by callers that are
        fitted without them, by the folds of the scores, and `is_held_out`. At 100 % a session is
        called by its assignment. There is no row where no caller is: at a checkpoint without one,
        or for a session that is all there was to learn from.

    Raises
    ------
    ValueError
        The callers are of several versions or kinds, or a session with is_training is not in
        `training`, so that its call could not be held out.
    """
    if pending.num_rows == 0:
        return CALL_SCHEMA.empty_table()
    with threadpool_limits(1):
        return _match_early_calls(pending, training, model, archetypes, callers)


def _match_early_calls(
    pending: pa.Table,
    training: pa.Table,
    model: pa.Table,
    archetypes: pa.Table,
    callers: pa.Table,
) -> pa.Table:
    version, finals = _read_chosen(callers)
    names = {"model_version": model["model_version"][0].as_py(), "caller_version": version}
    checkpoints = np.array(pending["checkpoint_pct"].to_pylist(), dtype=int)
    is_training = np.array(pending["is_training"].to_pylist(), dtype=bool)
    library = read_library(model, archetypes)
    parts = [_assign(pending.filter(pa.array(checkpoints == 100)), model, library, names)]
    known = read_known(training, model, library) if is_training.any() else None
    for checkpoint, final in sorted(finals.items()):
        is_here = checkpoints == checkpoint
        others = pending.filter(pa.array(is_here & ~is_training))
        parts.append(_call(others, final, names, is_held_out=False))
        own = pending.filter(pa.array(is_here & is_training))
        if own.num_rows:
            parts.extend(_call_held_out(own, known, library, final, names))
    keys = [("session_id", "ascending"), ("checkpoint_pct", "ascending")]
    return pa.concat_tables(parts).sort_by(keys).combine_chunks()


def _read_chosen(callers: pa.Table) -> tuple[str | None, dict[int, Caller]]:
    if callers.num_rows == 0:
        return None, {}
    versions = callers["caller_version"].unique().to_pylist()
    finals = read_callers(callers)
    settings = sorted({Setting.of(caller) for caller in finals})
    if len(versions) != 1 or len(settings) != 1:
        raise ValueError(
            f"expected callers of one version and one setting, found {versions} and "
            f"{[' '.join(setting) for setting in settings]}"
        )
    return versions[0], {caller.checkpoint_pct: caller for caller in finals}


def _assign(
    pending: pa.Table, model: pa.Table, library: Library, names: Mapping[str, str | None]
) -> pa.Table:
    space = read_space(model)
    vectors = read_vectors(pending)
    calls = assign_vectors(space, library.archetype_ids, library.centroids, *vectors)
    scaler = model["scaler"][0].as_py()
    setting = Setting("assignment", space.distance, "inverse_distance", scaler)
    return _rows(pending, calls, setting, names, is_held_out=False)


def _call(
    pending: pa.Table, caller: Caller, names: Mapping[str, str | None], *, is_held_out: bool
) -> pa.Table:
    calls = call_vectors(caller, *read_vectors(pending))
    return _rows(pending, calls, Setting.of(caller), names, is_held_out=is_held_out)


def _call_held_out(
    pending: pa.Table,
    known: KnownSessions,
    library: Library,
    final: Caller,
    names: Mapping[str, str | None],
) -> Iterator[pa.Table]:
    place = {name: row for row, name in enumerate(known.session_ids)}
    sessions = pending["session_id"].to_pylist()
    unknown = [name for name in sessions if name not in place]
    if unknown:
        raise ValueError(
            f"session {unknown[0]} is said to have been fitted on, but is not in training: "
            "it cannot be called by a caller that was fitted without it"
        )
    folds = known.folds()
    wanted = folds[[place[name] for name in sessions]]
    checkpoint = final.checkpoint_pct
    sample, own = known.sample(checkpoint), folds[known.rows[checkpoint]]
    for fold in np.unique(wanted):
        inside = sample.take(np.flatnonzero(own != fold))
        if len(inside):
            (caller,) = fit_callers(inside, library, checkpoint, [Setting.of(final)])
            rows = pending.filter(pa.array(wanted == fold))
            yield _call(rows, caller, names, is_held_out=True)


def _rows(
    pending: pa.Table,
    calls: Calls,
    setting: Setting,
    names: Mapping[str, str | None],
    *,
    is_held_out: bool,
) -> pa.Table:
    n_rows, k = calls.probabilities.shape
    columns = np.searchsorted(calls.archetype_ids, calls.archetype_id)
    offsets = pa.array(np.arange(n_rows + 1) * k, pa.int32())
    texts = {name: pa.array([text] * n_rows, pa.string()) for name, text in names.items()}
    values = {
        "session_id": pending["session_id"].cast(pa.string()),
        "checkpoint_pct": pending["checkpoint_pct"].cast(pa.int32()),
        **texts,
        "archetype_id": calls.archetype_id,
        "confidence": calls.confidence,
        "distance": calls.distances[np.arange(n_rows), columns],
        "archetype_ids": pa.ListArray.from_arrays(offsets, np.tile(calls.archetype_ids, n_rows)),
        "probabilities": pa.ListArray.from_arrays(offsets, calls.probabilities.ravel()),
        **{name: pa.repeat(text, n_rows) for name, text in setting._asdict().items()},
        "is_held_out": pa.repeat(is_held_out, n_rows),
    }
    return pa.table(values, schema=CALL_SCHEMA)
