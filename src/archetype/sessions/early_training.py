"""The sessions that early callers learn from, and who of them is held out with whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from archetype.sessions.early_fit import Library, Sample, assign_folds
from archetype.sessions.match import read_centroids, read_space
from archetype.sessions.space import draw_rows, read_vectors, transform

LEAVE_ONE_OUT_MAX = 200
"""Up to so many sessions each is held out alone; beyond, by folds of whole dates."""

N_FOLDS = 10


@dataclass(frozen=True, eq=False)
class KnownSessions:
    """Sessions that the model was fitted on, by id, and their vectors by checkpoint.

    Parameters
    ----------
    session_ids, session_types, dates : numpy.ndarray of str, shape (n,)
        Ids are unique and ascending, dates ISO.
    labels : numpy.ndarray of int, shape (n,)
        Row in the library of the archetype that each session ended in.
    ends : numpy.ndarray, shape (n, m)
        Where its 100 % vector lies in the model's space.
    rows : dict of int to numpy.ndarray of int, shape (n_c,)
        By checkpoint below 100: which sessions have a vector there.
    vectors, is_imputed : dict of int to numpy.ndarray, shape (n_c, 30)
        By checkpoint: the vectors, NaN where imputed, and which components are.
    """

    session_ids: np.ndarray
    session_types: np.ndarray
    dates: np.ndarray
    labels: np.ndarray
    ends: np.ndarray
    rows: dict[int, np.ndarray]
    vectors: dict[int, np.ndarray]
    is_imputed: dict[int, np.ndarray]

    def __len__(self) -> int:
        """Count the sessions."""
        return len(self.session_ids)

    @property
    def validation(self) -> str:
        """Say how sessions are held out."""
        return "leave_one_out" if len(self) <= LEAVE_ONE_OUT_MAX else f"grouped_{N_FOLDS}_fold"

    @property
    def groups(self) -> np.ndarray:
        """Give what a fold never parts: each session, or each date."""
        return self.session_ids if len(self) <= LEAVE_ONE_OUT_MAX else self.dates

    def folds(self) -> np.ndarray:
        """Give the fold of every session."""
        n_folds = len(self) if len(self) <= LEAVE_ONE_OUT_MAX else N_FOLDS
        return assign_folds(self.groups, n_folds)

    def sample(self, checkpoint_pct: int) -> Sample:
        """Give the sessions that have a vector at a checkpoint."""
        rows = self.rows[checkpoint_pct]
        return Sample(
            session_ids=self.session_ids[rows],
            groups=self.groups[rows],
            vectors=self.vectors[checkpoint_pct],
            is_imputed=self.is_imputed[checkpoint_pct],
            labels=self.labels[rows],
            ends=self.ends[rows],
        )

    def draw(self, at_most: int) -> KnownSessions:
        """Give fewer sessions, drawn by md5."""
        drawn = draw_rows(self.session_ids, at_most)
        if len(drawn) == len(self):
            return self
        place = np.full(len(self), -1)
        place[drawn] = np.arange(len(drawn))
        kept = {checkpoint: place[rows] >= 0 for checkpoint, rows in self.rows.items()}
        return KnownSessions(
            session_ids=self.session_ids[drawn],
            session_types=self.session_types[drawn],
            dates=self.dates[drawn],
            labels=self.labels[drawn],
            ends=self.ends[drawn],
            rows={c: place[rows][kept[c]] for c, rows in self.rows.items()},
            vectors={c: vectors[kept[c]] for c, vectors in self.vectors.items()},
            is_imputed={c: mask[kept[c]] for c, mask in self.is_imputed.items()},
        )


def read_library(model: pa.Table, archetypes: pa.Table) -> Library:
    """Read what is to be predicted.

    Parameters
    ----------
    model : pyarrow.Table
        The row of one model version.
    archetypes : pyarrow.Table
        Its archetypes: archetype_id and centroid.

    Returns
    -------
    Library
        The archetypes by id.

    Raises
    ------
    ValueError
        There is not one model row, or the archetypes do not fit it.
    """
    space = read_space(model)
    ids, centroids = read_centroids(archetypes, space)
    return Library(ids, centroids, space.distance, space.clip)


def read_known(training: pa.Table, model: pa.Table, library: Library) -> KnownSessions:
    """Read the sessions that a model was fitted on.

    Parameters
    ----------
    training : pyarrow.Table
        As for ``early.fit_early_callers``; null vectors are not allowed.
    model : pyarrow.Table
        The row of the model, into whose space 100 % vectors are brought.
    library : Library
        Its archetypes.

    Returns
    -------
    KnownSessions
        The same whatever the order of the rows.

    Raises
    ------
    ValueError
        A session comes twice at a checkpoint or has no row of 100 %, its archetype is none of the
        library's, or its vector is malformed.
    """
    table = training.sort_by([("session_id", "ascending"), ("checkpoint_pct", "ascending")])
    names = np.array(table["session_id"].to_pylist(), dtype=object)
    checkpoints = np.array(table["checkpoint_pct"].to_pylist(), dtype=int)
    twice = np.flatnonzero((names[1:] == names[:-1]) & (checkpoints[1:] == checkpoints[:-1]))
    if len(twice):
        row = twice[0]
        raise ValueError(f"training holds {names[row]} at {checkpoints[row]} % twice")
    vectors, is_imputed = read_vectors(table)
    whole = np.flatnonzero(checkpoints == 100)
    ids = names[whole]
    place = {name: row for row, name in enumerate(ids)}
    orphans = [name for name in names if name not in place]
    if orphans:
        raise ValueError(f"training holds {orphans[0]}, but not at 100 %")
    owners = np.array([place[name] for name in names], dtype=int)
    ends = table.select(["session_type", "session_on", "archetype_id"]).take(whole)
    at = {
        int(checkpoint): np.flatnonzero(checkpoints == checkpoint)
        for checkpoint in np.unique(checkpoints[checkpoints < 100])
    }
    return KnownSessions(
        session_ids=ids,
        session_types=np.array([str(name) for name in ends["session_type"].to_pylist()]),
        dates=np.array([str(date) for date in ends["session_on"].to_pylist()]),
        labels=_read_labels(ends["archetype_id"].to_pylist(), ids, library),
        ends=transform(read_space(model), vectors[whole], is_imputed[whole]),
        rows={checkpoint: owners[rows] for checkpoint, rows in at.items()},
        vectors={checkpoint: vectors[rows] for checkpoint, rows in at.items()},
        is_imputed={checkpoint: is_imputed[rows] for checkpoint, rows in at.items()},
    )


def _read_labels(labels: Sequence[int], ids: np.ndarray, library: Library) -> np.ndarray:
    columns = {int(name): column for column, name in enumerate(library.archetype_ids)}
    for label, name in zip(labels, ids, strict=True):
        if label not in columns:
            raise ValueError(
                f"training says that {name} ended in archetype {label}, expected one of the "
                f"model's: {', '.join(map(str, columns))}"
            )
    return np.array([columns[label] for label in labels], dtype=int)
