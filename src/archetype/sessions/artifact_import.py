"""Take over the library of somebody else's k-means: from JSON, never from a pickle.

To read a pickle is to run what it says. Two lists of numbers are all that a k-means library is, so
they come as text, are checked, and are written as artifacts like our own.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from archetype.durable import check_name, shown
from archetype.sessions.artifact_files import FINGERPRINT_SCHEMA, Library, spell_library
from archetype.sessions.artifacts import IMPORTED, write_folder
from archetype.sessions.features import FEATURE_NAMES, N_FEATURES
from archetype.sessions.json_schemas import find_fault
from archetype.sessions.space import Space, on_unit_sphere

SCHEMA_NAME = "session_library.schema.json"
BYTES_MAX = 64 * 1024 * 1024

PICKLE_SUFFIXES = (".pkl", ".pickle", ".joblib", ".sav", ".dill")
# Protocol 2 and later; then what joblib compresses with: zlib, gzip, bzip2, xz, lzma, LZ4.
PICKLE_MAGIC = (
    *(b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"),
    *(b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"),
    *(b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x5d\x00\x00", b"\x04\x22\x4d\x18"),
)
HOW_TO_SPELL = (
    'json.dump({"centroids": kmeans.cluster_centers_.tolist(), "scaler": {"mean": '
    'scaler.mean_.tolist(), "scale": scaler.scale_.tolist()}}, open("library.json", "w"))'
)


def import_artifacts(
    source: Path, home: Path, name: str | None = None, *, force: bool = False
) -> Path:
    """Write the library of a foreign k-means as artifacts.

    Parameters
    ----------
    source : pathlib.Path
        A JSON file; see :func:`read_foreign`.
    home : pathlib.Path
        `ARCHETYPE_HOME`.
    name : str, optional
        What to call it; the file's name without its suffix by default.
    force : bool
        Replace what stands under this name.

    Returns
    -------
    pathlib.Path
        ``<home>/artifacts/session_fingerprints/imported/<name>``, with no fingerprints in it. What
        stands there already and is the same library is left alone.

    Raises
    ------
    ValueError
        The file is no such library, or the name would lead out of the folder.
    ArtifactError
        What stands there does not verify, or is another library, and `force` is not set.
    """
    name = check_name(source.stem if name is None else name, "the name of the library")
    foreign = read_foreign(source)
    return write_folder(home, f"{IMPORTED}/{name}", make_foreign(foreign, name), force=force)


def read_foreign(source: Path) -> dict[str, object]:
    """Read and check the JSON file of a foreign k-means library.

    Parameters
    ----------
    source : pathlib.Path
        An object with `centroids` (k lists of 30 numbers, in scaled units) and `scaler` (`mean` and
        `scale`, 30 numbers each), and optionally `feature_names` (ours, in any order), `names` (one
        per centroid) and `distance` (euclidean by default, or cosine).

    Returns
    -------
    dict
        What the file says, its numbers in the order of ``FEATURE_NAMES``.

    Raises
    ------
    ValueError
        It is not that; one line with the path, what is wrong and what was expected.
    """
    try:
        foreign = _parse(_read_text(source))
        fault = find_fault(SCHEMA_NAME, foreign) or _find_misfit(foreign)
    except ValueError as error:
        raise ValueError(f"{source}: {error}") from error
    if fault:
        raise ValueError(f"{source}: {fault}")
    return _in_our_order(foreign)


def _read_text(source: Path) -> str:
    if not source.is_file():
        found = "it is no regular file" if source.exists() else "there is no such file"
        raise ValueError(f"{found}; expected the JSON of a k-means library")
    try:
        with source.open("rb") as file:
            content = file.read(BYTES_MAX + 1)
    except OSError as error:
        raise ValueError(f"it cannot be read ({error.strerror}); expected JSON") from error
    if source.suffix.lower() in PICKLE_SUFFIXES or content.startswith(PICKLE_MAGIC):
        raise ValueError(
            "it is a pickle, or compressed as one, and is never opened, since to read a pickle is "
            f"to run it; expected JSON, which the program that made it can write: {HOW_TO_SPELL}"
        )
    if len(content) > BYTES_MAX:
        raise ValueError(f"it is too large; expected at most {BYTES_MAX} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError("it is no text in UTF-8; expected the JSON of a library") from error


def _parse(text: str) -> object:
    def refuse(constant: str) -> None:
        raise ValueError(f"it holds {constant}; expected finite numbers")

    try:
        return json.loads(text, parse_constant=refuse, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise ValueError(f"it is no JSON ({error.msg}, {place}); expected an object") from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply; expected an object") from error


def _once(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{shown(twice)} stands twice in one object; expected once")
    return found


def _find_misfit(foreign: Mapping[str, object]) -> str | None:
    k, names = len(foreign["centroids"]), foreign.get("names")
    if names is not None and len(names) != k:
        return f"names has {len(names)} entries; expected {k}, one per centroid"
    for name in names or ():
        if not name.isprintable():
            return f"names holds {shown(name)}; expected names that can be printed"
    given = foreign.get("feature_names", FEATURE_NAMES)
    unknown = [name for name in given if name not in FEATURE_NAMES]
    if unknown:
        missing = next(name for name in FEATURE_NAMES if name not in given)
        return (
            f"feature_names holds {shown(unknown[0])}, which is unknown; expected the "
            f"{N_FEATURES} features of session_fingerprints, of which {missing} is not there"
        )
    if foreign.get("distance") == "cosine":
        for place, centroid in enumerate(foreign["centroids"]):
            if sum(number * number for number in centroid) == 0:
                return f"centroids[{place}] has no length; expected one, as distance is cosine"
    return None


def _in_our_order(foreign: Mapping[str, object]) -> dict[str, object]:
    given = foreign.get("feature_names", FEATURE_NAMES)
    order = [given.index(name) for name in FEATURE_NAMES]

    def ordered(numbers: Sequence[float]) -> list[float]:
        return [float(numbers[place]) + 0.0 for place in order]

    scaler = {name: ordered(numbers) for name, numbers in foreign["scaler"].items()}
    centroids = [ordered(centroid) for centroid in foreign["centroids"]]
    return {"distance": "euclidean"} | foreign | {"scaler": scaler, "centroids": centroids}


def make_foreign(foreign: Mapping[str, object], name: str) -> dict[str, bytes]:
    """Make the artifacts of a foreign library.

    Parameters
    ----------
    foreign : mapping
        As by :func:`read_foreign`.
    name : str
        What the library is called.

    Returns
    -------
    dict of bytes
        Six files by name. Archetypes have the ids 1 to k in the order of the centroids; what the
        library cannot say of them is null. With cosine distance, centroids are brought to length 1.
    """
    centroids = np.array(foreign["centroids"], dtype=float)
    centre, scale = (np.array(foreign["scaler"][key], dtype=float) for key in ("mean", "scale"))
    names = foreign.get("names") or [f"{name} {place + 1}" for place in range(len(centroids))]
    statistics = [
        {
            "archetype_label": label,
            "centroid_scaled": centroid.tolist(),
            "centroid_features": (centre + scale * centroid).tolist(),
        }
        for label, centroid in zip(names, centroids, strict=True)
    ]
    is_cosine = foreign["distance"] == "cosine"
    library = Library(
        space=Space(
            centre=centre,
            scale=scale,
            clip=math.inf,
            mean=np.zeros(N_FEATURES),
            components=np.zeros((0, N_FEATURES)),
            explained_variance=np.zeros(0),
            distance=foreign["distance"],
        ),
        archetype_ids=np.arange(1, len(centroids) + 1, dtype=np.int32),
        centroids=on_unit_sphere(centroids) if is_cosine else centroids,
        statistics=statistics,
        about=_describe(foreign, name, names),
        fingerprints=FINGERPRINT_SCHEMA.empty_table(),
    )
    return spell_library(library, "standard", random_state=0)


def _describe(foreign: Mapping[str, object], name: str, names: Sequence[str]) -> dict[str, object]:
    content = [foreign[key] for key in ("centroids", "scaler", "distance")]
    digest = hashlib.sha256(json.dumps([content, names]).encode()).hexdigest()
    return {
        "origin": "imported",
        "artifact_version": name,
        "model_version": f"imported-{digest[:16]}",
        "version_number": None,
        # JSON has no instant of its own, and the wall clock is none of the data.
        "created_at": None,
        "training_hash": None,
    }
