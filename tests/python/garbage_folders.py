"""Folders of garbage among good files, as the garbage test has them built."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from conftest import SAMPLE, SHARED
from csv_mutations import SALES_CSV
from mutations import LISTS, SESSION_JSON, Garbage, spoil
from parquet_mutations import REPORT_PARQUET, SALES_PARQUET, SESSION_PARQUET, written

from archetype.files import MAX_JSON_BYTES, MAX_JSON_COMMAS

LONG_LINE = 50 << 20

SALES = SAMPLE.parent / "sales"
HEADER = ("store_id", "sku", "sold_at", "units", "revenue")
REPORT_HEADER = (
    *("store_id", "sku", "window_start", "window_end"),
    *("first_detected_from", "sign", "severity_score"),
)

SMALL = (SAMPLE / "asia_2025_01_06_0000007.json").read_bytes()

# Sessions that no other file of the sample tells of, given to the garbage build as Parquet.
AS_PARQUET = ("london_2025_01_07_0000009", "lunch_2025_01_08_0000021", "asia_2025_01_08_0000024")
SALES_AS_PARQUET = "sales_2025-01-20"


@dataclass
class Folder:
    """A folder of garbage among good files, and what sort of garbage each file is."""

    path: Path
    kinds: dict[str, str] = field(default_factory=dict)

    def put(self, name: str, kind: str, content: bytes) -> None:
        """Write a file that something is wrong with."""
        (self.path / name).write_bytes(content)
        self.kinds[name] = kind

    def put_all(self, pieces: list[Garbage], suffix: str) -> None:
        """Write garbage of one format."""
        for piece in pieces:
            self.put(piece.name + suffix, piece.kind, piece.content)

    def put_oddities(self, contents: list[bytes], suffix: str) -> None:
        """Write good files under odd names, and what is no file."""
        names = ("a'b", 'a"b', "a\nb", "[a]*?b", "{{x}}", "%s", "$(x)", "é", "a b", "; drop", "--x")
        names += ("x" * 240, "\\n", "~", "#", "`ls`", "UPPER", "a.b.gz", ",", "null")
        for name, content in zip(names, contents, strict=False):
            self.put(name + suffix, "odd_name", content)
        (self.path / "link").with_suffix(suffix).symlink_to(f"null{suffix}")
        self.kinds["link" + suffix] = "link"
        for name, target in (
            ("broken", "nowhere"),
            ("loop", f"loop{suffix}"),
            ("device", "/dev/zero"),
        ):
            (self.path / name).with_suffix(suffix).symlink_to(target)
            self.kinds[name + suffix] = "not_a_file"
        os.mkfifo(self.path / f"pipe{suffix}")
        self.kinds[f"pipe{suffix}"] = "not_a_file"
        (self.path / f"folder{suffix}").mkdir()
        (self.path / f"link_to_folder{suffix}").symlink_to(".")
        Path(os.fsdecode(os.fsencode(self.path) + b"/\xff" + suffix.encode())).write_bytes(b"{}")
        self.kinds[f"\\xff{suffix}"] = "not_a_file"
        if os.geteuid():
            self.put(f"closed{suffix}", "not_a_file", contents[0])
            (self.path / f"closed{suffix}").chmod(0)


def isolated(content: bytes, number: int) -> bytes:
    """Give a session a type and a day that no good one has, so that it is nobody's peer."""
    document = json.loads(content)
    metadata = document["session_metadata"]
    metadata.pop("date", None)
    metadata |= {"session_type": "garbage", "session_date": str(day(number))}
    events = next(document[name] for name in LISTS if document.get(name))
    del events[60:]
    return json.dumps(document).encode()


def day(number: int) -> date:
    """Give a day of its own to the n-th session."""
    return date(2001, 1, 1) + timedelta(days=number)


def session_sources(count: int) -> list[bytes]:
    """Give good sessions of both dialects, simulated and, where they are there, real ones."""
    folders = (SAMPLE, SHARED / "ironforge" / "adapted", SHARED / "ironforge" / "enhanced")
    files = [file for folder in folders for file in sorted(folder.glob("*_*.json"))]
    good = []
    for file in files:
        try:
            document = json.loads(file.read_bytes())
        except ValueError:
            continue
        if "session_metadata" in document and any(document.get(name) for name in LISTS):
            good.append(file.read_bytes())
    # Every other one is real, so that a small count holds both.
    good = good[::2] + good[1::2]
    return [isolated(good[number * 7 % len(good)], number) for number in range(count)]


def session_as_parquet(content: bytes) -> bytes:
    """Write a session as a table with one row an event."""
    document = json.loads(content)
    metadata = {name: value for name, value in document["session_metadata"].items() if value}
    events = next(document[name] for name in LISTS if document.get(name))
    rows = [{name: str(value) for name, value in (metadata | event).items()} for event in events]
    names = dict.fromkeys(name for row in rows for name in row)
    return written(pa.Table.from_pylist([{name: row.get(name) for name in names} for row in rows]))


def sales_sources(count: int) -> list[bytes]:
    """Give good sales of stores and skus that no good file sells, simulated and real ones."""
    lines = [
        line.replace("S0", "G0").replace("SKU", "GSK")
        for file in sorted(SALES.glob("sales_2025-*.csv"))
        for line in file.read_text().splitlines()[1:]
    ]
    blocks = [lines[start : start + 80] for start in range(0, len(lines) - 80, 800)]
    blocks += real_sales_blocks()
    # Simulated and real ones in turns.
    blocks = blocks[::2] + blocks[1::2]
    return [
        "\n".join([",".join(HEADER), *blocks[number % len(blocks)], ""]).encode()
        for number in range(count)
    ]


def real_sales_blocks() -> list[list[str]]:
    """Give lines of real sales; none where they are absent."""
    path = SHARED / "sales" / "online_retail.parquet"
    if not path.is_file():
        return []
    names = ["Country", "StockCode", "InvoiceDate", "Quantity", "UnitPrice"]
    rows = pq.read_table(path, columns=names)
    return [
        [
            f"G{row['Country']},{row['StockCode']},{row['InvoiceDate']},{row['Quantity']},"
            f"{row['Quantity'] * row['UnitPrice']:.2f}"
            for row in rows.slice(start, 80).to_pylist()
        ]
        for start in range(0, len(rows), 20_000)
    ]


def as_parquet(content: bytes) -> bytes:
    """Write a plain CSV file as a table of texts."""
    return written(pa.Table.from_pylist(list(csv.DictReader(io.StringIO(content.decode())))))


def session_folder(path: Path, count: int, seed: int) -> Folder:
    """Put garbage among the sessions of the sample."""
    shutil.copytree(SAMPLE, path, ignore=shutil.ignore_patterns("*.csv"))
    for name in AS_PARQUET:
        file = path / f"{name}.json"
        file.with_suffix(".parquet").write_bytes(session_as_parquet(file.read_bytes()))
        file.unlink()
    folder = Folder(path)
    sources = session_sources(count)
    tables = [session_as_parquet(content) for content in sources[: count // 3]]
    json_count = count - len(tables)
    folder.put_all(spoil(SESSION_JSON, sources[len(tables) :], json_count, seed, "j"), ".json")
    folder.put_all(spoil(SESSION_PARQUET, tables, len(tables), seed, "p"), ".parquet")
    folder.put_oddities([isolated(content, 4000 + i) for i, content in enumerate(sources)], ".json")
    for name, content in long_lines(json.loads(isolated(SMALL, 5000))).items():
        folder.put(f"{name}.json", name, content)
    return folder


def long_lines(document: dict) -> dict[str, bytes]:
    """Give documents of one line: of 50 MB, and of as many bytes and values as are allowed."""
    text = json.dumps(document | {"events": "@", "session_liquidity_events": []})
    events = ", ".join(map(json.dumps, document["events"]))
    many = {
        "too_long_text": f'{events}, {{"note": "{"x" * LONG_LINE}"}}',
        "too_many_events": f"{events}, " * (LONG_LINE // len(events)) + "{}",
        "too_many_values": "1, " * (MAX_JSON_COMMAS + 1) + "1",
        "long_text": f'{events}, {{"note": "{"x" * (MAX_JSON_BYTES - 100_000)}"}}',
        "many_events": f"{events}, " * ((MAX_JSON_BYTES - 100_000) // (len(events) + 2)) + "{}",
        "many_values": "1," * (MAX_JSON_COMMAS - 1000) + "1",
    }
    lines = {name: text.replace('"@"', f"[{one}]").encode() for name, one in many.items()}
    return lines | {"too_long_noise": b"x" * LONG_LINE}


def sales_folder(path: Path, count: int, seed: int) -> Folder:
    """Put garbage among the sales of the sample."""
    shutil.copytree(SALES, path, ignore=shutil.ignore_patterns("truth.csv"))
    file = path / f"{SALES_AS_PARQUET}.csv"
    file.with_suffix(".parquet").write_bytes(as_parquet(file.read_bytes()))
    file.unlink()
    folder = Folder(path)
    sources = sales_sources(count)
    tables = [as_parquet(content) for content in sources[: count // 3]]
    csv_count = count - len(tables)
    folder.put_all(spoil(SALES_CSV, sources[len(tables) :], csv_count, seed, "c"), ".csv")
    folder.put_all(spoil(SALES_PARQUET, tables, len(tables), seed, "q"), ".parquet")
    folder.put_oddities(sources, ".csv")
    folder.put("long_line.csv", "long_line", b"x" * LONG_LINE)
    folder.put(
        "long_cell.csv", "long_line", sources[0] + b'G01,"' + b"x" * LONG_LINE + b'",2025,1,1'
    )
    return folder


def report_sources(count: int) -> list[bytes]:
    """Give good files of reports on series that are sold."""
    # No two of one series and start, or one of them would be a duplicate.
    return [
        "\n".join(
            [
                ",".join(REPORT_HEADER),
                *(
                    f"S0{1 + on % 4},SKU00{1 + on % 8},2025-01-{on:02} {number // 6 % 24:02}:"
                    f"{number % 6}5,2025-01-{on + 1:02} 12:00,,{(1, -1, '')[on % 3]},1.5"
                    for on in range(8, 20)
                ),
                "",
            ]
        ).encode()
        for number in range(count)
    ]


def report_folder(path: Path, count: int, seed: int) -> Folder:
    """Give a folder of spoilt reports, and one good file."""
    path.mkdir()
    folder = Folder(path)
    good, *sources = report_sources(count + 1)
    (path / "good.csv").write_bytes(good)
    tables = [as_parquet(content) for content in sources[: count // 3]]
    csv_count = count - len(tables)
    folder.put_all(spoil(SALES_CSV, sources[len(tables) :], csv_count, seed, "r"), ".csv")
    folder.put_all(spoil(REPORT_PARQUET, tables, len(tables), seed, "t"), ".parquet")
    folder.put_oddities(sources, ".csv")
    return folder
