"""Content hashes of tables of any length, from the MD5s of their rows in order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import pyarrow as pa

CONTENT_SCHEMA = pa.schema(
    [("table_number", pa.int32()), ("row_count", pa.int64()), ("content_hash", pa.string())]
)
# A UUID as text: 32 hex digits with four dashes.
UUID_LENGTH = 36


def hash_tables(rows: Iterable[pa.RecordBatch]) -> pa.Table:
    """Hash tables bucket by bucket, so that neither the order nor the place of rows matters.

    Parameters
    ----------
    rows : iterable of pyarrow.RecordBatch
        Columns table_number and row_md5, a UUID as text, in the order of both.

    Returns
    -------
    pyarrow.Table
        ``CONTENT_SCHEMA``, by table_number: the MD5 over the MD5s of 256 buckets, a row's bucket
        being the first two digits of its MD5, and a bucket's MD5 that over those of its rows.

    Raises
    ------
    ValueError
        The rows are not in order.
    """
    last = (0, "")
    counts: dict[int, int] = {}
    buckets: dict[int, dict[str, hashlib._Hash]] = {}
    for batch in rows:
        for number, bucket, n_rows, digits in _runs(batch):
            if (number, bucket) < last:
                raise ValueError(f"bucket {bucket} of table {number} comes after {last}: sort them")
            last = (number, bucket)
            counts[number] = counts.get(number, 0) + n_rows
            of_table = buckets.setdefault(number, {})
            of_table.setdefault(bucket, hashlib.md5(usedforsecurity=False)).update(digits)
    hashes = [
        hashlib.md5(
            "".join(bucket.hexdigest() for bucket in buckets[number].values()).encode(),
            usedforsecurity=False,
        ).hexdigest()
        for number in counts
    ]
    columns = {
        "table_number": list(counts),
        "row_count": list(counts.values()),
        "content_hash": hashes,
    }
    return pa.table(columns, schema=CONTENT_SCHEMA)


def _runs(batch: pa.RecordBatch) -> Iterable[tuple[int, str, int, bytes]]:
    """Cut a batch where table or bucket change: number, bucket, rows and their digits."""
    if batch.num_rows == 0:
        return
    numbers = batch.column("table_number").to_numpy()
    texts = batch.column("row_md5").cast(pa.binary()).cast(pa.binary(UUID_LENGTH))
    digits = np.frombuffer(texts.buffers()[1], dtype=np.uint8)
    start = texts.offset * UUID_LENGTH
    digits = digits[start : start + len(texts) * UUID_LENGTH].reshape(-1, UUID_LENGTH)
    is_other = (numbers[1:] != numbers[:-1]) | (digits[1:, :2] != digits[:-1, :2]).any(axis=1)
    bounds = [0, *(np.flatnonzero(is_other) + 1).tolist(), len(numbers)]
    for first, after in pairwise(bounds):
        text = digits[first:after].tobytes().replace(b"-", b"")
        yield int(numbers[first]), text[:2].decode(), after - first, text
