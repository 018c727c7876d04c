"""List the raw files of the sales wing, each with its columns or with what keeps it unread."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Collection
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from archetype.files import UNREADABLE, hash_files, literal_glob, read_parquet_columns

DELIMITERS = (",", ";", "\t", "|")
HEAD_BYTES = 1 << 20
HEAD_RECORDS = 50
# Columns that reading adds.
RESERVED_COLUMNS = frozenset(("raw_file_path", "raw_row_md5"))

FILES_SCHEMA = pa.schema(
    [
        ("file_path", pa.string()),
        ("file_name", pa.string()),
        ("file_format", pa.string()),
        ("n_bytes", pa.int64()),
        ("file_md5", pa.string()),
        ("is_finished", pa.bool_()),
        ("delimiter", pa.string()),
        ("column_names", pa.list_(pa.string())),
        ("column_types", pa.list_(pa.string())),
        ("n_rows", pa.int64()),
        ("reason", pa.string()),
        ("detail", pa.string()),
    ]
)


def list_sales_files(
    pattern: str, variable: str, finished: Collection[tuple[str, str]] = ()
) -> pa.Table:
    """List the files that a glob matches, with the columns of those that are still to be read.

    Parameters
    ----------
    pattern : str
        A glob of CSV and Parquet files; an empty one matches nothing.
    variable : str
        The environment variable that the glob is from.
    finished : collection of tuple of str
        Name and md5 of each file of which no row is left to be read: it is hashed, and not opened.

    Returns
    -------
    pyarrow.Table
        One row a file, see ``FILES_SCHEMA``, in the order of their names. The delimiter of a CSV
        file is the one that cuts its first records into equally many fields; its columns are
        texts, those of a Parquet file have the types that DuckDB reads.

    Raises
    ------
    ValueError
        No file matches.
    """
    if not pattern:
        return pa.Table.from_pylist([], schema=FILES_SCHEMA)
    rows = hash_files(pattern, variable, "CSV or Parquet files with one row a sale")
    known = set(finished)
    with duckdb.connect() as connection:
        for row in rows:
            row["file_format"] = "parquet" if row["is_parquet"] else "csv"
            row["is_finished"] = (row["file_name"], row["file_md5"]) in known
            if not row["reason"] and not row["is_finished"]:
                check = _check_parquet if row["is_parquet"] else _check_csv
                row |= check(Path(row["file_path"]), connection)
    return pa.Table.from_pylist(rows, schema=FILES_SCHEMA)


def _check_csv(path: Path, connection: duckdb.DuckDBPyConnection) -> dict[str, object]:
    """Give the delimiter and the columns of a CSV file, or the reason why it is none."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return {"reason": "not_utf8", "detail": "it is UTF-16"}
    if b"\x00" in head:
        return {"reason": "not_csv", "detail": "it holds bytes that are no text"}
    # A line with another encoding is counted when it is read; the header must be right.
    text = head.decode("utf-8-sig", errors="replace")
    if not text.strip():
        return {"reason": "empty_file"}
    delimiter, names = max(
        (_cut(text, delimiter) for delimiter in DELIMITERS), key=lambda cut: cut[2]
    )[:2]
    if any("\ufffd" in name for name in names):
        return {"reason": "not_utf8", "detail": "its header is not UTF-8"}
    names = [name.strip() or f"column_{i}" for i, name in enumerate(names, start=1)]
    found = {"delimiter": delimiter, "column_names": names}
    found |= {"column_types": ["VARCHAR"] * len(names)} | _check_names(names)
    if "reason" not in found and not _can_be_cut(path, delimiter, names, connection):
        return {"reason": "not_csv", "detail": "its quotes or line ends are mixed up"}
    return found


def _can_be_cut(
    path: Path, delimiter: str, names: list[str], connection: duckdb.DuckDBPyConnection
) -> bool:
    """Cut every record as a build will: it can skip a bad line, but not read on without lines."""
    try:
        connection.read_csv(
            literal_glob(path),
            columns=dict.fromkeys(names, "VARCHAR"),
            auto_detect=False,
            header=True,
            delimiter=delimiter,
            quotechar='"',
            escapechar='"',
            compression="none",
            hive_partitioning=False,
            ignore_errors=True,
        ).count("*").fetchall()
    except duckdb.Error:
        return False
    return True


def _cut(text: str, delimiter: str) -> tuple[str, list[str], tuple[bool, int, int]]:
    """Cut the first records by a delimiter; say how well that goes."""
    records = []
    try:
        for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            records += [record] if record else []
            if len(records) > HEAD_RECORDS:
                break
    except csv.Error:
        # A field beyond the limit of the module: what was cut before it tells enough.
        pass
    header = records[0] if records else [text.splitlines()[0]]
    alike = sum(len(record) == len(header) for record in records)
    return delimiter, header, (len(header) > 1, alike, len(header))


def _check_parquet(path: Path, connection: duckdb.DuckDBPyConnection) -> dict[str, object]:
    """Give the columns of a Parquet file, or the reason why it cannot be read."""
    try:
        n_rows = pq.read_metadata(path).num_rows
        columns = read_parquet_columns(path, connection)
    except UNREADABLE:
        return {"reason": "invalid_parquet"}
    found = {"column_names": list(columns), "column_types": list(columns.values())}
    return found | {"n_rows": n_rows} | _check_names(list(columns))


def _check_names(names: list[str]) -> dict[str, object]:
    """Give what is wrong with the names of columns, which differ by more than their case."""
    counts = Counter(name.lower() for name in names)
    twice = sorted(name for name, count in counts.items() if count > 1)
    if twice:
        return {"reason": "ambiguous_columns", "detail": f"twice there: {', '.join(twice)}"}
    reserved = sorted(name for name in counts if name in RESERVED_COLUMNS or '"' in name)
    if reserved:
        return {"reason": "ambiguous_columns", "detail": f"not usable: {', '.join(reserved)}"}
    return {}
