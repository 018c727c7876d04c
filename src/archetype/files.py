"""List the raw files of a wing, each with what keeps it from being read."""

from __future__ import annotations

import glob
import hashlib
import json
import os
import stat
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

PARQUET_MAGIC = b"PAR1"
UNREADABLE = (OSError, ValueError, MemoryError, pa.ArrowException, duckdb.Error)
"""What a spoilt Parquet file makes its readers raise."""

# A parsed document takes up to thirty times its bytes; commas count its values.
MAX_JSON_BYTES = 1 << 24
MAX_JSON_COMMAS = 1 << 20
REQUIRED_EVENT_COLUMNS = (
    ("session_type",),
    ("session_date", "date"),
    ("session_start", "start_time"),
    ("timestamp",),
)
LOOKAHEAD_FIELDS = ("future_htf", "htf_forecast", "f50_forward", "htf_prediction")
# DuckDB's reader adds columns of these names.
RESERVED_COLUMNS = ("file_row_number", "raw_file_path")
EVENT_COLUMNS = frozenset(
    (
        "session_type",
        "session_date",
        "date",
        "session_start",
        "start_time",
        "session_end",
        "session_duration",
        "timezone",
        "symbol",
        "timestamp",
        "type",
        "event_type",
        "movement_type",
        "action",
        "original_type",
        "event_family",
        "structural_role",
        "price_level",
        "price",
        "absolute_price",
        "magnitude",
        "archaeological_significance",
        "htf_regime",
        "htf_confluence",
    )
)

FILES_SCHEMA = pa.schema(
    [
        ("file_path", pa.string()),
        ("file_name", pa.string()),
        ("file_format", pa.string()),
        ("n_bytes", pa.int64()),
        ("file_md5", pa.string()),
        ("layout_id", pa.string()),
        ("column_names", pa.list_(pa.string())),
        ("reason", pa.string()),
        ("detail", pa.string()),
    ]
)


def fixed_folder(pattern: str) -> Path:
    """Give the part of a glob before its first wildcard.

    Parameters
    ----------
    pattern : str
        A glob, as in ``raw/*/*.json``.

    Returns
    -------
    pathlib.Path
        The deepest folder that every match lies under.
    """
    parts = Path(pattern).parts
    wild = next((i for i, part in enumerate(parts) if glob.has_magic(part)), len(parts) - 1)
    return Path(*parts[:wild]) if wild else Path()


def list_files(pattern: str, variable: str) -> pa.Table:
    """List the files that a glob matches, in the order of their names.

    Parameters
    ----------
    pattern : str
        A glob; ``**`` reaches into sub-folders. Hidden files do not match.
    variable : str
        The environment variable that the glob is from.

    Returns
    -------
    pyarrow.Table
        One row a file, see ``FILES_SCHEMA``: where it lies, its name below the glob's fixed
        folder, its format (``json`` or ``parquet``), its size in bytes, the md5 of its
        bytes, of Parquet files the columns and a hash of their names and types and, where it cannot
        be read, the reason and a detail (null otherwise).

    Raises
    ------
    ValueError
        No file matches.
    """
    rows = hash_files(pattern, variable, "JSON files, or of Parquet files with one row an event")
    with duckdb.connect() as connection:
        for row in rows:
            row["file_format"] = "parquet" if row["is_parquet"] else "json"
            if not row["reason"]:
                path = Path(row["file_path"])
                row |= _check_parquet(path, connection) if row["is_parquet"] else _check_size(path)
    return pa.Table.from_pylist(rows, schema=FILES_SCHEMA)


def hash_files(pattern: str, variable: str, expected: str) -> list[dict[str, object]]:
    """Find the files that a glob matches, and hash the bytes of each.

    Parameters
    ----------
    pattern : str
        A glob; ``**`` reaches into sub-folders. Hidden files do not match.
    variable : str
        The environment variable that the glob is from.
    expected : str
        What the glob should match, in words.

    Returns
    -------
    list of dict
        One row a file, in the order of their names: ``file_path``, ``file_name`` below the glob's
        fixed folder, ``is_parquet`` (by suffix or first four bytes), ``n_bytes``, ``file_md5``, and
        the ``reason`` and ``detail`` of what cannot be opened or is empty (None otherwise).

    Raises
    ------
    ValueError
        No file matches.
    """
    folder = fixed_folder(pattern)
    # Who names one file says where it lies; what a wildcard finds must not lead elsewhere.
    limit = os.path.realpath(folder) if glob.has_magic(pattern) else os.path.sep
    rows = [
        _hash_file(_named_plainly(Path(path)), folder, Path(limit))
        for path in glob.glob(pattern, recursive=True)  # noqa: PTH207 - Path.glob takes no absolute pattern
        if not Path(path).is_dir()
    ]
    if not rows:
        raise ValueError(
            f"no file matches '{pattern}' (environment variable {variable}): expected a glob of "
            f"{expected}; check that the folder exists and can be read"
        )
    return sorted(rows, key=lambda row: row["file_name"])


def _named_plainly(path: Path) -> Path:
    """Make a path absolute that DuckDB would take for a home folder or an address."""
    return path.absolute() if path.parts[0].startswith("~") or ":" in path.parts[0] else path


def _hash_file(path: Path, folder: Path, limit: Path) -> dict[str, object]:
    """Describe one file by its bytes alone; one that lies beyond the limit is not opened."""
    row: dict[str, object] = {
        "file_path": _as_text(str(path)),
        "file_name": _as_text(Path(os.path.relpath(path, folder)).as_posix()),
        "is_parquet": path.suffix.lower() in (".parquet", ".pq"),
        "n_bytes": None,
        "file_md5": None,
        "reason": None,
        "detail": None,
    }
    if row["file_path"] != str(path):
        return row | {"reason": "unreadable_file", "detail": "its name is not UTF-8"}
    if "\\" in str(path) and literal_glob(path) != str(path):
        # DuckDB takes the backslash for a slash then.
        return row | {"reason": "unreadable_file", "detail": "its path holds \\ beside *, ? or ["}
    if not Path(os.path.realpath(path)).is_relative_to(limit):
        return row | {"reason": "unreadable_file", "detail": "it is a link out of its folder"}
    try:
        # Opening a pipe or a device could wait for ever.
        if not stat.S_ISREG(path.stat().st_mode):
            return row | {"reason": "unreadable_file", "detail": "it is no regular file"}
        with path.open("rb") as file:
            row["file_md5"] = hashlib.file_digest(file, "md5").hexdigest()
            row["n_bytes"] = file.tell()
            file.seek(0)
            row["is_parquet"] |= file.read(len(PARQUET_MAGIC)) == PARQUET_MAGIC
    except OSError as error:
        return row | {"reason": "unreadable_file", "detail": error.strerror}
    return row | ({} if row["n_bytes"] else {"reason": "empty_file"})


def _as_text(name: str) -> str:
    """Give a file name as valid text; bytes that are none are escaped."""
    return os.fsencode(name).decode("utf-8", errors="backslashreplace")


def read_parquet_columns(path: Path, connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Decode every page once, as a build will: a broken one must not stop the other files.

    Parameters
    ----------
    path : pathlib.Path
        A Parquet file.
    connection : duckdb.DuckDBPyConnection
        Any; nothing is written.

    Returns
    -------
    dict of str to str
        DuckDB's types by the names of the columns.

    Raises
    ------
    duckdb.Error
        A page or a text in it cannot be read.
    """
    table = connection.read_parquet([literal_glob(path)], hive_partitioning=False)
    table.set_alias("file").aggregate("max(hash(file))").fetchall()
    return dict(zip(table.columns, map(str, table.types), strict=True))


def literal_glob(path: Path) -> str:
    """Escape a path that DuckDB would read as a glob."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path))


def _check_size(path: Path) -> dict[str, object]:
    """Give the reason why a JSON document is too large to be parsed, or nothing."""
    n_bytes = path.stat().st_size
    if n_bytes > MAX_JSON_BYTES:
        return {"reason": "too_large", "detail": f"it has {n_bytes:,} bytes"}
    # Each value but the last of its list or object is followed by a comma, which takes a byte.
    n_commas = path.read_bytes().count(b",") if n_bytes > MAX_JSON_COMMAS else 0
    if n_commas > MAX_JSON_COMMAS:
        return {"reason": "too_large", "detail": f"it has {n_commas:,} commas"}
    return {}


def _check_parquet(path: Path, connection: duckdb.DuckDBPyConnection) -> dict[str, object]:
    """Give the reason why a Parquet file holds no sessions, or nothing."""
    try:
        with pq.ParquetFile(path) as file:
            found = _check_schema(file)
            if not found and not file.metadata.num_rows:
                return {"reason": "empty_file"}
        if found:
            return found
        columns = read_parquet_columns(path, connection)
    except UNREADABLE:
        return {"reason": "invalid_parquet"}
    layout = hashlib.md5(json.dumps(list(columns.items())).encode()).hexdigest()
    return {"layout_id": layout, "column_names": list(columns)}


def _check_schema(file: pq.ParquetFile) -> dict[str, object]:
    """Give what is wrong with the columns of a Parquet file, or nothing."""
    fields = {part for i in range(len(file.schema)) for part in file.schema[i].path.split(".")}
    seen = sorted(name for name in fields if name.lower() in LOOKAHEAD_FIELDS)
    if seen:
        return {"reason": "lookahead_field", "detail": ", ".join(seen)}
    schema = file.schema_arrow
    missing = [
        " or ".join(names) for names in REQUIRED_EVENT_COLUMNS if not set(names) & set(schema.names)
    ]
    if missing:
        return {"reason": "missing_columns", "detail": ", ".join(missing)}
    wrong = [f"{f.name} is {f.type}" for f in schema if f.name in EVENT_COLUMNS and _is_odd(f.type)]
    wrong += [f"{name} is reserved" for name in schema.names if name.lower() in RESERVED_COLUMNS]
    return {"reason": "wrong_columns", "detail": ", ".join(wrong)} if wrong else {}


def _is_odd(kind: pa.DataType) -> bool:
    """Tell a type that DuckDB cannot bring together with text or numbers."""
    if pa.types.is_dictionary(kind):
        return _is_odd(kind.value_type)
    types = pa.types
    odd = (types.is_nested, types.is_binary, types.is_large_binary, types.is_fixed_size_binary)
    return any(is_kind(kind) for is_kind in (*odd, types.is_time, types.is_duration))
