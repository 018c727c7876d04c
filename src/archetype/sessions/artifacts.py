"""Keep the artifacts of model versions in the home, and read nothing that does not match its sum.

A version is a folder of six files, `$ARCHETYPE_HOME/artifacts/session_fingerprints/v<n>.0.0`; a
library of somebody else's k-means is one under `imported/<name>`. A folder appears whole or not at
all, and is never changed afterwards. Reading checks the sums first and then reads JSON and Parquet
alone: the pickles are for others, and are never opened here.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import pyarrow as pa

from archetype.durable import DRAFT_SUFFIX, alone_in, flush, folder_below, shown, write_new_file
from archetype.sessions.artifact_files import (
    FINGERPRINT_SCHEMA,
    FINGERPRINTS,
    METADATA,
    SUMMED,
    SUMS,
    Library,
    find_misfit,
    read_library,
    spell_sums,
)
from archetype.sessions.features import FEATURE_NAMES, N_FEATURES
from archetype.sessions.match import centroid_distances
from archetype.sessions.sidecar import ARTIFACTS, artifact_path
from archetype.sessions.space import DISTANCES, Space, transform

IMPORTED = f"{ARTIFACTS}/imported"

_UNREADABLE = (
    *(LookupError, TypeError, ValueError, OverflowError, RecursionError),
    *(OSError, pa.ArrowException),
)
# A folder that is being written, and the one it replaces.
_UNFINISHED = (DRAFT_SUFFIX, ".old")
_SUM_LINE = re.compile(r"[0-9a-f]{64}  ([^\n]+)\n")


class ArtifactError(ValueError):
    """Artifacts that cannot be used: one line with path, what was expected and how to rebuild.

    Parameters
    ----------
    path : pathlib.Path
        The folder or file.
    found : str
        What is wrong with it.
    expected : str
        What should be there.
    """

    def __init__(self, path: Path, found: str, expected: str) -> None:
        line = f"{path}: {found}; expected {expected}; {_remedy(path)}"
        super().__init__(" ".join(line.split()))
        self.path = path


class ArtifactMissingError(ArtifactError):
    """A folder or file is not there."""


class ArtifactCorruptError(ArtifactError):
    """A file is not what was written."""


class ArtifactDimensionError(ArtifactError):
    """Numbers are of another dimension than the 30 features, or do not fit together."""


class ArtifactConflictError(ArtifactError):
    """The folder holds the good artifacts of another model."""


def _remedy(path: Path) -> str:
    if "imported" in path.parts[-3:]:
        return "import the library's JSON again: archetype artifacts import FILE.json --force"
    return "write it again from the tables: archetype artifacts export --force"


@dataclass(frozen=True, eq=False)
class Artifacts:
    """What a folder of artifacts says, all that scoring needs.

    Parameters
    ----------
    folder : pathlib.Path
        Where it was read.
    space : Space
        Scaler, clip, components, distance.
    archetype_ids : numpy.ndarray of int, shape (k,)
        Ascending.
    centroids : numpy.ndarray, shape (k, m)
        In the space, one per id.
    statistics : list of dict
        Rows of `cluster_stats.json`, one per id.
    metadata : dict
        The whole of `metadata.json`.
    fingerprints : pyarrow.Table
        What was fitted on; no rows for an imported library.
    """

    folder: Path
    space: Space
    archetype_ids: np.ndarray
    centroids: np.ndarray
    statistics: list[dict[str, object]]
    metadata: dict[str, object]
    fingerprints: pa.Table


def load_artifacts(folder: Path) -> Artifacts:
    """Read a folder of artifacts, after checking every file against its sum.

    Parameters
    ----------
    folder : pathlib.Path
        As by :func:`write_artifacts`.

    Returns
    -------
    Artifacts
        Bit for bit what was written.

    Raises
    ------
    ArtifactMissingError
        The folder, or one of the files, is not there.
    ArtifactCorruptError
        A file does not match its sum or cannot be read, there is a file that `SHA256SUMS` does not
        list, or `SHA256SUMS` is missing or malformed.
    ArtifactDimensionError
        The features are not the 30 of this project, or centroids, scaler and components do not fit
        together.
    """
    contents = _read_files(folder)
    _check_sums(folder, contents)
    try:
        library, metadata = read_library(contents)
        names, dimension = metadata["feature_names"], metadata["dimension"]
        expected_rows = metadata["n_sessions"]
        spelt_ids = metadata["archetype_ids"]
        _ = metadata["model_version"]
    except _UNREADABLE as error:
        raise ArtifactCorruptError(
            folder,
            f"its files match their sums, but cannot be read: {shown(str(error) or type(error))}",
            "the files that archetype artifacts export writes",
        ) from error
    _check_dimensions(folder, names, dimension, library)
    _check_numbers(folder, library, spelt_ids)
    table = library.fingerprints
    if table.schema.names != FINGERPRINT_SCHEMA.names or table.num_rows != expected_rows:
        raise ArtifactCorruptError(
            folder / FINGERPRINTS,
            f"it has {table.num_rows} rows of {table.num_columns} columns",
            f"{expected_rows} rows of {len(FINGERPRINT_SCHEMA)} columns, as metadata.json says",
        )
    return Artifacts(
        folder=folder,
        space=library.space,
        archetype_ids=library.archetype_ids,
        centroids=library.centroids,
        statistics=list(library.statistics),
        metadata=metadata,
        fingerprints=table,
    )


def _read_files(folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        found = "it is no folder" if folder.exists() else "there is no such folder"
        raise ArtifactMissingError(folder, found, f"a folder of {', '.join((*SUMMED, SUMS))}")
    for name in SUMMED:
        if not (folder / name).exists():
            raise ArtifactMissingError(
                folder / name, "there is no such file", f"the file that {SUMS} lists"
            )
    if not (folder / SUMS).exists():
        raise ArtifactCorruptError(
            folder / SUMS, "there is no such file", "the sums of the five files beside it"
        )
    strangers = sorted({path.name for path in folder.iterdir()} - {*SUMMED, SUMS})
    if strangers:
        raise ArtifactCorruptError(
            folder / strangers[0], f"{SUMS} does not list it", "the six files of a version alone"
        )
    return {name: _read_file(folder / name) for name in (*SUMMED, SUMS)}


def _read_file(path: Path) -> bytes:
    if not path.is_file():
        raise ArtifactCorruptError(path, "it is no regular file", "the file that was written")
    try:
        return path.read_bytes()
    except OSError as error:
        found = f"it cannot be read ({error.strerror})"
        raise ArtifactCorruptError(path, found, "the file that was written") from error


def _check_sums(folder: Path, contents: Mapping[str, bytes]) -> None:
    expected = spell_sums(contents).decode()
    found = contents[SUMS].decode("utf-8", errors="replace")
    if found == expected:
        return
    lines = found.splitlines(keepends=True)
    names = [match[1] for line in lines if (match := _SUM_LINE.fullmatch(line))]
    if len(names) != len(lines) or names != list(SUMMED):
        raise ArtifactCorruptError(
            folder / SUMS,
            "it is malformed",
            f"{len(SUMMED)} lines of a SHA-256, two blanks and a name: {', '.join(SUMMED)}",
        )
    pairs = zip(SUMMED, lines, expected.splitlines(keepends=True), strict=True)
    name, line, true = next(pair for pair in pairs if pair[1] != pair[2])
    raise ArtifactCorruptError(
        folder / name, f"its SHA-256 is {true[:12]}...", f"{line[:12]}..., as {SUMS} says"
    )


def _check_dimensions(folder: Path, names: object, dimension: object, library: Library) -> None:
    if dimension != N_FEATURES:
        found = f"its dimension is {shown(dimension)}"
        raise ArtifactDimensionError(folder / METADATA, found, f"{N_FEATURES}")
    if names != list(FEATURE_NAMES):
        raise ArtifactDimensionError(
            folder / METADATA,
            "its feature_names are others",
            f"the {N_FEATURES} features of session_fingerprints in their order",
        )
    misfit = find_misfit(library)
    if misfit:
        found, expected = misfit.split(", expected ")
        raise ArtifactDimensionError(folder, found, expected)


def _check_numbers(folder: Path, library: Library, spelt_ids: object) -> None:
    space, ids = library.space, library.archetype_ids
    numbers = (space.centre, space.scale, space.mean, space.components, library.centroids)
    sound = (
        all(np.isfinite(each).all() for each in numbers),
        (space.scale > 0).all(),
        space.clip > 0,
        space.distance in DISTANCES,
        (np.diff(ids) > 0).all(),
        ids.tolist() == spelt_ids,
    )
    if not all(sound):
        raise ArtifactCorruptError(
            folder,
            "its numbers cannot be those of a library",
            "finite numbers, scales and clip above 0, a known distance and ascending archetype ids",
        )


def score_with(
    artifacts: Artifacts, vectors: np.ndarray, is_imputed: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Score vectors with a library that was read from artifacts.

    Parameters
    ----------
    artifacts : Artifacts
        As by :func:`load_artifacts`.
    vectors : numpy.ndarray, shape (n, 30)
        In feature units, in the order of ``FEATURE_NAMES``.
    is_imputed : numpy.ndarray of bool, shape (n, 30)
        Which components are imputed; they take the scaler's centre.

    Returns
    -------
    labels : numpy.ndarray of int, shape (n,)
        Archetype ids: of the nearest centroid, the lowest of several that are equally near.
    distances : numpy.ndarray, shape (n, k)
        To every centroid, in the order of the ids. Bit for bit those of `session_assignments`.
    """
    points = transform(artifacts.space, vectors, is_imputed)
    distances = centroid_distances(points, artifacts.centroids)
    return artifacts.archetype_ids[np.argmin(distances, axis=1)], distances


def find_artifacts(home: Path) -> list[Path]:
    """List the folders of artifacts in a home.

    Parameters
    ----------
    home : pathlib.Path
        `ARCHETYPE_HOME`.

    Returns
    -------
    list of pathlib.Path
        Versions by number, then imported libraries by name.

    Raises
    ------
    ArtifactMissingError
        There are none.
    """
    versions, imported = home / ARTIFACTS, home / IMPORTED
    folders = sorted(_folders(versions), key=lambda path: (len(path.name), path.name))
    found = [path for path in folders if path != imported] + sorted(_folders(imported))
    if not found:
        raise ArtifactMissingError(versions, "there are no artifacts", "a folder a model version")
    return found


def _folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]


def write_artifacts(
    home: Path, version: int, files: Mapping[str, bytes], *, force: bool = False
) -> Path:
    """Write the artifacts of a model version into the home.

    Parameters
    ----------
    home : pathlib.Path
        `ARCHETYPE_HOME`.
    version : int
        `version_number` of session_models.
    files : mapping of bytes
        As by ``make_artifacts``.
    force : bool
        Replace what stands there, whatever it is.

    Returns
    -------
    pathlib.Path
        The folder. What stands there already, verifies and is of the same model is left alone.

    Raises
    ------
    ArtifactError
        What stands there does not verify, or is of another model.
    """
    return write_folder(home, artifact_path(version), files, force=force)


def is_standing(home: Path, path: str, model_version: str) -> bool:
    """Tell whether the artifacts of a model stand where they belong.

    Parameters
    ----------
    home : pathlib.Path
        `ARCHETYPE_HOME`.
    path : str
        POSIX path of the folder, relative to the home.
    model_version : str
        Whose artifacts are wanted.

    Returns
    -------
    bool
        False where there is nothing at all.

    Raises
    ------
    ArtifactError
        Something stands there that does not verify, or is of another model.
    """
    folder = home / path
    if not os.path.lexists(folder):
        return False
    found = load_artifacts(folder).metadata["model_version"]
    if found != model_version:
        raise ArtifactConflictError(
            folder, f"it holds model {shown(found)}", f"model {model_version}, or no such folder"
        )
    return True


def write_folder(home: Path, path: str, files: Mapping[str, bytes], *, force: bool = False) -> Path:
    """Write a folder of artifacts, whole or not at all.

    Parameters
    ----------
    home : pathlib.Path
        `ARCHETYPE_HOME`.
    path : str
        POSIX path of the folder, relative to the home.
    files : mapping of bytes
        Six files by name.
    force : bool
        Replace what stands there, whatever it is.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    ArtifactError
        What stands there does not verify, or is of another model, and `force` is not set.
    ValueError
        A level of the path is a symbolic link.
    """
    names = PurePosixPath(path).parts
    folder = folder_below(home, *names)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with alone_in(folder.parent):
        draft, old = (folder.with_name(f".{folder.name}{kind}") for kind in _UNFINISHED)
        for leftover in (draft, old):
            _remove(leftover)
        model_version = json.loads(files[METADATA])["model_version"]
        if not force and is_standing(folder.parent, folder.name, model_version):
            return folder
        draft.mkdir()
        for name, content in files.items():
            write_new_file(draft / name, content)
        flush(draft)
        if os.path.lexists(folder):
            # A folder cannot be replaced in one step. Killed between the two renames, the version
            # is missing, says so, and is written by the next export.
            folder.rename(old)
        draft.rename(folder)
        flush(folder.parent)
        _remove(old)
    return folder


def remove_unfinished(home: Path) -> None:
    """Remove what processes that were killed left of folders of artifacts.

    Parameters
    ----------
    home : pathlib.Path
        `ARCHETYPE_HOME`.
    """
    for folder in (home / ARTIFACTS, home / IMPORTED):
        if not folder.is_dir():
            continue
        with alone_in(folder):
            for path in folder.glob(".*"):
                if path.name.endswith(_UNFINISHED):
                    _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
