"""Write what a run calls a session as a file of its own, for programs that read no database.

A sidecar is `$ARCHETYPE_HOME/runs/<run_id>/<session_id>/session_fingerprint.json`, valid against
`session_fingerprint.schema.json` of this package. It is a function of the call alone: its bytes are
the same whenever, and however often, it is written.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from numbers import Integral, Real
from pathlib import Path

import pyarrow as pa

from archetype.durable import (
    DRAFT_SUFFIX,
    alone_in,
    check_name,
    folder_below,
    shown,
    write_file,
)
from archetype.sessions.json_schemas import find_fault

SCHEMA_NAME = "session_fingerprint.schema.json"
SIDECAR_NAME = "session_fingerprint.json"
ARTIFACTS = "artifacts/session_fingerprints"

# How far shares may miss 1 by rounding.
SHARES_TOLERANCE = 1e-6

SIDECARS_SCHEMA = pa.schema(
    [
        ("session_id", pa.string()),
        ("path", pa.string()),
        ("status", pa.string()),
        ("reason", pa.string()),
    ]
)

CALL_COLUMNS = (
    "session_id",
    "session_on",
    "checkpoint_pct",
    "archetype_id",
    "confidence",
    "volatility_class",
    "range_p50",
    "dominant_htf_regime",
    "top_phases",
    "session_type_probabilities",
    "distance",
    "metric",
    "confidence_method",
    "model_version",
    "as_of_at",
    "caller",
    "caller_version",
)


def artifact_path(version_number: int) -> str:
    """Name the folder of a model version's artifacts.

    Parameters
    ----------
    version_number : int
        As in session_models, 1 or more.

    Returns
    -------
    str
        POSIX path relative to `ARCHETYPE_HOME`.

    Raises
    ------
    ValueError
        It is no whole number of 1 or more.
    """
    whole = isinstance(version_number, Integral) and not isinstance(version_number, bool)
    if not whole or version_number < 1:
        raise ValueError(
            f"version_number is {shown(version_number)}; expected a whole number of 1 or more, "
            "as in session_models"
        )
    return f"{ARTIFACTS}/v{version_number}.0.0"


def make_sidecar(
    *,
    session_id: str,
    session_on: date,
    checkpoint_pct: float,
    archetype_id: int,
    confidence: float,
    volatility_class: str,
    range_p50: float | None,
    dominant_htf_regime: int,
    top_phases: Sequence[str],
    session_type_probabilities: Mapping[str, float] | Sequence[Mapping[str, object]],
    artifact_path: str,
    distance: float,
    metric: str,
    confidence_method: str,
    model_version: str,
    as_of_at: datetime,
    notes: str = "",
    caller: str | None = None,
    caller_version: str | None = None,
) -> dict[str, object]:
    """Make the sidecar of a call. Names and units are those of `session_early_calls`.

    Parameters
    ----------
    session_id, session_on : str, datetime.date
        The session.
    checkpoint_pct : float
        Percent of its scheduled time that was seen, 1 to 100.
    archetype_id, confidence : int, float
        What it is called, and how sure that is, 0.05 to 0.95.
    volatility_class, range_p50, dominant_htf_regime, top_phases, session_type_probabilities
        What the archetype's sessions are like. The last one is a mapping of shares by session type,
        or rows of `session_type` and `probability`.
    artifact_path : str
        Folder of the model's artifacts, relative to `ARCHETYPE_HOME`; see :func:`artifact_path`.
    distance, metric, confidence_method : float, str, str
        Distance to the prototype, how it is measured, and how it became a confidence.
    model_version : str
        The version of session_models.
    as_of_at : datetime.datetime
        The instant up to which the session was seen; UTC where it has no zone. Never the wall
        clock.
    notes : str
        What a reader must know besides.
    caller, caller_version : str, optional
        Who called it; left out where None.

    Returns
    -------
    dict
        The sidecar, checked.

    Raises
    ------
    ValueError
        A field is not what the schema allows; the message names it.
    """
    metadata = {
        "distance_to_centroid": _plain(distance),
        "distance_metric": metric,
        "confidence_method": confidence_method,
        "model_version": model_version,
        "timestamp": spell_instant(as_of_at),
    }
    names = {"caller": caller, "caller_version": caller_version}
    sidecar = {
        "session_id": session_id,
        "date": session_on.strftime("%Y-%m-%d") if isinstance(session_on, date) else session_on,
        "pct_seen": _plain(checkpoint_pct),
        "archetype_id": _plain(archetype_id),
        "confidence": _plain(confidence),
        "predicted_stats": {
            "volatility_class": volatility_class,
            "range_p50": _plain(range_p50),
            "dominant_htf_regime": _plain(dominant_htf_regime),
            "top_phases": _texts(top_phases),
            "session_type_probabilities": _shares(session_type_probabilities),
        },
        "artifact_path": artifact_path,
        "notes": notes,
        "classification_metadata": metadata
        | {name: value for name, value in names.items() if value is not None},
    }
    check_sidecar(sidecar)
    return sidecar


def spell_instant(instant: object) -> object:
    """Spell an instant in UTC, as in ``2025-07-29T14:15:00Z``.

    Parameters
    ----------
    instant : datetime.datetime
        UTC where it has no zone. Anything else is given back as it is, for a check to refuse.

    Returns
    -------
    str
        ISO 8601, with six decimals where the seconds have a fraction.
    """
    if not isinstance(instant, datetime):
        return instant
    utc = instant.astimezone(UTC) if instant.tzinfo else instant
    return f"{utc.replace(tzinfo=None).isoformat()}Z"


def _plain(value: object) -> object:
    """Bring NumPy's numbers to Python's; what is no number is left for the check to name."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return value
    # No zero is negative: the same call has the same bytes.
    return int(value) if isinstance(value, Integral) else float(value) + 0.0


def _texts(texts: object) -> object:
    return list(texts) if isinstance(texts, Iterable) and not isinstance(texts, str) else texts


def _shares(shares: object) -> object:
    if isinstance(shares, Mapping):
        return {name: _plain(share) for name, share in shares.items()}
    try:
        return {row["session_type"]: _plain(row["probability"]) for row in shares}
    except (TypeError, KeyError):
        return shares


def check_sidecar(sidecar: Mapping[str, object]) -> None:
    """Check a sidecar against the schema, and what a schema cannot say.

    Parameters
    ----------
    sidecar : mapping
        As by :func:`make_sidecar`, or read from a file.

    Raises
    ------
    ValueError
        Not valid; one line that names the field, what it is and what was expected.
    """
    fault = next(_odd_values(sidecar), None) or find_fault(SCHEMA_NAME, sidecar)
    fault = fault or _wrong_day(sidecar) or _wrong_instant(sidecar) or _wrong_shares(sidecar)
    if fault:
        raise ValueError(f"sidecar: {fault}")
    check_name(sidecar["session_id"], "sidecar: session_id")


def _odd_values(value: object, field: str = "") -> Iterator[str]:
    """Find numbers and texts that Python's JSON would write and nobody could read."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if not isinstance(name, str) or not _is_unicode(name):
                yield f"{_field(field)} has the name {shown(name)}; expected a text"
            yield from _odd_values(inner, f"{field}.{name}".removeprefix("."))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _odd_values(inner, f"{field}[{place}]")
    elif isinstance(value, float) and not math.isfinite(value):
        yield f"{_field(field)} is {value}; expected a finite number"
    elif isinstance(value, str) and not _is_unicode(value):
        yield f"{_field(field)} is {shown(value)}; expected a text that UTF-8 can spell"


def _field(field: str) -> str:
    return (field if field.isprintable() else shown(field)) or "the whole"


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _wrong_day(sidecar: Mapping[str, object]) -> str | None:
    text = sidecar["date"]
    try:
        if date.fromisoformat(text).isoformat() == text:
            return None
    except ValueError:
        pass
    return f"date is {shown(text)}; expected a day of the calendar as YYYY-MM-DD"


def _wrong_instant(sidecar: Mapping[str, object]) -> str | None:
    text = sidecar["classification_metadata"]["timestamp"]
    try:
        if spell_instant(datetime.fromisoformat(text)) == text:
            return None
    except ValueError:
        pass
    return (
        f"classification_metadata.timestamp is {shown(text)}; "
        "expected an instant in UTC as 2025-07-29T14:15:00Z"
    )


def _wrong_shares(sidecar: Mapping[str, object]) -> str | None:
    shares = sidecar["predicted_stats"]["session_type_probabilities"]
    total = math.fsum(shares.values())
    if not shares or abs(total - 1) <= SHARES_TOLERANCE:
        return None
    return (
        f"predicted_stats.session_type_probabilities add up to {total:.6g}; expected 1, or no share"
    )


def write_sidecar(home: Path, run_id: str, sidecar: Mapping[str, object]) -> Path:
    """Write a sidecar below the home, atomically; nothing is written where it stands already.

    Parameters
    ----------
    home : pathlib.Path
        `ARCHETYPE_HOME`.
    run_id : str
        The run, as in the seed run_config.
    sidecar : mapping
        As by :func:`make_sidecar`.

    Returns
    -------
    pathlib.Path
        ``<home>/runs/<run_id>/<session_id>/session_fingerprint.json``.

    Raises
    ------
    ValueError
        The sidecar is not valid, or run or session would lead out of the folder `runs`. Nothing is
        created then.
    OSError
        The disk refuses.
    """
    check_name(run_id, "run_id")
    check_sidecar(sidecar)
    folder = folder_below(home, "runs", run_id, sidecar["session_id"])
    path = folder / SIDECAR_NAME
    content = spell_sidecar(sidecar)
    if path.is_file() and not path.is_symlink() and path.read_bytes() == content:
        return path
    folder.mkdir(parents=True, exist_ok=True)
    write_file(path, content)
    return path


def remove_drafts(home: Path) -> None:
    """Remove what processes that were killed left of sidecars.

    Parameters
    ----------
    home : pathlib.Path
        `ARCHETYPE_HOME`.
    """
    for draft in (home / "runs").glob(f"*/*/.{SIDECAR_NAME}*{DRAFT_SUFFIX}"):
        with alone_in(draft.parent):
            draft.unlink(missing_ok=True)


def spell_sidecar(sidecar: Mapping[str, object], indent: int | None = 2) -> bytes:
    """Spell a sidecar as the bytes of its file: sorted keys, two blanks, UTF-8, a last newline.

    Parameters
    ----------
    sidecar : mapping
        As by :func:`make_sidecar`.
    indent : int, optional
        Blanks a level; None puts all on one line, for a program that reads many.

    Returns
    -------
    bytes
        The same for the same sidecar, in whatever order its fields come.
    """
    text = json.dumps(sidecar, indent=indent, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()


def write_sidecars(home: Path, run_id: str, calls: pa.Table) -> pa.Table:
    """Write the sidecars of a build; one that cannot be written does not stop the others.

    Parameters
    ----------
    home : pathlib.Path
        `ARCHETYPE_HOME`.
    run_id : str
        The run.
    calls : pyarrow.Table
        One row a session: ``CALL_COLUMNS`` as in `session_early_calls` and `sessions`,
        `version_number` as in `session_models`, `status`, `reason` and, optionally, `notes`. In
        any order.

    Returns
    -------
    pyarrow.Table
        One row a row of `calls`, by session id: `session_id`, `path` (POSIX, relative to the home;
        null where there is no file), `status` (``written``, also where the bytes stood already,
        ``not_called`` or ``failed``) and `reason` (null where written).

    Raises
    ------
    ValueError
        `run_id` would lead out of the folder `runs`.
    """
    check_name(run_id, "run_id")
    counts = Counter(calls["session_id"].to_pylist())
    rows = calls.sort_by([("session_id", "ascending")]).to_pylist()
    written = [_write_row(home, run_id, row, counts[row["session_id"]]) for row in rows]
    return pa.Table.from_pylist(written, schema=SIDECARS_SCHEMA)


def _write_row(home: Path, run_id: str, row: Mapping[str, object], count: int) -> dict[str, object]:
    result = {"session_id": row["session_id"], "path": None}
    if row["status"] != "called":
        return result | {"status": "not_called", "reason": row["reason"]}
    try:
        if count > 1:
            raise ValueError(f"{count} calls of one session; expected one: choose a checkpoint")
        sidecar = make_sidecar(
            **{name: row[name] for name in CALL_COLUMNS},
            artifact_path=artifact_path(row["version_number"]),
            notes=row.get("notes") or "",
        )
        path = write_sidecar(home, run_id, sidecar)
    except OSError as error:
        return result | {"status": "failed", "reason": f"cannot be written: {error.strerror}"}
    except ValueError as error:
        return result | {"status": "failed", "reason": str(error)}
    relative = path.relative_to(home.resolve()).as_posix()
    return result | {"path": relative, "status": "written", "reason": None}
