"""What a live session is compared with: the model, its callers and the other sessions' ranges.

All of it is read once from `published.duckdb`, which is closed again: a build may replace it while
sessions are scored by what it said before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from archetype.sessions.callers import Caller, read_callers
from archetype.sessions.early import EarlyParameters
from archetype.sessions.early_fit import Setting
from archetype.sessions.early_scores import choose, fits, no_such_caller
from archetype.sessions.live_chain import PEER_COLUMNS
from archetype.sessions.live_sql import LiveError
from archetype.sessions.match import read_centroids, read_space
from archetype.sessions.space import Space

_TURN_ON = (
    "early calls are off. Build with `archetype build --vars 'session_fingerprinting: true'` or "
    "with ARCHETYPE_SESSION_FINGERPRINTING=1; --at 100 needs none of them."
)


@dataclass(frozen=True, eq=False)
class LiveLibrary:
    """The model in force and what belongs to it.

    Parameters
    ----------
    published : pathlib.Path
        The file that it was read from.
    model_version : str
        The champion's.
    version_number : int
        From 1.
    scaler, feature_schema : str
        As in session_models.
    space : Space
        The space that sessions are compared in.
    archetype_ids : numpy.ndarray of int32, shape (k,)
        Ascending.
    centroids : numpy.ndarray, shape (k, m)
        In the space, by id.
    archetypes : mapping of int to mapping
        The rows of session_archetypes by id.
    checkpoints : tuple of int
        Those that sessions are described at, ascending.
    peers : pyarrow.Table
        session_relative_ranges.
    callers : pyarrow.Table
        session_early_callers of the model's newest callers; no row where early calls are off.
    scores : pyarrow.Table
        session_early_call_scores of the same.
    held_out : frozenset of str
        Ids of the sessions that the model was fitted on, where early calls are on.
    """

    published: Path
    model_version: str
    version_number: int
    scaler: str
    feature_schema: str
    space: Space
    archetype_ids: np.ndarray
    centroids: np.ndarray
    archetypes: Mapping[int, Mapping[str, object]]
    checkpoints: tuple[int, ...]
    peers: pa.Table
    callers: pa.Table
    scores: pa.Table
    held_out: frozenset[str]

    def check_checkpoint(self, at: int) -> None:
        """Refuse what is no checkpoint of the library.

        Parameters
        ----------
        at : int
            Per cent of the scheduled time.

        Raises
        ------
        LiveError
            The message lists the checkpoints.
        """
        if at not in self.checkpoints:
            spelt = ", ".join(map(str, self.checkpoints))
            raise LiveError(f"--at {at} is no checkpoint of the library; choose one of {spelt}.")

    def find_caller(self, at: int, wanted: Setting) -> tuple[str, Caller]:
        """Find the caller of a checkpoint.

        Parameters
        ----------
        at : int
            A checkpoint below 100.
        wanted : Setting
            What it must be; an empty text asks for nothing. Where all are empty, it is the one that
            the build uses, else the best-scored one of those that fit.

        Returns
        -------
        caller_version : str
            The version of the callers.
        caller : Caller
            The caller.

        Raises
        ------
        LiveError
            Early calls are off, or no caller fits or is there at this checkpoint.
        """
        check_names(wanted)
        if self.callers.num_rows == 0:
            raise LiveError(f"{self.published} has no early callers: {_TURN_ON}")
        callers = read_callers(self.callers)
        chosen = [caller for caller in callers if caller.is_chosen]
        if any(wanted) or not chosen:
            setting = self._best(callers, wanted)
            chosen = [caller for caller in callers if Setting.of(caller) == setting]
        for caller in chosen:
            if caller.checkpoint_pct == at:
                return self.callers["caller_version"][0].as_py(), caller
        raise LiveError(
            f"there is no early caller at {at} %: fewer than two sessions were known there when "
            "callers were fitted."
        )

    def _best(self, callers: list[Caller], wanted: Setting) -> Setting:
        known = {Setting.of(caller) for caller in callers}
        try:
            if not any(fits(setting, wanted) for setting in known):
                raise no_such_caller(wanted, known)
            return choose(self.scores, *wanted)
        except ValueError as error:
            raise LiveError(_as_options(str(error))) from error


def check_names(wanted: Setting) -> None:
    """Refuse choices that no early caller could have.

    Parameters
    ----------
    wanted : Setting
        An empty text asks for nothing.

    Raises
    ------
    LiveError
        The message names the option and what it may be.
    """
    try:
        EarlyParameters(*wanted)
    except ValueError as error:
        raise LiveError(_as_options(str(error))) from error


def _as_options(message: str) -> str:
    """Call the choices what the command line calls them."""
    for name in ("caller", "metric", "confidence", "scaler"):
        message = message.replace(f"variable early_{name}", f"--{name}")
        message = message.replace(f"early_{name}", f"--{name}")
    return message


def read_library(published: Path) -> LiveLibrary:
    """Read the library from the file that a build published.

    Parameters
    ----------
    published : pathlib.Path
        `published.duckdb`.

    Returns
    -------
    LiveLibrary
        The champion and what belongs to it.

    Raises
    ------
    LiveError
        There is no such file, it cannot be read, lacks a table or holds no model.
    """
    if not published.is_file():
        raise LiveError(f"no {published}: run `archetype build` first.")
    try:
        with duckdb.connect(str(published), read_only=True) as connection:
            return _read(connection, published)
    except duckdb.CatalogException as error:
        raise LiveError(
            f"{published} lacks what this version reads ({_first_line(error)}): "
            "run `archetype build` again."
        ) from error
    except duckdb.Error as error:
        raise LiveError(f"{published} cannot be read: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


def _read(connection: duckdb.DuckDBPyConnection, published: Path) -> LiveLibrary:
    def read(sql: str, *values: object) -> pa.Table:
        return connection.execute(sql, list(values)).to_arrow_table()

    model = read("from session_models where status = 'champion'")
    if model.num_rows != 1:
        raise LiveError(
            f"{published} holds no model yet: build from enough sessions to fit one (see the "
            "variable k)."
        )
    (row,) = model.to_pylist()
    version = row["model_version"]
    archetypes = read(
        "from session_archetypes where model_version = ? order by archetype_id", version
    )
    space = read_space(model)
    archetype_ids, centroids = read_centroids(archetypes, space)
    callers, scores, held_out = _read_early(connection, read, version)
    return LiveLibrary(
        published=published,
        model_version=version,
        version_number=row["version_number"],
        scaler=row["scaler"],
        feature_schema=row["feature_schema"],
        space=space,
        archetype_ids=archetype_ids,
        centroids=centroids,
        archetypes={one["archetype_id"]: one for one in archetypes.to_pylist()},
        checkpoints=tuple(
            read("select distinct checkpoint_pct as pct from session_fingerprints order by 1")[
                "pct"
            ].to_pylist()
        ),
        peers=read(f"select {', '.join(PEER_COLUMNS)} from session_relative_ranges"),
        callers=callers,
        scores=scores,
        held_out=frozenset(held_out),
    )


def _read_early(
    connection: duckdb.DuckDBPyConnection, read, version: str
) -> tuple[pa.Table, pa.Table, list[str]]:
    """Read the callers of a model; a file of before early calls has none."""
    there = {
        name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()
    }
    if "session_early_callers" not in there:
        return pa.table({}), pa.table({}), []
    # The newest are those that the last change of choices asked for.
    current = "model_version = ? order by caller_number desc limit 1"
    newest = f"(select caller_version from session_early_callers where {current})"
    callers = read(f"from session_early_callers where caller_version = {newest}", version)
    scores = read(f"from session_early_call_scores where caller_version = {newest}", version)
    held_out = read(
        "select distinct session_id from session_early_calls"
        " where is_held_out and model_version = ?",
        version,
    )
    return callers, scores, held_out["session_id"].to_pylist()
