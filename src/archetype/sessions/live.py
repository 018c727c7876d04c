"""Score one live session file as the build would, without building.

A session is described by the build's own SQL (see ``live_chain``) and called by what the last
build published: at 100 % by the nearest centroid, as in `session_assignments`, and before by the
early caller of the checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from types import TracebackType

import numpy as np

from archetype.files import PARQUET_MAGIC
from archetype.sessions.callers import (
    Caller,
    Calls,
    assign_vectors,
    call_vectors,
)
from archetype.sessions.early_fit import Setting
from archetype.sessions.features import FEATURE_NAMES
from archetype.sessions.live_chain import LiveChain
from archetype.sessions.live_library import check_names, read_library
from archetype.sessions.live_sql import LiveError, load_live_sql
from archetype.sessions.space import batches

ALL_SEEN = 100

# Sessions that are described by one execution: beyond, none is the cheaper for it.
TOGETHER = 64

FAST_ENVIRONMENT = {
    "DUCKDB_JE_MALLOC_CONF": (
        "tcache_max:8388608,tcache_nslots_large:4000,tcache_nslots_small_max:5000,"
        "lg_tcache_nslots_mul:4,tcache_gc_incr_bytes:1000000000000,"
        "dirty_decay_ms:-1,muzzy_decay_ms:-1"
    ),
    "GLIBC_TUNABLES": "glibc.malloc.tcache_count=20000",
}
"""Environment in which a process that scores many sessions should be started: a call makes and
drops thousands of small vectors, and its allocators then keep them at hand. It changes no result.
"""


@dataclass(frozen=True, eq=False)
class LiveVector:
    """A session as seen up to a checkpoint: the row of session_fingerprints that a build makes.

    Parameters
    ----------
    session_id, session_type : str
        The session.
    session_on : datetime.date
        Its local date.
    started_at, as_of_at : datetime.datetime
        Its scheduled start, and the instant up to which it was seen; UTC, without a zone.
    checkpoint_pct : int
        Per cent of the scheduled time.
    n_events : int
        Events seen.
    vector : numpy.ndarray, shape (30,)
        Features in the order of ``FEATURE_NAMES``; what is imputed holds its stated value.
    is_imputed : numpy.ndarray of bool, shape (30,)
        Which features count as imputed.
    is_low_information : bool
        So many do that a session of this kind would not be fitted on.
    relative_range : float or None
        Range over median price; None where there is no price.
    """

    session_id: str
    session_type: str
    session_on: date
    started_at: datetime
    as_of_at: datetime
    checkpoint_pct: int
    n_events: int
    vector: np.ndarray
    is_imputed: np.ndarray
    is_low_information: bool
    relative_range: float | None

    @property
    def imputed_features(self) -> tuple[str, ...]:
        """Names of the features that count as imputed, in the order of the vector."""
        return tuple(np.array(FEATURE_NAMES)[self.is_imputed].tolist())


@dataclass(frozen=True, eq=False)
class LiveCall:
    """What a session is called, with the names and units of session_early_calls.

    Parameters
    ----------
    seen : LiveVector
        What the call rests on.
    archetype_id : int
        The archetype.
    confidence : float
        0.05 to 0.95.
    distance : float
        To its prototype, or at 100 % to its centroid.
    archetype_ids : numpy.ndarray of int32, shape (k,)
        What the probabilities are of.
    probabilities : numpy.ndarray, shape (k,)
        They add up to 1. At 100 % they are weights by inverse distance.
    setting : Setting
        caller (``assignment`` at 100 %), metric, confidence_method and scaler.
    caller_version : str or None
        None at 100 %.
    model_version : str
        The model.
    version_number : int
        Its number, from 1.
    archetype : mapping
        The archetype's row of session_archetypes.
    notes : tuple of str
        What a reader must know besides, in sentences.
    """

    seen: LiveVector
    archetype_id: int
    confidence: float
    distance: float
    archetype_ids: np.ndarray
    probabilities: np.ndarray
    setting: Setting
    caller_version: str | None
    model_version: str
    version_number: int
    archetype: Mapping[str, object]
    notes: tuple[str, ...] = field(default=())


def read_session_file(path: Path) -> bytes:
    """Read a raw file.

    Parameters
    ----------
    path : pathlib.Path
        One session as JSON.

    Returns
    -------
    bytes
        What it holds, not empty.

    Raises
    ------
    LiveError
        There is no such file, it is none, it cannot be read, is empty, or is Parquet.
    """
    if path.is_dir():
        raise LiveError(f"{path} is a folder; expected one session as a JSON file.")
    if path.exists() and not path.is_file():
        raise LiveError(f"{path} is no regular file; expected one session as a JSON file.")
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise LiveError(f"no file {path}.") from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise LiveError(f"{path} cannot be read: {why}.") from error
    if not content:
        raise LiveError(f"{path}: empty_file: The file has no content; export it again.")
    if content.startswith(PARQUET_MAGIC):
        raise LiveError(f"{path} is a Parquet file; expected one session as a JSON file.")
    return content


class LiveScorer:
    """Describes and calls live sessions, one after the other.

    Parameters
    ----------
    published : pathlib.Path
        `published.duckdb` of the last build; read once.
    project : pathlib.Path
        The project's root, where the models are.
    variables : mapping, optional
        dbt variables that the build was given besides those of `dbt_project.yml`.

    Raises
    ------
    LiveError
        `published` is not there, cannot be read, lacks a table or holds no model.

    Notes
    -----
    It starts with the first session, or with :meth:`start`; the first start after a change of the
    project takes as long as dbt does, later ones do not. One scorer is for one thread.
    """

    def __init__(
        self,
        published: Path,
        *,
        project: Path = Path(),
        variables: Mapping[str, object] | None = None,
    ) -> None:
        self.library = read_library(published)
        self._project = project.resolve()
        self._variables = dict(variables or {})
        self._chain: LiveChain | None = None
        self._find_caller = lru_cache(maxsize=None)(self.library.find_caller)

    def __enter__(self) -> LiveScorer:
        """Give itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Free the memory."""
        self.close()

    def close(self) -> None:
        """Free the memory; the next session starts it again."""
        if self._chain is not None:
            self._chain.close()
            self._chain = None

    def start(self, *checkpoints: int) -> None:
        """Get ready, so that the first call is as quick as the others.

        Parameters
        ----------
        *checkpoints : int
            Those to plan the query of.

        Raises
        ------
        LiveError
            There is no project, dbt cannot compile it, or a checkpoint is none.
        """
        for checkpoint in checkpoints:
            self.library.check_checkpoint(checkpoint)
        if self._chain is None:
            home = self.library.published.parent
            self._compiled = load_live_sql(self._project, home, self._variables)
            self._chain = LiveChain(self._compiled, self._project / "seeds", self.library.peers)
        for checkpoint in checkpoints:
            self._chain.prepare(checkpoint)

    def describe(self, path: Path, at: int = 30) -> LiveVector:
        """Describe a session up to a checkpoint.

        Parameters
        ----------
        path : pathlib.Path
            One session as JSON, of either dialect, complete or not.
        at : int
            A checkpoint of the library.

        Returns
        -------
        LiveVector
            Bit for bit the row of session_fingerprints of a build that reads this file and the
            sessions of the library.

        Raises
        ------
        LiveError
            `at` is no checkpoint, the file is not a session that can be described at it (with the
            words of the build's log), or the library is of another feature schema.
        """
        (seen,) = self.describe_many([path], at)
        if isinstance(seen, LiveError):
            raise seen
        return seen

    def describe_many(self, paths: Sequence[Path], at: int = 30) -> list[LiveVector | LiveError]:
        """Describe sessions together, each as if it came alone.

        Parameters
        ----------
        paths : sequence of pathlib.Path
            As for :meth:`describe`.
        at : int
            A checkpoint of the library.

        Returns
        -------
        list of LiveVector or LiveError
            What :meth:`describe` gives or raises, in the order of the paths.

        Raises
        ------
        LiveError
            `at` is no checkpoint, or the library is of another feature schema.
        """
        self.library.check_checkpoint(at)
        results = []
        for rows in batches(len(paths), TOGETHER):
            results += self._describe_batch(paths[rows], at)
        return results

    def _describe_batch(self, paths: Sequence[Path], at: int) -> list[LiveVector | LiveError]:
        results: dict[int, LiveVector | LiveError] = {}
        contents: dict[int, bytes] = {}
        for place, path in enumerate(paths):
            try:
                contents[place] = read_session_file(path)
            except LiveError as error:
                results[place] = error
        while contents:
            self.start()
            rows = self._chain.describe(list(contents.values()), at)
            left = {}
            for number, (place, content) in enumerate(contents.items()):
                if number in rows:
                    results[place] = self._as_vector(rows[number], at)
                elif rows:
                    # Of files of one session a build uses one; the others take another turn.
                    left[place] = content
                else:
                    results[place] = LiveError(f"{paths[place]}: {self._explain(content, at)}")
            contents = left
        return [results[place] for place in range(len(paths))]

    def _as_vector(self, row: Mapping[str, object], at: int) -> LiveVector:
        self._check_schema(row["feature_schema"])
        imputed = set(row["imputed_features"])
        return LiveVector(
            session_id=row["session_id"],
            session_type=row["session_type"],
            session_on=row["session_on"],
            started_at=row["started_at"],
            as_of_at=row["as_of_at"],
            checkpoint_pct=at,
            n_events=row["n_events"],
            vector=np.array(row["feature_vector"]),
            is_imputed=np.array([name in imputed for name in FEATURE_NAMES]),
            is_low_information=row["is_low_information"],
            relative_range=row["relative_range"],
        )

    def _explain(self, content: bytes, at: int) -> str:
        row = self._chain.explain(content, at)
        if row["status"] == "skipped":
            return f"{row['reason']}: {row['message']}"
        if not row["has_scheduled_end"] and at < ALL_SEEN:
            return (
                f"no_scheduled_end: {row['session_id']} names neither an end nor a duration, so "
                f"that {at} % of it is known only when it is over; --at 100 can be called."
            )
        return (
            f"too_few_events: {row['session_id']} has {row['n_events']} events by {at} % of its "
            f"scheduled time; {self._compiled.min_events} are needed."
        )

    def _check_schema(self, feature_schema: str) -> None:
        if feature_schema != self.library.feature_schema:
            raise LiveError(
                f"the model in {self.library.published} is of feature schema "
                f"{self.library.feature_schema}, this project of {feature_schema}: build again, or "
                "give the --vars of that build."
            )

    def call(self, path: Path, at: int = 30, **wanted: str) -> LiveCall:
        """Call a session at a checkpoint.

        Parameters
        ----------
        path : pathlib.Path
            As for :meth:`describe`.
        at : int
            A checkpoint; at 100 the session is assigned, below it is called early.
        **wanted : str
            As for :meth:`call_many`.

        Returns
        -------
        LiveCall
            The call.

        Raises
        ------
        LiveError
            As by :meth:`describe`; or there is no early caller of this kind.
        """
        (call,) = self.call_many([path], at, **wanted)
        if isinstance(call, LiveError):
            raise call
        return call

    def call_many(
        self,
        paths: Sequence[Path],
        at: int = 30,
        *,
        caller: str = "",
        metric: str = "",
        confidence: str = "",
        scaler: str = "",
    ) -> list[LiveCall | LiveError]:
        """Call sessions together, each as if it came alone: much quicker than one by one.

        Parameters
        ----------
        paths : sequence of pathlib.Path
            As for :meth:`describe`.
        at : int
            A checkpoint.
        caller, metric, confidence, scaler : str
            Which early caller; an empty text asks for nothing. Where all are empty, the one that
            the build uses.

        Returns
        -------
        list of LiveCall or LiveError
            What :meth:`call` gives or raises for the file, in the order of the paths.

        Raises
        ------
        LiveError
            What is no fault of a file: `at` is no checkpoint, or there is no such early caller.
        """
        self.library.check_checkpoint(at)
        wanted = Setting(caller, metric, confidence, scaler)
        check_names(wanted)
        if at == ALL_SEEN and any(wanted):
            raise LiveError(
                "at 100 % a session is called by its assignment: --caller, --metric, --confidence "
                "and --scaler are for checkpoints before."
            )
        version, chosen = (None, None) if at == ALL_SEEN else self._find_caller(at, wanted)
        results: list[LiveCall | LiveError] = list(self.describe_many(paths, at))
        places = [place for place, one in enumerate(results) if isinstance(one, LiveVector)]
        if places:
            seen = [results[place] for place in places]
            calls = self._call_by(chosen, seen)
            for row, place in enumerate(places):
                results[place] = self._tell(seen[row], calls, row, chosen, version)
        return results

    def _call_by(self, chosen: Caller | None, seen: Sequence[LiveVector]) -> Calls:
        is_imputed = np.array([one.is_imputed for one in seen])
        vectors = np.where(is_imputed, np.nan, np.array([one.vector for one in seen]))
        if chosen is not None:
            return call_vectors(chosen, vectors, is_imputed)
        library = self.library
        return assign_vectors(
            library.space, library.archetype_ids, library.centroids, vectors, is_imputed
        )

    def _tell(
        self,
        seen: LiveVector,
        calls: Calls,
        row: int,
        chosen: Caller | None,
        version: str | None,
    ) -> LiveCall:
        library = self.library
        archetype_id = int(calls.archetype_id[row])
        place = int(np.searchsorted(calls.archetype_ids, archetype_id))
        assigned = ("assignment", library.space.distance, "inverse_distance", library.scaler)
        return LiveCall(
            seen=seen,
            archetype_id=archetype_id,
            confidence=float(calls.confidence[row]),
            distance=float(calls.distances[row, place]),
            archetype_ids=calls.archetype_ids,
            probabilities=calls.probabilities[row],
            setting=Setting.of(chosen) if chosen else Setting(*assigned),
            caller_version=version,
            model_version=library.model_version,
            version_number=library.version_number,
            archetype=library.archetypes[archetype_id],
            notes=tuple(self._notes(seen, chosen)),
        )

    def _notes(self, seen: LiveVector, chosen: Caller | None) -> Iterator[str]:
        if chosen is not None and chosen.note:
            yield chosen.note
        if chosen is not None and seen.session_id in self.library.held_out:
            yield (
                "The model was fitted on this session, and so was this caller: "
                "session_early_calls has a call by one that was fitted without it."
            )
        if seen.is_low_information:
            yield (
                f"{len(seen.imputed_features)} of {len(FEATURE_NAMES)} features are imputed: "
                "sessions like it were not fitted on."
            )
