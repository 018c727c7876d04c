"""Fit the library of session archetypes: training vectors in, one row of a model out.

The row holds all that anybody needs to score, explain or compare the model later, so nothing is
ever unpickled. It is a function of the training rows, the model in force and the parameters alone.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from archetype.sessions.features import (
    FEATURE_NAMES,
    PHASES,
    REGIME_FEATURES,
    VOLATILITY_FEATURE,
)
from archetype.sessions.identity import Identities, Predecessors, assign_identities
from archetype.sessions.match import nearest_centroids
from archetype.sessions.space import (
    N_FEATURES,
    FitParameters,
    Space,
    draw_rows,
    read_vectors,
    scale_vectors,
)
from archetype.sessions.trials import (
    METRICS,
    TRIAL_TYPE,
    Evaluation,
    Setting,
    algorithm_for,
    evaluate,
    run_trials,
)

# Goes into every model version: raise it when a change of this code changes what is fitted.
FIT_VERSION = 1

VOLATILITY_LIMIT = 0.5

# A label with more than so many features says nothing; the id tells such archetypes apart.
LABEL_FEATURES_MAX = 4

# Events per 100 below which a rate is the rounding error of a zero.
SMALLEST_RATE = 1e-9

_DOUBLES = pa.list_(pa.float64())
_IDS = pa.list_(pa.int32())

ARCHETYPE_TYPE = pa.struct(
    [
        ("archetype_id", pa.int32()),
        ("archetype_label", pa.string()),
        ("centroid", _DOUBLES),
        ("centroid_scaled", _DOUBLES),
        ("centroid_features", _DOUBLES),
        ("size", pa.int64()),
        ("share", pa.float64()),
        ("range_p50", pa.float64()),
        ("volatility_class", pa.string()),
        ("top_phases", pa.list_(pa.string())),
        ("dominant_htf_regime", pa.int32()),
        (
            "session_types",
            pa.list_(pa.struct([("session_type", pa.string()), ("sessions", pa.int64())])),
        ),
        ("first_on", pa.date32()),
        ("last_on", pa.date32()),
        ("medoid_session_id", pa.string()),
        ("lineage", pa.string()),
        ("parent_archetype_id", pa.int32()),
        ("match_distance", pa.float64()),
    ]
)

TRAINING_TYPE = pa.struct(
    [
        ("session_id", pa.string()),
        ("archetype_id", pa.int32()),
        ("distance", pa.float64()),
        ("vector_md5", pa.string()),
        ("feature_vector", _DOUBLES),
    ]
)

MODEL_SCHEMA = pa.schema(
    [
        ("model_version", pa.string()),
        ("version_number", pa.int32()),
        ("parent_version", pa.string()),
        ("fit_hash", pa.string()),
        ("feature_schema", pa.string()),
        ("parameters", pa.string()),
        ("k", pa.int32()),
        ("scaler", pa.string()),
        ("n_components", pa.int32()),
        ("distance", pa.string()),
        ("clip", pa.float64()),
        ("algorithm", pa.string()),
        ("random_state", pa.int64()),
        ("n_init", pa.int32()),
        ("n_sessions", pa.int64()),
        ("scaler_centre", _DOUBLES),
        ("scaler_scale", _DOUBLES),
        ("component_mean", _DOUBLES),
        ("components", pa.list_(_DOUBLES)),
        ("explained_variance", _DOUBLES),
        *((name, pa.float64()) for name in METRICS),
        ("pipeline_stability", pa.float64()),
        ("reason", pa.string()),
        ("training_hash", pa.string()),
        ("valid_from", pa.timestamp("us")),
        ("max_archetype_id", pa.int32()),
        ("born_archetypes", _IDS),
        ("died_archetypes", _IDS),
        ("split_archetypes", _IDS),
        ("archetypes", pa.list_(ARCHETYPE_TYPE)),
        ("training", pa.list_(TRAINING_TYPE)),
        ("trials", pa.list_(TRIAL_TYPE)),
    ]
)


def empty_model() -> pa.Table:
    """Make what a fit returns when there is nothing new.

    Returns
    -------
    pyarrow.Table
        No row, ``MODEL_SCHEMA``.
    """
    return MODEL_SCHEMA.empty_table()


def fit_session_archetypes(
    training: pa.Table,
    champion: pa.Table | None,
    parameters: FitParameters,
    *,
    reason: str,
) -> pa.Table:
    """Fit archetypes, name them after the model in force, measure them and try other settings.

    Parameters
    ----------
    training : pyarrow.Table
        One row a session, in any order: session_id (unique), session_type, session_on, as_of_at,
        feature_schema (one value), feature_vector (30 numbers), is_imputed (30 booleans),
        relative_range (nullable) and vector_md5 (kept as it is). Other columns are ignored.
    champion : pyarrow.Table or None
        The row of the model in force (``MODEL_SCHEMA``; model_version, version_number,
        feature_schema, max_archetype_id and archetypes are read), or no row, or None. Its ids are
        carried on; where its feature schema is another, none can be, and all archetypes are born
        anew under new ids.
    parameters : FitParameters
        The choices.
    reason : str
        Why a fit is due; it goes into the row.

    Returns
    -------
    pyarrow.Table
        ``MODEL_SCHEMA``: one row, or none where the fit would give the champion again. Of
        the archetypes that are new in it, `born_archetypes` came from nowhere and
        `split_archetypes` of another, their parent; `died_archetypes` are ids of the champion that
        nobody carries on. The archetypes of a first model are founded, and stand in none of the
        three.

    Raises
    ------
    ValueError
        No or too few training sessions, too few distinct ones, more components than they allow, a
        session twice, several feature schemas, several champions, or a malformed vector.

    Notes
    -----
    Rows are sorted by session id before anything else, and the fit runs on one thread: the order of
    the rows and the number of cores change no bit of the result.

    Labels are those of the nearest of the final k-means centroids, by the function that matches
    sessions later. Stability is the mean adjusted Rand index of bootstrap refits against the
    model's own labels. A refit draws as many rows with replacement (`metric_sample_max` at most),
    fits k-means anew in the model's space with `bootstrap_n_init` starts, and labels all training
    vectors; for `pipeline_stability` it fits scaler and components anew too, which is the stricter
    question.

    References
    ----------
    Lloyd (1982), Least squares quantization in PCM, and Arthur and Vassilvitskii (2007), k-means++,
    as in ``sklearn.cluster.KMeans``. Hubert and Arabie (1985), Comparing partitions, for the
    adjusted Rand index; Hennig (2007), Cluster-wise assessment of cluster stability, for
    bootstrapping it.
    """
    data = _read_training(training, parameters)
    previous = _read_champion(champion)
    training_hash = hash_training(data.session_ids, data.vectors, data.is_imputed)
    fit_hash = _hash_fit(data, parameters, training_hash)
    if previous and previous["fit_hash"] == fit_hash:
        return empty_model()
    found = _fit(data, parameters)
    trials = run_trials(data.session_ids, data.vectors, data.is_imputed, training_hash, parameters)
    library = _build_library(data, found, previous, parameters)
    identities = library.identities
    row = {
        "model_version": _version(fit_hash, previous),
        "version_number": previous["version_number"] + 1 if previous else 1,
        "parent_version": previous["model_version"] if previous else None,
        "fit_hash": fit_hash,
        "feature_schema": data.feature_schema,
        "parameters": _canonical(parameters),
        "k": parameters.k,
        "scaler": parameters.scaler,
        "n_components": parameters.n_components,
        "distance": parameters.distance,
        "clip": parameters.clip,
        "algorithm": algorithm_for(len(data.session_ids), parameters),
        "random_state": parameters.random_state,
        "n_init": parameters.n_init,
        "n_sessions": len(data.session_ids),
        "scaler_centre": found.space.centre.tolist(),
        "scaler_scale": found.space.scale.tolist(),
        "component_mean": found.space.mean.tolist(),
        "components": found.space.components.tolist(),
        "explained_variance": found.space.explained_variance.tolist(),
        **found.metrics,
        "pipeline_stability": _pipeline_stability(data, parameters),
        "reason": reason,
        "training_hash": training_hash,
        "valid_from": _valid_from(data, previous),
        "max_archetype_id": identities.max_archetype_id,
        "born_archetypes": identities.of_lineage("born"),
        "died_archetypes": identities.died,
        "split_archetypes": identities.of_lineage("split"),
        "archetypes": library.archetypes,
        "trials": trials,
    }
    columns = {
        field.name: pa.array([row[field.name]], field.type)
        for field in MODEL_SCHEMA
        if field.name != "training"
    }
    columns["training"] = _training_column(data, library)
    return pa.table(columns, schema=MODEL_SCHEMA)


@dataclass(frozen=True, eq=False)
class _Training:
    """Training rows by session id, as arrays where numbers are wanted."""

    table: pa.Table
    session_ids: np.ndarray
    vectors: np.ndarray
    is_imputed: np.ndarray
    feature_schema: str


def check_enough_sessions(training: pa.Table, parameters: FitParameters) -> None:
    """Refuse a fit that has fewer sessions than archetypes to find.

    Parameters
    ----------
    training : pyarrow.Table
        One row a session to fit on.
    parameters : FitParameters
        `k` and `fit_sample_max` are used.

    Raises
    ------
    ValueError
        There are no sessions, or fewer than k.
    """
    if training.num_rows == 0:
        raise ValueError(
            "there are no training sessions to fit archetypes on: add sessions (those that "
            "min_events_to_fit and max_imputed_to_fit leave out take no part; "
            "session_processing_log in archetype.duckdb says what became of each file)"
        )
    usable = min(training.num_rows, parameters.fit_sample_max)
    if parameters.k > usable:
        raise ValueError(
            f"k is {parameters.k}, but the fit can use only {usable} sessions (of "
            f"{training.num_rows}, with fit_sample_max {parameters.fit_sample_max}): lower the "
            f"variable k to {usable} or less, or add sessions"
        )


def _read_training(training: pa.Table, parameters: FitParameters) -> _Training:
    check_enough_sessions(training, parameters)
    schemas = training["feature_schema"].unique().to_pylist()
    if len(schemas) != 1:
        raise ValueError(
            f"training rows must share one feature_schema, found {sorted(map(str, schemas))}"
        )
    table = training.sort_by("session_id")
    session_ids = np.array(table["session_id"].to_pylist(), dtype=object)
    twice = session_ids[1:][session_ids[1:] == session_ids[:-1]]
    if len(twice):
        raise ValueError(f"session_id must be unique among training rows, found {twice[0]} twice")
    drawn = draw_rows(session_ids, parameters.fit_sample_max)
    table = table.take(drawn)
    vectors, is_imputed = read_vectors(table)
    return _Training(table, session_ids[drawn], vectors, is_imputed, schemas[0])


def _read_champion(champion: pa.Table | None) -> dict[str, object] | None:
    if champion is None or champion.num_rows == 0:
        return None
    if champion.num_rows > 1:
        raise ValueError(f"expected one champion at most, found {champion.num_rows} rows")
    names = (
        "model_version",
        "version_number",
        "fit_hash",
        "valid_from",
        "feature_schema",
        "max_archetype_id",
        "archetypes",
    )
    return {name: champion[name][0].as_py() for name in names}


def hash_training(session_ids: np.ndarray, vectors: np.ndarray, is_imputed: np.ndarray) -> str:
    """Hash what a model was fitted on, as its `training_hash` says it.

    Parameters
    ----------
    session_ids : numpy.ndarray of str, shape (n,)
        In ascending order.
    vectors : numpy.ndarray, shape (n, 30)
        In feature units; what is imputed may hold anything.
    is_imputed : numpy.ndarray of bool, shape (n, 30)
        Which components are imputed.

    Returns
    -------
    str
        SHA-256 in hexadecimal.
    """
    digest = hashlib.sha256()
    digest.update(json.dumps(session_ids.tolist()).encode())
    # Adding 0 turns -0.0 into 0.0, which is the same number in other bytes; imputed values are no
    # data.
    values = np.where(is_imputed, 0.0, vectors + 0.0)
    digest.update(values.astype("<f8").tobytes())
    digest.update(is_imputed.astype("u1").tobytes())
    return digest.hexdigest()


def _hash_fit(data: _Training, parameters: FitParameters, training_hash: str) -> str:
    algorithm = algorithm_for(len(data.session_ids), parameters)
    text = "\n".join(
        (f"{FIT_VERSION}", data.feature_schema, algorithm, _canonical(parameters), training_hash)
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(parameters: FitParameters) -> str:
    """Spell every choice out: whoever replays a version needs them all."""
    return json.dumps(asdict(parameters), sort_keys=True, separators=(",", ":"))


def _valid_from(data: _Training, previous: dict[str, object] | None) -> datetime:
    """Give the last instant that the fit has seen; a successor never begins before its parent."""
    seen = pc.max(data.table["as_of_at"]).as_py()
    return max(seen, previous["valid_from"]) if previous else seen


def _version(fit_hash: str, previous: dict[str, object] | None) -> str:
    """Name a version: archetype ids come down from the model before, so it is part of the name."""
    line = fit_hash if previous is None else f"{fit_hash}\n{previous['model_version']}"
    return hashlib.sha256(line.encode()).hexdigest()[:16]


def _fit(data: _Training, parameters: FitParameters) -> Evaluation:
    own = Setting.of(parameters)
    found = evaluate(data.session_ids, data.vectors, data.is_imputed, [own], parameters)[own]
    if found is None:
        raise _too_alike(data, parameters)
    return found


def _pipeline_stability(data: _Training, parameters: FitParameters) -> float | None:
    """Measure the stability of the whole pipeline: each refit makes a space of its own."""
    whole = replace(parameters, bootstrap_scope="pipeline")
    own = Setting.of(whole)
    found = evaluate(data.session_ids, data.vectors, data.is_imputed, [own], whole)[own]
    return found.metrics["stability"]


def _too_alike(data: _Training, parameters: FitParameters) -> ValueError:
    return ValueError(
        f"k is {parameters.k}, but the {len(data.session_ids)} sessions of the fit are too alike "
        "to fill so many archetypes: lower the variable k, or add sessions that differ"
    )


@dataclass(frozen=True, eq=False)
class _Library:
    """Archetypes by id, and where each training row belongs."""

    identities: Identities
    archetypes: list[dict[str, object]]
    archetype_ids: np.ndarray
    distances: np.ndarray


def _build_library(
    data: _Training,
    found: Evaluation,
    previous: dict[str, object] | None,
    parameters: FitParameters,
) -> _Library:
    scaled = scale_vectors(found.space, data.vectors, data.is_imputed)
    identities = assign_identities(
        _member_means(scaled, found.labels, parameters.k),
        found.sizes,
        _predecessors(previous, data.feature_schema, found.space),
        parameters.identity_tolerance,
    )
    order = np.argsort(identities.archetype_ids)
    centroids = found.centroids[order]
    # Labelled again in the order of the ids: a row between two centroids goes to the lower id, as
    # in a match.
    labels, distances = nearest_centroids(found.points, centroids)
    if len(np.unique(labels)) < parameters.k:
        raise _too_alike(data, parameters)
    means = _member_means(scaled, labels, parameters.k)
    archetypes = [
        {
            "archetype_id": identities.archetype_ids[new],
            "centroid": centroids[row].tolist(),
            **_describe_centroid(means[row], found.space),
            **_describe_members(data, labels == row, distances),
            "lineage": identities.lineages[new],
            "parent_archetype_id": identities.parents[new],
            "match_distance": identities.match_distances[new],
        }
        for row, new in enumerate(order.tolist())
    ]
    for archetype, label in zip(archetypes, label_archetypes(archetypes), strict=True):
        archetype["archetype_label"] = label
    ids = np.array(identities.archetype_ids, dtype=np.int32)[order]
    return _Library(identities, archetypes, ids[labels], distances)


def _member_means(scaled: np.ndarray, labels: np.ndarray, k: int) -> np.ndarray:
    return np.stack([scaled[labels == label].mean(axis=0) for label in range(k)])


def _predecessors(
    previous: dict[str, object] | None, feature_schema: str, space: Space
) -> Predecessors | None:
    if previous is None:
        return None
    old = previous["archetypes"]
    ids = np.array([archetype["archetype_id"] for archetype in old], dtype=int)
    centroids = None
    if previous["feature_schema"] == feature_schema:
        features = np.array([archetype["centroid_features"] for archetype in old], dtype=float)
        centroids = scale_vectors(space, features, np.zeros(features.shape, dtype=bool))
    return Predecessors(ids, centroids, int(previous["max_archetype_id"]))


def _describe_centroid(mean: np.ndarray, space: Space) -> dict[str, object]:
    features = space.centre + space.scale * mean
    rates = features[: len(PHASES)]
    by_rate = np.argsort(-rates, kind="stable")[:3]
    return {
        "centroid_scaled": mean.tolist(),
        "centroid_features": features.tolist(),
        "volatility_class": _volatility_class(mean[VOLATILITY_FEATURE]),
        "top_phases": [PHASES[phase] for phase in by_rate if rates[phase] > SMALLEST_RATE],
        "dominant_htf_regime": int(np.argmax(features[REGIME_FEATURES])),
    }


def _volatility_class(deviations: float) -> str:
    if deviations < -VOLATILITY_LIMIT:
        return "low"
    return "high" if deviations > VOLATILITY_LIMIT else "medium"


def _describe_members(
    data: _Training, is_member: np.ndarray, distances: np.ndarray
) -> dict[str, object]:
    rows = np.flatnonzero(is_member)
    members = data.table.select(["session_type", "session_on", "relative_range"]).take(rows)
    dates = pc.min_max(members["session_on"])
    ranges = members["relative_range"].drop_null().to_numpy()
    # Rows are in the order of their ids, so the first of several that are equally near is the
    # lowest.
    medoid = rows[np.argmin(distances[rows])]
    return {
        "size": len(rows),
        "share": len(rows) / len(is_member),
        "range_p50": float(np.median(ranges)) if len(ranges) else None,
        "session_types": _count_types(members["session_type"].to_pylist()),
        "first_on": dates["min"].as_py(),
        "last_on": dates["max"].as_py(),
        "medoid_session_id": data.session_ids[medoid],
    }


def _count_types(session_types: Sequence[str | None]) -> list[dict[str, object]]:
    counts = Counter(name or "unknown" for name in session_types)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [{"session_type": name, "sessions": count} for name, count in ordered]


def label_archetypes(archetypes: Sequence[dict[str, object]]) -> list[str]:
    """Label archetypes by what sets them apart from the others, as short as tells them apart.

    Parameters
    ----------
    archetypes : sequence of dict
        With `centroid_scaled` and `archetype_id`.

    Returns
    -------
    list of str
        Unique, as in "high volatility, low time_std": the two features whose scaled centroid lies
        furthest from the mean of all centroids, or as many more, or the id, as it takes.
    """
    centroids = np.array([archetype["centroid_scaled"] for archetype in archetypes])
    apart = centroids - centroids.mean(axis=0)
    parts = []
    for archetype, row in zip(archetypes, apart, strict=True):
        order = np.argsort(-np.abs(row), kind="stable")[:LABEL_FEATURES_MAX]
        words = [f"{'high' if row[i] > 0 else 'low'} {FEATURE_NAMES[i]}" for i in order]
        parts.append((*words, f"archetype {archetype['archetype_id']}"))
    counts = Counter(words[:length] for words in parts for length in range(2, len(words) + 1))
    return [
        ", ".join(next(words[:n] for n in range(2, len(words) + 1) if counts[words[:n]] == 1))
        for words in parts
    ]


def _training_column(data: _Training, library: _Library) -> pa.Array:
    n_rows = len(data.session_ids)
    values = pa.array(data.vectors.ravel(), mask=data.is_imputed.ravel())
    vectors = pa.ListArray.from_arrays(
        pa.array(np.arange(n_rows + 1) * N_FEATURES, pa.int32()), values
    )
    rows = pa.StructArray.from_arrays(
        [
            pa.array(data.session_ids, pa.string()),
            pa.array(library.archetype_ids, pa.int32()),
            pa.array(library.distances),
            data.table["vector_md5"].combine_chunks(),
            vectors.cast(_DOUBLES),
        ],
        fields=list(TRAINING_TYPE),
    )
    return pa.ListArray.from_arrays(pa.array([0, n_rows], pa.int32()), rows)
