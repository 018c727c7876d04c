"""Content hashes of sorted rows are those of the macro `content_hash`, whatever the batches."""

from __future__ import annotations

import hashlib
import random
from uuid import UUID

import pyarrow as pa
import pytest

from archetype.content import CONTENT_SCHEMA, hash_tables


def rows_of(tables: dict[int, list[str]], batch_rows: int) -> list[pa.RecordBatch]:
    """Give the sorted rows of tables, whose MD5s are given as hex, in batches."""
    rows = sorted((number, digits) for number, md5s in tables.items() for digits in md5s)
    table = pa.table(
        {
            "table_number": pa.array([number for number, _ in rows], pa.int32()),
            "row_md5": pa.array([str(UUID(digits)) for _, digits in rows], pa.string()),
        }
    )
    return table.to_batches(batch_rows)


def hash_by_hand(md5s: list[str]) -> str:
    """Take the MD5 of the MD5s of the buckets of sorted MD5s, as CONTRIBUTING.md says."""
    buckets = sorted({digits[:2] for digits in md5s})
    texts = ["".join(sorted(m for m in md5s if m[:2] == bucket)) for bucket in buckets]
    return hashlib.md5(
        "".join(hashlib.md5(text.encode()).hexdigest() for text in texts).encode()
    ).hexdigest()


@pytest.mark.parametrize("batch_rows", [1, 7, 5000])
def test_tables_hash_as_by_hand(batch_rows):
    generator = random.Random(1)
    tables = {
        number: [hashlib.md5(generator.randbytes(8)).hexdigest() for _ in range(n_rows)]
        for number, n_rows in ((1, 3000), (2, 1), (4, 40))
    }
    # The same row twice is two rows.
    tables[4].append(tables[4][0])
    found = hash_tables(rows_of(tables, batch_rows))
    assert found.to_pylist() == [
        {"table_number": number, "row_count": len(md5s), "content_hash": hash_by_hand(md5s)}
        for number, md5s in tables.items()
    ]


def test_no_rows_have_no_hashes():
    assert hash_tables([]).equals(CONTENT_SCHEMA.empty_table())


def test_rows_out_of_order_are_refused():
    low, high = "00" + "1" * 30, "ff" + "1" * 30
    first, last = rows_of({1: [low, high]}, 1)
    with pytest.raises(ValueError, match="bucket 00 of table 1 comes after"):
        hash_tables([last, first])
