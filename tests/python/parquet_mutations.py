"""Garbage made of good Parquet files: spoilt bytes, and tables of foreign types and widths."""

from __future__ import annotations

import datetime as dt
import decimal
import io
from collections.abc import Callable
from functools import partial
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
from mutations import EVENT, INSTANTS, METADATA, NUMBERS, RAW, Mutation, flip_bits, truncate

FOOTER_BYTES = 8
"""The length of the metadata and the magic bytes: the end of every Parquet file."""

MOMENT = dt.datetime(2025, 6, 1, 10, 30)
FOREIGN = {
    "binary": (b"\xff\x00", pa.binary()),
    "fixed binary": (b"abcd", pa.binary(4)),
    "list": ([1, None], pa.list_(pa.int32())),
    "empty struct list": ([], pa.list_(pa.struct([("a", pa.string())]))),
    "struct": ({"a": {"b": 1}}, pa.struct([("a", pa.struct([("b", pa.int8())]))])),
    "map": ([("k", 1)], pa.map_(pa.string(), pa.int32())),
    "time": (MOMENT.time(), pa.time64("ns")),
    "seconds": (MOMENT.time(), pa.time32("s")),
    "duration": (dt.timedelta(hours=1), pa.duration("us")),
    "date": (MOMENT.date(), pa.date32()),
    "bool": (True, pa.bool_()),
    "dictionary": ("a", pa.dictionary(pa.int8(), pa.string())),
    "decimal": (decimal.Decimal("1.5"), pa.decimal128(38, 10)),
    "wide decimal": (decimal.Decimal("1.5"), pa.decimal256(76, 10)),
    "half": (1.5, pa.float16()),
    "float": (float("nan"), pa.float32()),
    "tiny": (-1, pa.int8()),
    "large": (2**64 - 1, pa.uint64()),
    "large text": ("x", pa.large_string()),
    "null": (None, pa.null()),
    "moment": (MOMENT, pa.timestamp("ns")),
    "zoned": (MOMENT, pa.timestamp("us", "America/New_York")),
    "first moment": (-(2**63) + 1, pa.timestamp("us")),
    "last moment": (2**63 - 1, pa.timestamp("ns")),
    "last second": (2**40, pa.timestamp("s")),
    "last day": (2**31 - 1, pa.date32()),
}


def edit(change: Callable[[pa.Table, Random], pa.Table], content: bytes, random: Random) -> bytes:
    """Change a file as a table."""
    return written(change(pq.read_table(io.BytesIO(content)), random))


def written(table: pa.Table, **options) -> bytes:
    """Give a table as the bytes of a file."""
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def footer_start(content: bytes) -> int:
    """Tell where the pages end and the metadata begin."""
    return len(content) - FOOTER_BYTES - int.from_bytes(content[-FOOTER_BYTES:-4], "little")


def flip_footer(content: bytes, random: Random) -> bytes:
    start = footer_start(content)
    return (
        content[:start] + flip_bits(content[start:-FOOTER_BYTES], random) + content[-FOOTER_BYTES:]
    )


def flip_pages(content: bytes, random: Random) -> bytes:
    start = footer_start(content)
    return flip_bits(content[:start], random) + content[start:]


def flip_length(content: bytes, random: Random) -> bytes:
    return content[:-FOOTER_BYTES] + flip_bits(content[-FOOTER_BYTES:-4], random) + content[-4:]


def lose_pages(content: bytes, random: Random) -> bytes:
    """Take bytes out of the pages, so that the footer points beside them."""
    first, second = sorted(random.randrange(footer_start(content)) for _ in range(2))
    return content[:first] + content[second:]


def set_column(name: str, table: pa.Table, values: list, kind: pa.DataType) -> pa.Table:
    column = pa.array(values, kind)
    place = table.schema.get_field_index(name)
    if place < 0:
        return table.append_column(name, column)
    return table.set_column(place, name, column)


def foreign(name: str, table: pa.Table, random: Random) -> pa.Table:
    value, kind = FOREIGN[random.choice(sorted(FOREIGN))]
    return set_column(name, table, [value] * len(table), kind)


def texts(name: str, values: list, table: pa.Table, random: Random) -> pa.Table:
    chosen = [str(random.choice(values)) for _ in range(len(table))]
    return set_column(name, table, chosen, pa.string())


def numbers(name: str, table: pa.Table, random: Random) -> pa.Table:
    values = [float("nan"), float("inf"), float("-inf"), 1e308, -1e308, 5e-324, -0.0, 1e15, None]
    return set_column(name, table, [random.choice(values) for _ in range(len(table))], pa.float64())


def nulls(table: pa.Table, random: Random) -> pa.Table:
    name = random.choice(table.column_names)
    return set_column(name, table, [None] * len(table), table.schema.field(name).type)


def swap(table: pa.Table, random: Random) -> pa.Table:
    return table.rename_columns(random.sample(table.column_names, table.num_columns))


def lose_column(table: pa.Table, random: Random) -> pa.Table:
    return table.drop_columns(random.sample(table.column_names, random.randint(1, 2)))


def rename(table: pa.Table, random: Random) -> pa.Table:
    """Give columns names that clash, differ in their case, or mean something to a reader."""
    names = list(table.column_names)
    names[random.randrange(len(names))] = random.choice(
        (
            names[0],
            names[0].upper(),
            "file_row_number",
            "raw_file_path",
            "filename",
            "a.b",
            "",
            'q"',
            "'; drop table x; --",
            "x" * 10_000,
            "htf_forecast",
            "{{ 1 / 0 }}",
            "event_hash",
        )
    )
    return table.rename_columns(names)


def widen(count: int, table: pa.Table, random: Random) -> pa.Table:
    columns = {f"column {number}": pa.nulls(len(table), pa.int8()) for number in range(count)}
    return pa.table(dict(zip(table.column_names, table.columns, strict=True)) | columns)


def repeat(table: pa.Table, random: Random) -> pa.Table:
    return pa.concat_tables([table] * 50)


def rewrite(content: bytes, random: Random) -> bytes:
    """Write the same rows in another way."""
    options = random.choice(
        (
            {"compression": "none"},
            {"compression": "gzip"},
            {"compression": "brotli"},
            {"compression": "lz4"},
            {"data_page_version": "2.0"},
            {"use_dictionary": False},
            {"row_group_size": 3},
            {"version": "1.0"},
            {"write_page_checksum": True},
        )
    )
    return written(pq.read_table(io.BytesIO(content)), **options)


def table(kind: str, function: Callable, *arguments: object) -> Mutation:
    return Mutation(kind, partial(edit, partial(function, *arguments)))


def of_columns(
    required: tuple[str, ...], counted: tuple[str, ...], timed: tuple[str, ...]
) -> tuple:
    plain = [value for value in NUMBERS if value not in RAW]
    return (
        Mutation("empty", lambda content, random: b""),
        Mutation("only_magic", lambda content, random: b"PAR1" * random.choice((1, 2, 3))),
        *[Mutation("truncated", truncate)] * 2,
        *[Mutation("bit_flipped", flip_bits)] * 2,
        *[Mutation("footer_flipped", flip_footer)] * 6,
        *[Mutation("pages_flipped", flip_pages)] * 4,
        Mutation("length_flipped", flip_length),
        Mutation("pages_lost", lose_pages),
        *(table("foreign_type", foreign, name) for name in (*required, *counted, "note") * 2),
        *(table("odd_number", numbers, name) for name in counted),
        *(table("odd_number", texts, name, plain) for name in counted[:2]),
        *(table("odd_date", texts, name, list(INSTANTS)) for name in timed),
        table("nulls", nulls),
        *[table("swapped_columns", swap)] * 2,
        table("missing_fields", lose_column),
        *[table("odd_header", rename)] * 4,
        table("many_columns", widen, 10_000),
        table("no_rows", lambda rows, random: rows.slice(0, 0)),
        table("repeated_rows", repeat),
        *[Mutation("rewritten", rewrite)] * 2,
    )


SALES_PARQUET = of_columns(
    ("store_id", "sku", "sold_at"), ("units", "revenue"), ("sold_at", "sold_at")
)
SESSION_PARQUET = of_columns((*METADATA, "timestamp"), EVENT[1:], (*METADATA[2:7], "timestamp"))
REPORT_PARQUET = of_columns(
    ("store_id", "sku", "window_start", "window_end"),
    ("sign", "severity_score"),
    ("window_start", "window_end", "first_detected_from"),
)
