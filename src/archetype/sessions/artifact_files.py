"""Spell a library of archetypes as the six files that other programs can use without a database.

`kmeans_model.pkl` and `scaler.pkl` are scikit-learn objects rebuilt from the tables, for those who
want them; nothing here or elsewhere in this project reads a pickle. All that scoring needs also
stands in the JSON files, whose numbers are read back bit for bit.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import pickle
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.cluster import KMeans
from sklearn.preprocessing import RobustScaler, StandardScaler

from archetype.durable import shown
from archetype.sessions.features import FEATURE_NAMES, N_FEATURES
from archetype.sessions.fit import hash_training
from archetype.sessions.match import nearest_centroids, read_space
from archetype.sessions.sidecar import spell_instant
from archetype.sessions.space import Space, read_vectors, transform

KMEANS, SCALER = "kmeans_model.pkl", "scaler.pkl"
STATS, METADATA = "cluster_stats.json", "metadata.json"
FINGERPRINTS, SUMS = "session_fingerprints.parquet", "SHA256SUMS"
SUMMED = tuple(sorted((KMEANS, SCALER, STATS, METADATA, FINGERPRINTS)))

FORMAT = "archetype_session_artifacts"
FORMAT_VERSION = 1

# Every Python since 3.4 reads it, and NumPy 1.26 and later read the arrays in it.
PICKLE_PROTOCOL = 4

FINGERPRINT_SCHEMA = pa.schema(
    [
        ("session_id", pa.string()),
        ("archetype_id", pa.int32()),
        ("distance", pa.float64()),
        *((name, pa.float64()) for name in FEATURE_NAMES),
    ]
)

STATISTICS = (
    "archetype_label",
    "size",
    "share",
    "volatility_class",
    "range_p50",
    "dominant_htf_regime",
    "top_phases",
    "session_types",
    "first_on",
    "last_on",
    "medoid_session_id",
    "lineage",
    "parent_archetype_id",
    "centroid_scaled",
    "centroid_features",
)

_METRICS = (
    "silhouette",
    "calinski_harabasz",
    "davies_bouldin",
    "inertia",
    "separation",
    "stability",
    "pipeline_stability",
)

_SCORING = (
    "scaled = (vector - space.centre) / space.scale, which is scaler.pkl; 0 where imputed",
    "scaled is cut at minus and plus space.clip, if that is not null",
    "point = (scaled - space.component_mean) @ transpose(space.components); scaled itself where "
    "there are no components",
    "with space.distance cosine, point is divided by its Euclidean length",
    "the archetype is the one whose centroid (cluster_stats.json) is nearest to point by Euclidean "
    "distance, the lowest id of several; label i of kmeans_model.pkl is archetype_ids[i]",
)


class TrainingMismatchError(ValueError):
    """The given fingerprints are not those that the model was fitted on."""


@dataclass(frozen=True, eq=False)
class Library:
    """A library of archetypes in the form that every artifact is made from.

    Parameters
    ----------
    space : Space
        Scaler, clip, components, distance; its clip is infinite where there is none.
    archetype_ids : numpy.ndarray of int, shape (k,)
        Ascending.
    centroids : numpy.ndarray, shape (k, m)
        In the space.
    statistics : sequence of mapping
        One per archetype; what ``STATISTICS`` names and it lacks is null.
    about : mapping
        Further entries of `metadata.json`.
    fingerprints : pyarrow.Table
        ``FINGERPRINT_SCHEMA``.
    """

    space: Space
    archetype_ids: np.ndarray
    centroids: np.ndarray
    statistics: Sequence[Mapping[str, object]]
    about: Mapping[str, object]
    fingerprints: pa.Table


def make_artifacts(model: pa.Table, archetypes: pa.Table, training: pa.Table) -> dict[str, bytes]:
    """Make the artifacts of one model version.

    Parameters
    ----------
    model : pyarrow.Table
        Its row of `session_models`.
    archetypes : pyarrow.Table
        Its rows of `session_archetypes`.
    training : pyarrow.Table
        One row a session that it was fitted on, in any order: session_id, feature_vector (30
        numbers; null where imputed, or marked so by is_imputed), and optionally is_imputed (30
        booleans). The column `training` of `session_model_log`, unnested, is such a table.

    Returns
    -------
    dict of bytes
        Six files by name. The same arguments give the same bytes, under the same versions of the
        libraries that `metadata.json` lists.

    Raises
    ------
    TrainingMismatchError
        The rows of `training` are not those that the version was fitted on, by its training_hash.
    ValueError
        There is not exactly one model row, or the archetypes do not fit it.
    """
    space = read_space(model)
    row = model.to_pylist()[0]
    statistics = archetypes.sort_by("archetype_id").to_pylist()
    library = Library(
        space=space,
        archetype_ids=np.array([each["archetype_id"] for each in statistics], dtype=np.int32),
        centroids=as_matrix([each["centroid"] for each in statistics]),
        statistics=statistics,
        about=_describe_model(row),
        fingerprints=FINGERPRINT_SCHEMA.empty_table(),
    )
    misfit = find_misfit(library)
    if misfit:
        raise ValueError(f"model version {row['version_number']}: {misfit}")
    described = replace(library, fingerprints=_describe_training(training, row, library))
    return spell_library(described, row["scaler"], random_state=row["random_state"])


def _describe_model(row: Mapping[str, object]) -> dict[str, object]:
    return {
        "origin": "fitted",
        "artifact_version": f"{row['version_number']}.0.0",
        "model_version": row["model_version"],
        "version_number": row["version_number"],
        "parent_version": row["parent_version"],
        # The data's own time: the last instant that the fit has seen.
        "created_at": spell_instant(row["valid_from"]),
        "reason": row["reason"],
        "feature_schema": row["feature_schema"],
        "training_hash": row["training_hash"],
        "fit_hash": row["fit_hash"],
        "algorithm": row["algorithm"],
        "parameters": json.loads(row["parameters"]),
        "metrics": {name: row[name] for name in _METRICS},
    }


def _describe_training(training: pa.Table, row: Mapping[str, object], library: Library) -> pa.Table:
    table = _marked(training).sort_by("session_id")
    session_ids = np.array(table["session_id"].to_pylist(), dtype=object)
    vectors, is_imputed = read_vectors(table)
    found = hash_training(session_ids, vectors, is_imputed)
    if found != row["training_hash"]:
        raise TrainingMismatchError(
            f"the {len(session_ids)} fingerprints given for model version {row['version_number']} "
            f"({row['model_version']}) are not the {row['n_sessions']} that it was fitted on: "
            f"their hash is {found[:16]}, expected {row['training_hash'][:16]}"
        )
    points = transform(library.space, vectors, is_imputed)
    labels, distances = nearest_centroids(points, library.centroids)
    features = {
        name: pa.array(vectors[:, place], mask=is_imputed[:, place])
        for place, name in enumerate(FEATURE_NAMES)
    }
    members = library.archetype_ids[labels]
    columns = {"session_id": table["session_id"], "archetype_id": members}
    return pa.table(columns | {"distance": distances} | features, schema=FINGERPRINT_SCHEMA)


def _marked(training: pa.Table) -> pa.Table:
    """Give training rows a mask where their vectors have nulls instead of one."""
    if "is_imputed" in training.column_names:
        return training
    lists = training["feature_vector"].combine_chunks()
    masks = pa.ListArray.from_arrays(lists.offsets, lists.values.is_null())
    return training.append_column("is_imputed", masks)


def spell_library(library: Library, scaler: str, *, random_state: int) -> dict[str, bytes]:
    """Spell a library as files.

    Parameters
    ----------
    library : Library
        What to spell.
    scaler : {"standard", "robust"}
        The kind of the scaler in `scaler.pkl`.
    random_state : int
        Seed that `kmeans_model.pkl` names as its own.

    Returns
    -------
    dict of bytes
        Six files by name; `SHA256SUMS` lists the other five for ``sha256sum -c``.
    """
    contents = {
        KMEANS: _pickled(_rebuild_kmeans(library, random_state)),
        SCALER: _pickled(_rebuild_scaler(library.space, scaler)),
        STATS: _spell_json({"archetypes": _spell_statistics(library)}),
        METADATA: _spell_json(_spell_metadata(library, scaler)),
        FINGERPRINTS: _spell_parquet(library.fingerprints),
    }
    return contents | {SUMS: spell_sums(contents)}


def spell_sums(contents: Mapping[str, bytes]) -> bytes:
    """Spell the sums of files as ``sha256sum`` does.

    Parameters
    ----------
    contents : mapping of bytes
        The files by name; those that ``SUMMED`` does not name are left out.

    Returns
    -------
    bytes
        A line a file, in the order of the names.
    """
    lines = [f"{hashlib.sha256(contents[name]).hexdigest()}  {name}\n" for name in SUMMED]
    return "".join(lines).encode()


def _rebuild_kmeans(library: Library, random_state: int) -> KMeans:
    kmeans = KMeans(n_clusters=len(library.centroids), n_init=1, random_state=random_state)
    kmeans.cluster_centers_ = np.array(library.centroids, dtype=float, order="C")
    kmeans.n_features_in_ = kmeans.cluster_centers_.shape[1]
    kmeans._n_threads = 1
    if library.fingerprints.num_rows:
        members = library.fingerprints["archetype_id"].to_numpy()
        distances = library.fingerprints["distance"].to_numpy()
        kmeans.labels_ = np.searchsorted(library.archetype_ids, members).astype(np.int32)
        kmeans.inertia_ = math.fsum(distances * distances)
    return kmeans


def _rebuild_scaler(space: Space, scaler: str) -> StandardScaler | RobustScaler:
    centre, scale = (np.array(each, dtype=float) for each in (space.centre, space.scale))
    if scaler == "robust":
        rebuilt = RobustScaler(unit_variance=True)
        rebuilt.center_ = centre
    else:
        rebuilt = StandardScaler()
        rebuilt.mean_ = centre
        rebuilt.var_ = scale * scale
    rebuilt.scale_ = scale
    rebuilt.n_features_in_ = N_FEATURES
    return rebuilt


def _pickled(thing: object) -> bytes:
    return pickle.dumps(thing, protocol=PICKLE_PROTOCOL)


def _spell_statistics(library: Library) -> list[dict[str, object]]:
    spelt = []
    rows = zip(library.archetype_ids, library.centroids, library.statistics, strict=True)
    for name, centroid, given in rows:
        statistics = {key: given.get(key) for key in STATISTICS}
        types = given.get("session_types") or []
        total = sum(kind["sessions"] for kind in types)
        shares = {kind["session_type"]: kind["sessions"] / total for kind in types}
        for key in ("first_on", "last_on"):
            statistics[key] = given[key].isoformat() if given.get(key) else None
        spelt.append(
            {"archetype_id": int(name), "centroid": (centroid + 0.0).tolist()}
            | statistics
            | {"session_type_probabilities": shares}
        )
    return spelt


def _spell_metadata(library: Library, scaler: str) -> dict[str, object]:
    space = library.space
    return {
        **library.about,
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "dimension": N_FEATURES,
        "feature_names": list(FEATURE_NAMES),
        "archetype_ids": library.archetype_ids.tolist(),
        "n_sessions": library.fingerprints.num_rows,
        "scoring": list(_SCORING),
        "space": {
            "scaler": scaler,
            "centre": (space.centre + 0.0).tolist(),
            "scale": space.scale.tolist(),
            "clip": space.clip if math.isfinite(space.clip) else None,
            "component_mean": (space.mean + 0.0).tolist(),
            "components": (space.components + 0.0).tolist(),
            "explained_variance": space.explained_variance.tolist(),
            "distance": space.distance,
        },
        "libraries": {
            "archetype": version("archetype"),
            "python": platform.python_version(),
            **{name: version(name) for name in ("numpy", "pyarrow", "scikit-learn")},
        },
    }


def _spell_json(value: object) -> bytes:
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()


def _spell_parquet(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table.combine_chunks(), buffer, compression="zstd")
    return buffer.getvalue()


def read_library(contents: Mapping[str, bytes]) -> tuple[Library, dict[str, object]]:
    """Read a library back from its JSON and Parquet files; the pickles are not touched.

    Parameters
    ----------
    contents : mapping of bytes
        The files by name, as by :func:`spell_library`.

    Returns
    -------
    library : Library
        Bit for bit what was spelt.
    metadata : dict
        The whole of `metadata.json`.

    Raises
    ------
    LookupError, TypeError, ValueError, pyarrow.ArrowException
        A file is not what :func:`spell_library` writes.
    """
    metadata = json.loads(contents[METADATA])
    if (metadata["format"], metadata["format_version"]) != (FORMAT, FORMAT_VERSION):
        found = shown(f"{metadata['format']} {metadata['format_version']}")
        raise ValueError(f"its format is {found}, expected {FORMAT} {FORMAT_VERSION}")
    statistics = json.loads(contents[STATS])["archetypes"]
    spelt = metadata["space"]
    space = Space(
        centre=np.array(spelt["centre"], dtype=float),
        scale=np.array(spelt["scale"], dtype=float),
        clip=math.inf if spelt["clip"] is None else float(spelt["clip"]),
        mean=np.array(spelt["component_mean"], dtype=float),
        components=as_matrix(spelt["components"]),
        explained_variance=np.array(spelt["explained_variance"], dtype=float),
        distance=spelt["distance"],
    )
    library = Library(
        space=space,
        archetype_ids=np.array([each["archetype_id"] for each in statistics], dtype=np.int32),
        centroids=as_matrix([each["centroid"] for each in statistics]),
        statistics=statistics,
        about=metadata,
        # Arrow's threads, started as late as this, would abort a process that ends right after.
        fingerprints=pq.read_table(io.BytesIO(contents[FINGERPRINTS]), use_threads=False),
    )
    return library, metadata


def find_misfit(library: Library) -> str | None:
    """Find what keeps the numbers of a library from fitting together.

    Parameters
    ----------
    library : Library
        As read.

    Returns
    -------
    str or None
        In words, what has which dimension and which was expected; None where all fit.
    """
    space, k = library.space, len(library.archetype_ids)
    width = len(space.components) or N_FEATURES
    shapes = (
        ("the scaler's centre", space.centre, (N_FEATURES,)),
        ("the scaler's scale", space.scale, (N_FEATURES,)),
        ("the components' mean", space.mean, (N_FEATURES,)),
        ("the components", space.components, (len(space.components), N_FEATURES)),
        ("the centroids", library.centroids, (max(k, 1), width)),
    )
    for what, numbers, expected in shapes:
        if numbers.shape != expected:
            found = " x ".join(map(str, numbers.shape))
            return f"{what} have dimension {found}, expected {' x '.join(map(str, expected))}"
    return None


def as_matrix(rows: Sequence[Sequence[float]]) -> np.ndarray:
    """Read a list of axes or centroids; none are 0 x 30.

    Parameters
    ----------
    rows : sequence of sequence of float
        Of one length.

    Returns
    -------
    numpy.ndarray, shape (k, m)
        The numbers.
    """
    return np.array(rows, dtype=float) if rows else np.zeros((0, N_FEATURES))
