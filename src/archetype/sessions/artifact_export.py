"""Write the artifacts of model versions from the tables: in a build, or afterwards by command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from archetype.publish import PUBLISHED_NAME, WAREHOUSE_NAME
from archetype.sessions.artifact_files import TrainingMismatchError, make_artifacts
from archetype.sessions.artifacts import is_standing, remove_unfinished, write_artifacts
from archetype.sessions.features import FEATURE_NAMES
from archetype.sessions.sidecar import artifact_path

T = TypeVar("T")


EXPORTS_SCHEMA = pa.schema(
    [
        ("model_version", pa.string()),
        ("version_number", pa.int32()),
        ("artifact_path", pa.string()),
        ("n_sessions", pa.int64()),
    ]
)

# The fingerprints as they are now; the training hash tells whether they still are what was fitted.
_PUBLISHED_TRAINING = """
    select
        fingerprints.session_id,
        cast(fingerprints.feature_vector as double[]) as feature_vector,
        list_transform(
            $names, lambda name: list_contains(fingerprints.imputed_features, name)
        ) as is_imputed
    from session_fingerprints as fingerprints
    inner join sessions on fingerprints.session_id = sessions.session_id
    where
        fingerprints.checkpoint_pct = 100
        and sessions.is_fitted_on
        and sessions.model_version = $model_version
"""
_LOGGED_TRAINING = """
    select label.session_id, label.feature_vector
    from (
        select unnest(training, recursive := false) as label
        from session_model_log
        where model_version = $model_version
    )
"""


def export_versions(
    home: Path, models: pa.Table, archetypes: pa.Table, training: pa.Table
) -> pa.Table:
    """Write the artifacts of every model version that the home does not hold yet.

    Parameters
    ----------
    home : pathlib.Path
        `ARCHETYPE_HOME`.
    models, archetypes : pyarrow.Table
        `session_models` and `session_archetypes`.
    training : pyarrow.Table
        `session_model_log`, its column `training` unnested: model_version, session_id and
        feature_vector (30 numbers, null where imputed).

    Returns
    -------
    pyarrow.Table
        One row a version, by number: model_version, version_number, artifact_path (relative to the
        home) and n_sessions.

    Raises
    ------
    ArtifactError
        What stands in the home does not verify, or is of another model.
    TrainingMismatchError
        Training rows are not those of their version.
    """
    remove_unfinished(home)
    rows = []
    for place in range(models.num_rows):
        model = models.slice(place, 1)
        number, version, n_sessions = (
            model[name][0].as_py() for name in ("version_number", "model_version", "n_sessions")
        )
        path = artifact_path(number)
        if not is_standing(home, path, version):
            own = (_of_version(table, version) for table in (archetypes, training))
            write_artifacts(home, number, make_artifacts(model, *own))
        rows.append((number, version, path, n_sessions))
    names = ("version_number", "model_version", "artifact_path", "n_sessions")
    listed = [dict(zip(names, row, strict=True)) for row in sorted(rows)]
    return pa.Table.from_pylist(listed, schema=EXPORTS_SCHEMA)


def _of_version(table: pa.Table, version: str) -> pa.Table:
    return table.filter(pc.equal(table["model_version"], version))


def export_artifacts(
    published: Path, home: Path, *, version: int | None = None, force: bool = False
) -> Path:
    """Write the artifacts of one model version from the files of a finished build.

    The fingerprints come from the published file if they still are those that the version was
    fitted on, by its training hash, and else from the log of models in the warehouse beside it.

    Parameters
    ----------
    published : pathlib.Path
        `published.duckdb`.
    home : pathlib.Path
        `ARCHETYPE_HOME`, where the artifacts go.
    version : int, optional
        `version_number` of session_models; the version in force by default.
    force : bool
        Replace what stands there, whatever it is.

    Returns
    -------
    pathlib.Path
        The folder. What stands there already, verifies and is of the same model is left alone.

    Raises
    ------
    ValueError
        There is no such file, version or table, or neither file holds what it was fitted on.
    ArtifactError
        What stands there does not verify, or is of another model, and `force` is not set.
    """
    model, archetypes = _read(published, lambda file: _read_model(file, published, version))
    model_version = model["model_version"][0].as_py()
    number = model["version_number"][0].as_py()
    path = artifact_path(number)
    if not force and is_standing(home, path, model_version):
        return home / path
    files = _make_from(published, model, archetypes)
    return write_artifacts(home, number, files, force=force)


def _make_from(published: Path, model: pa.Table, archetypes: pa.Table) -> dict[str, bytes]:
    asked = {"model_version": model["model_version"][0].as_py()}
    try:
        training = _read(
            published,
            lambda file: _ask(file, _PUBLISHED_TRAINING, asked | {"names": FEATURE_NAMES}),
        )
        return make_artifacts(model, archetypes, training)
    except TrainingMismatchError:
        warehouse = published.with_name(WAREHOUSE_NAME)
        logged = _read(warehouse, lambda file: _ask(file, _LOGGED_TRAINING, asked))
        return make_artifacts(model, archetypes, logged)


def _read_model(
    file: duckdb.DuckDBPyConnection, path: Path, version: int | None
) -> tuple[pa.Table, pa.Table]:
    models = file.execute("from session_models").to_arrow_table()
    if version is None:
        model = models.filter(pc.equal(models["status"], "champion"))
    else:
        model = models.filter(pc.equal(models["version_number"], version))
    if model.num_rows != 1:
        known = ", ".join(map(str, sorted(models["version_number"].to_pylist()))) or "none"
        asked = "in force" if version is None else str(version)
        raise ValueError(f"{path}: there is no model version {asked}; expected one of: {known}")
    sql = "from session_archetypes where model_version = $model_version"
    return model, _ask(file, sql, {"model_version": model["model_version"][0].as_py()})


def _ask(file: duckdb.DuckDBPyConnection, sql: str, values: dict[str, object]) -> pa.Table:
    return file.execute(sql, values).to_arrow_table()


def _read(path: Path, query: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
    if not path.is_file():
        raise ValueError(
            f"{path}: there is no such file; expected {PUBLISHED_NAME} and {WAREHOUSE_NAME} of a "
            "finished build: archetype build"
        )
    try:
        with duckdb.connect(str(path), read_only=True) as file:
            return query(file)
    except duckdb.Error as error:
        line = " ".join(str(error).split())
        raise ValueError(
            f"{path}: it cannot be read ({line[:200]}); expected the tables of a finished build "
            "with the sessions wing, and no build at work on them: archetype build"
        ) from error
