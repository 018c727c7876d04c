"""Writes simulated trading sessions as the raw files of the sessions wing, with their truth."""

from __future__ import annotations

import csv
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TextIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from archetype.simulate.generate import (
    BATCH,
    SESSIONS_PER_SYMBOL,
    Batch,
    Sessions,
    draw_batch,
    symbol_name,
)
from archetype.simulate.output import empty_folder, replaced
from archetype.simulate.planted import LIQUIDITY

SESSIONS_PER_PARQUET = 20_000
"""Sessions in one Parquet file; a multiple of the batch size."""
SESSIONS_PER_BAD_FILE = 60
"""Of each started so many sessions, one metadata-only and one truncated JSON file come on top."""

TRUTH_COLUMNS = (
    "session_id",
    "archetype",
    "session_type",
    "session_date",
    "dialect",
    "file_name",
    "expected_status",
    "expected_reason",
    "n_duplicates",
    "n_outside",
)
"""Columns of ``truth.csv``: one row a file, or one row a session where a file holds many."""

_TIMEZONE = "ET"
_TRUNCATED_AT = 0.3
_MAGNITUDE_TEXTS, _MAGNITUDE_EDGES = ("low", "medium", "high"), (0.5, 1.2)
_TARGETS = ("session_high", "session_low", "session_open", "previous_close")
_LIQUIDITY_TYPES = ("internal", "external", "cross_session")
_OTHER_SHAPE_EVERY = 3
_ONLY_ADAPTED = (
    "original_type",
    "event_family",
    "structural_role",
    "magnitude",
    "archaeological_significance",
    "htf_confluence",
)

Event = dict[str, Any]


@dataclass(frozen=True)
class SimulationReport:
    """What a simulation wrote.

    Parameters
    ----------
    n_sessions : int
        Distinct good sessions.
    n_files : int
        Session files, those meant to be skipped included; the truth file is not counted.
    n_events : int
        Events in all files that can be read, duplicates included.
    n_bytes : int
        Size of the session files.
    truth_path : pathlib.Path
        The CSV file that tells what was planted, see `TRUTH_COLUMNS`.
    """

    n_sessions: int
    n_files: int
    n_events: int
    n_bytes: int
    truth_path: Path


def simulate_sessions(
    out: Path,
    count: int,
    seed: int,
    file_format: Literal["json", "parquet"] = "json",
    dirt: bool = True,
) -> SimulationReport:
    """Write simulated trading sessions, each drawn from one of five planted archetypes.

    The same arguments give the same bytes, and session i of a seed has the same events for every
    count, in both formats, clean or not. Above `SESSIONS_PER_SYMBOL` sessions there are several
    symbols, which then stand in the metadata and before the session ids.

    Parameters
    ----------
    out : pathlib.Path
        Folder to write to: new or empty.
    count : int
        Distinct good sessions, at least 1.
    seed : int
        Not negative.
    file_format : {"json", "parquet"}
        One JSON file a session, or Parquet files of one row an event with up to
        `SESSIONS_PER_PARQUET` sessions each.
    dirt : bool
        Whether to write what real files suffer from: duplicates, events outside the window,
        missing prices and types, unreadable times, and (JSON only) superseded, metadata-only and
        truncated files.

    Returns
    -------
    SimulationReport
        What was written.

    Raises
    ------
    ValueError
        When an argument is out of its range, or `out` is not an empty folder.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1, not {count}")
    if seed < 0:
        raise ValueError(f"seed must not be negative, not {seed}")
    if file_format not in ("json", "parquet"):
        raise ValueError(f"file_format must be 'json' or 'parquet', not {file_format!r}")
    out = empty_folder(out)

    truth_path = out / "truth.csv"
    with replaced(truth_path) as part, part.open("w", encoding="utf-8", newline="") as file:
        truth = _Truth(file, count)
        batches = _batches(seed, count, dirt)
        if file_format == "json":
            n_events = _write_json(out, count, batches, truth, dirt)
        else:
            n_events = _write_parquet(out, count, batches, truth)
    files = [path for path in out.iterdir() if path != truth_path]
    n_bytes = sum(path.stat().st_size for path in files)
    return SimulationReport(count, len(files), n_events, n_bytes, truth_path)


class _Truth:
    """Writes down what was planted."""

    def __init__(self, file: TextIO, count: int) -> None:
        self._has_symbols = count > SESSIONS_PER_SYMBOL
        self._writer = csv.writer(file, lineterminator="\n")
        self._writer.writerow(TRUTH_COLUMNS)

    def symbol(self, index: int) -> str | None:
        return symbol_name(index // SESSIONS_PER_SYMBOL) if self._has_symbols else None

    def session(
        self,
        sessions: Sessions,
        i: int,
        file_name: str,
        is_enhanced: bool,
        reason: str = "",
    ) -> None:
        kind, date = sessions.kind[i], sessions.date[i]
        parts = (self.symbol(int(sessions.index[i])), kind.upper(), str(date))
        self._writer.writerow(
            [
                "_".join(part for part in parts if part),
                sessions.archetype[i],
                kind,
                date,
                "enhanced" if is_enhanced else "adapted",
                file_name,
                "skipped" if reason else "processed",
                reason,
                0 if reason else sessions.n_duplicates[i],
                0 if reason else sessions.n_outside[i],
            ]
        )

    def no_session(self, file_name: str, reason: str) -> None:
        self._writer.writerow(["", "", "", "", "", file_name, "skipped", reason, 0, 0])


def _batches(seed: int, count: int, dirt: bool) -> Iterator[Batch]:
    close_ticks = None
    for number in range(-(-count // BATCH)):
        starts_a_symbol = number * BATCH % SESSIONS_PER_SYMBOL == 0
        batch = draw_batch(seed, number, None if starts_a_symbol else close_ticks, dirt)
        close_ticks = batch.close_ticks
        yield batch


def _write_parquet(out: Path, count: int, batches: Iterator[Batch], truth: _Truth) -> int:
    """Write one row an event, and one row group a batch; gives the number of events."""
    n_events = 0
    for first in range(0, count, SESSIONS_PER_PARQUET):
        path = out / f"sessions_{first // SESSIONS_PER_PARQUET:05}.parquet"
        n_sessions = min(SESSIONS_PER_PARQUET, count - first)
        writer = None
        with replaced(path) as part:
            for begin in range(0, n_sessions, BATCH):
                batch = next(batches)
                size = min(BATCH, n_sessions - begin)
                rows = _event_rows(batch, size, truth)
                writer = writer or pq.ParquetWriter(
                    part, rows.schema, compression="zstd", store_schema=False
                )
                writer.write_table(rows, row_group_size=rows.num_rows)
                n_events += rows.num_rows
                for i in range(size):
                    truth.session(batch.sessions, i, path.name, batch.sessions.is_enhanced[i])
            writer.close()
    return n_events


def _event_rows(batch: Batch, size: int, truth: _Truth) -> pa.Table:
    """Put the metadata of its session on every event."""
    s, events = batch.sessions, batch.events
    host = events["session"].to_numpy()
    n_rows = int(np.searchsorted(host, size))
    host, events = host[:n_rows], events.slice(0, n_rows).drop_columns(["session", "source"])
    metadata = {
        "session_type": pa.array(s.spelling.tolist()),
        "session_date": pa.array(np.datetime_as_string(s.date).tolist()),
        "session_start": pa.array(s.start.tolist()),
        "session_end": pa.array(s.end.tolist(), mask=s.is_endless),
        "session_duration": pa.array(s.duration_s // 60),
        "timezone": pa.array([_TIMEZONE] * BATCH),
    }
    symbol = truth.symbol(int(s.index[0]))
    if symbol:
        metadata = {"symbol": pa.array([symbol] * BATCH), **metadata}
    is_enhanced = pa.array(s.is_enhanced[host])
    columns = {
        name: pc.if_else(is_enhanced, None, column) if name in _ONLY_ADAPTED else column
        for name, column in zip(events.column_names, events.columns, strict=True)
    }
    return pa.table({name: c.take(pa.array(host)) for name, c in metadata.items()} | columns)


def _write_json(out: Path, count: int, batches: Iterator[Batch], truth: _Truth, dirt: bool) -> int:
    """Write one file a session, and those that are to be skipped; gives the number of events."""
    n_events = 0
    for batch in batches:
        s = batch.sessions
        events, twins = _by_session(batch.events), _by_session(batch.twin_events)
        for i in range(min(BATCH, count - int(s.index[0]))):
            index = int(s.index[i])
            metadata = _metadata(s, i, truth.symbol(index))
            stem = f"{s.spelling[i]}_{str(s.date[i]).replace('-', '_')}_{index:07}"
            body = _enhanced(events[i]) if s.is_enhanced[i] else _adapted(events[i])
            text = _put(out / f"{stem}.json", body | {"session_metadata": metadata})
            truth.session(s, i, f"{stem}.json", s.is_enhanced[i])
            n_events += len(events[i])
            if s.has_twin[i]:
                name = f"{stem}_enhanced.json"
                _put(out / name, _enhanced(twins[i]) | {"session_metadata": metadata})
                truth.session(s, i, name, is_enhanced=True, reason="superseded")
                n_events += len(twins[i])
            if dirt and index % SESSIONS_PER_BAD_FILE == 0:
                _put(out / f"{stem}_metadata.json", {"session_metadata": metadata})
                truth.no_session(f"{stem}_metadata.json", "not_a_session")
                _put(out / f"{stem}_truncated.json", text[: int(_TRUNCATED_AT * len(text))])
                truth.no_session(f"{stem}_truncated.json", "invalid_json")
    return n_events


def _put(path: Path, content: dict[str, Any] | str) -> str:
    text = content if isinstance(content, str) else json.dumps(content, separators=(",", ":"))
    with replaced(path) as part:
        part.write_bytes(text.encode())
    return text


def _by_session(events: pa.Table) -> list[list[Event]]:
    """Group events by the session they belong to, in the order of the table."""
    groups: list[list[Event]] = [[] for _ in range(BATCH)]
    for event in events.to_pylist():
        groups[event.pop("session")].append(event)
    return groups


def _metadata(s: Sessions, i: int, symbol: str | None) -> dict[str, Any]:
    metadata = {
        "symbol": symbol,
        "session_type": str(s.spelling[i]),
        "session_date": str(s.date[i]),
        "session_start": str(s.start[i]),
        "session_end": None if s.is_endless[i] else str(s.end[i]),
        "session_duration": int(s.duration_s[i]) // 60,
        "timezone": _TIMEZONE,
        "data_completeness": "complete_session",
        "session_status": "completed",
    }
    return {name: value for name, value in metadata.items() if value is not None}


def _price(event: Event) -> float | int | None:
    # The real files write a missing price as null or as the integer 0, and any other as a float.
    return event["price_level"] or (None if event["price_level"] is None else 0)


def _adapted(events: list[Event]) -> dict[str, list[Event]]:
    """Write events in the first dialect, where the fields of an event depend on its source."""
    written = []
    for event in events:
        fields = {name: value for name, value in event.items() if value is not None}
        fields.pop("price_level", None)
        name = "absolute_price" if event["source"] == LIQUIDITY else "price_level"
        written.append(fields | {name: _price(event)})
    return {"events": written}


def _enhanced(events: list[Event]) -> dict[str, list[Event]]:
    """Write events in the second dialect: two lists, three shapes, few fields."""
    moves, liquidity = [], []
    for event in events:
        time, kind = event["timestamp"], event["type"]
        # By its time, not its place: an exact copy must come out in the same shape.
        i = zlib.crc32(time.encode())
        if event["source"] == LIQUIDITY:
            text = _MAGNITUDE_TEXTS[sum(event["magnitude"] >= edge for edge in _MAGNITUDE_EDGES)]
            target = _TARGETS[i % len(_TARGETS)]
            liquidity.append(
                {
                    "timestamp": time,
                    "event_type": kind,
                    "liquidity_type": _LIQUIDITY_TYPES[i % len(_LIQUIDITY_TYPES)],
                    "target_level": target,
                    "magnitude": text,
                    "context": f"drawn to {target}",
                }
            )
        elif i % _OTHER_SHAPE_EVERY:
            moves.append({"timestamp": time, "price_level": _price(event), "movement_type": kind})
        else:
            context = event["original_type"] or "as expected"
            moves.append(
                {"timestamp": time, "price": _price(event), "action": kind, "context": context}
            )
    return {"price_movements": moves, "session_liquidity_events": liquidity}
