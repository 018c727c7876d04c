"""List the raw files of a wing, each with what keeps it from being read."""

from __future__ import annotations

import glob
import hashlib
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

PARQUET_MAGIC = b"PAR1"
REQUIRED_EVENT_COLUMNS = (
    ("session_type",),
    ("session_date", "date"),
    ("session_start", "start_time"),
    ("timestamp",),
)
LOOKAHEAD_FIELDS = ("future_htf", "htf_forecast", "f50_forward", "htf_prediction")

FILES_SCHEMA = pa.schema(
    [
        ("file_path", pa.string()),
        ("file_name", pa.string()),
        ("file_format", pa.string()),
        ("n_bytes", pa.int64()),
        ("file_md5", pa.string()),
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


def list_files(pattern: str) -> pa.Table:
    """List the files that a glob matches, in the order of their names.

    Parameters
    ----------
    pattern : str
        A glob; ``**`` reaches into sub-folders.

    Returns
    -------
    pyarrow.Table
        One row a file, see ``FILES_SCHEMA``: where it lies, its name below the glob's fixed
        folder, its format (``json`` or ``parquet``), its size in bytes and, where it cannot be
        read, the reason and a detail (null otherwise).
    """
    folder = fixed_folder(pattern)
    rows = [
        _describe(Path(path), folder)
        for path in glob.glob(pattern, recursive=True)  # noqa: PTH207 - Path.glob takes no absolute pattern
        if not Path(path).is_dir()
    ]
    rows.sort(key=lambda row: row["file_name"])
    return pa.Table.from_pylist(rows, schema=FILES_SCHEMA)


def _describe(path: Path, folder: Path) -> dict[str, object]:
    """Describe one file: its bytes are hashed, and of Parquet the schema is read."""
    row: dict[str, object] = {
        "file_path": str(path),
        "file_name": Path(os.path.relpath(path, folder)).as_posix(),
        "file_format": "parquet" if path.suffix.lower() in (".parquet", ".pq") else "json",
        "n_bytes": None,
        "file_md5": None,
        "reason": None,
        "detail": None,
    }
    try:
        with path.open("rb") as file:
            row["file_md5"] = hashlib.file_digest(file, "md5").hexdigest()
            row["n_bytes"] = file.tell()
            file.seek(0)
            head = file.read(len(PARQUET_MAGIC))
    except OSError as error:
        return row | {"reason": "unreadable_file", "detail": error.strerror}
    if head == PARQUET_MAGIC:
        row["file_format"] = "parquet"
    if row["n_bytes"] == 0:
        return row | {"reason": "empty_file"}
    return row | (_check_parquet(path) if row["file_format"] == "parquet" else {})


def _check_parquet(path: Path) -> dict[str, object]:
    """Give the reason why a Parquet file holds no sessions, or nothing."""
    try:
        metadata = pq.read_metadata(path)
    except (OSError, pa.ArrowException):
        return {"reason": "invalid_parquet"}
    columns = metadata.schema.to_arrow_schema().names
    seen = [name for name in LOOKAHEAD_FIELDS if name in columns]
    if seen:
        return {"reason": "lookahead_field", "detail": ", ".join(seen)}
    missing = [
        " or ".join(names) for names in REQUIRED_EVENT_COLUMNS if not set(names) & set(columns)
    ]
    if missing:
        return {"reason": "missing_columns", "detail": ", ".join(missing)}
    return {} if metadata.num_rows else {"reason": "empty_file"}
