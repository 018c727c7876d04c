"""Bad sales input: every raw row used or counted under its reason, every bad file named."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from conftest import ROOT, WITHOUT_UNIT_TESTS, Warehouse

HEADER = "store_id,sku,sold_at,units,revenue\n"
MAPPING = {
    "store": "store_id",
    "sku": "sku",
    "instant": "sold_at",
    "units": "units",
    "revenue": "revenue",
}
SELECTED = ("--select", "+sales_processing_log", "stg_sales_mrdl__reports", *WITHOUT_UNIT_TESTS)
SELECTED += ("--indirect-selection", "cautious")


class Sales(Warehouse):
    """A home of its own and a folder of raw sales."""

    @property
    def folder(self):
        """Where the raw files lie."""
        folder = self.home.parent / "raw"
        folder.mkdir(exist_ok=True)
        return folder

    def put(self, name: str, content: str | bytes) -> None:
        """Write a raw file."""
        data = content if isinstance(content, bytes) else content.encode()
        (self.folder / name).write_bytes(data)

    def put_parquet(self, name: str, query: str) -> None:
        """Write the rows of a query as a raw file."""
        with duckdb.connect() as connection:
            connection.execute(f"copy ({query}) to '{self.folder / name}' (format parquet)")

    def build(self, *arguments, **options):
        """Build from the folder where no other files are given."""
        return super().build(*arguments, **({"sales": self.folder / "*"} | options))

    def read(self, **variables) -> Sales:
        """Build the models of the input."""
        return self.built(*SELECTED, **variables)

    def log(self, columns: str, kind: str = "sales") -> dict[str, tuple]:
        """Give columns of the log, by file."""
        rows = self.query_warehouse(
            f"select file_name, {columns} from sales_processing_log where file_kind = '{kind}'"
        )
        return {row[0]: row[1:] if len(row) > 2 else row[1] for row in rows}

    def counts(self, name: str, kind: str = "sales") -> dict[str, int]:
        """Give the counts of a file that are not 0."""
        with duckdb.connect(str(self.home / "archetype.duckdb"), read_only=True) as connection:
            found = connection.execute(
                "select columns('n_.*') from sales_processing_log"
                f" where file_name = '{name}' and file_kind = '{kind}'"
            )
            names = [column[0] for column in found.description]
            return {n: value for n, value in zip(names, found.fetchone(), strict=True) if value}

    def ticks(self) -> list[tuple]:
        """Give what is stored, without the names of files."""
        return self.query_warehouse(
            "select store_id, sku, tick_local, written_at, units, revenue, n_rows"
            " from stg_sales__ticks order by all"
        )

    def advance(self) -> None:
        """Log the clock, as the last log of the wing does."""
        with duckdb.connect(str(self.home / "archetype.duckdb")) as connection:
            connection.execute(
                "create table if not exists sales_clock_log (processed_to timestamp)"
            )
            connection.execute("insert into sales_clock_log select as_of_at from stg_sales__clock")


@pytest.fixture
def sales(tmp_path) -> Sales:
    """Give an empty home whose raw sales are CSV and Parquet files in a folder."""
    return Sales(tmp_path / "home")


def rows(*lines: str) -> str:
    """Give a CSV file with the default columns."""
    return HEADER + "".join(f"{line}\n" for line in lines)


def test_every_bad_file_has_its_reason_and_the_rest_is_read(sales):
    good = "A,k,2025-01-06 10:15,2,5.00"
    sales.put_parquet("good.parquet", "select 'A' store_id, 'p' sku, now() sold_at, 1 units")
    whole = (sales.folder / "good.parquet").read_bytes()
    sales.put("good.parquet", b"")
    sales.put("plain.csv", rows(good))
    sales.put("blank.csv", " \n\n")
    sales.put("header.csv", HEADER)
    sales.put("truncated.parquet", whole[: len(whole) // 2])
    sales.put("not.parquet", "store_id,sku\n")
    sales.put("prose.csv", "Dear all,\nplease find attached nothing.\n")
    sales.put("binary.csv", bytes(range(256)))
    sales.put("utf16.csv", rows(good).encode("utf-16"))
    sales.put("latin1_header.csv", "store_id,sku,sold_at,units,r\u00e9venue\n".encode("latin-1"))
    sales.put("no_units.csv", "store_id,sku,sold_at,revenue\nA,k,2025-01-06 10:15,2\n")
    sales.put("twice.csv", "store_id,sku,sold_at,units,revenue,SKU\nA,k,2025-01-06 10:15,2,2,k\n")
    sales.put("quote.csv", 'store_id,sku,sold_at,units,revenue,"a""b"\nA,k,2025-01-06,2,2,1\n')
    sales.put("all_bad.csv", rows(",k,2025-01-06 10:15,2,2"))
    sales.put("semicolon.csv", rows("A,semi,2025-01-06 10:15,2,5.00").replace(",", ";"))
    sales.put("tab.csv", rows("A,tab,2025-01-06 10:15,2,5.00").replace(",", "\t"))
    sales.put("bom.csv", b"\xef\xbb\xbf" + rows("A,bom,2025-01-06 10:15,2,5.00").encode())
    sales.put("crlf.csv", rows("A,crlf,2025-01-06 10:15,2,5.00").replace("\n", "\r\n"))
    sales.put("no_newline.csv", rows("A,end,2025-01-06 10:15,2,5.00").rstrip("\n"))
    sales.put(
        "more.csv",
        ' units ,SKU,sold_at,store_id,"revenue",,note\r\n'
        '2,"quoted, with ""comma""","2025-01-06 10:15",A,5.00,0,"two\r\nlines"\r\n',
    )
    sales.put_parquet(
        "typed.parquet",
        "select 1 as n, 'A' as store_id, 42 as sku, timestamptz '2025-01-06 10:15:00+00' sold_at,"
        " 2::float as units, 5.00::decimal(6, 2) as revenue, {'a': [1]} as nested, 'x'::blob as b",
    )
    sales.put_parquet(
        "odd.parquet", "select 'A' store_id, 'k' sku, 1.5 sold_at, [2] units, 5 revenue"
    )
    (sales.folder / "broken_link.csv").symlink_to(sales.folder / "nowhere.csv")
    (sales.folder / "a_folder.csv").mkdir()
    sales.read()
    assert sales.log("reason") == {
        "good.parquet": "empty_file",
        "plain.csv": "rows_used",
        "blank.csv": "empty_file",
        "header.csv": "no_rows",
        "truncated.parquet": "invalid_parquet",
        "not.parquet": "invalid_parquet",
        "prose.csv": "missing_columns",
        "binary.csv": "not_csv",
        "utf16.csv": "not_utf8",
        "latin1_header.csv": "not_utf8",
        "no_units.csv": "missing_columns",
        "twice.csv": "ambiguous_columns",
        "quote.csv": "ambiguous_columns",
        "all_bad.csv": "no_usable_rows",
        "semicolon.csv": "rows_used",
        "tab.csv": "rows_used",
        "bom.csv": "rows_used",
        "crlf.csv": "rows_used",
        "no_newline.csv": "rows_used",
        "more.csv": "rows_used",
        "typed.parquet": "rows_used",
        "odd.parquet": "no_usable_rows",
        "broken_link.csv": "unreadable_file",
    }
    messages = sales.log("message")
    assert (
        "missing: units (units); it has: store_id, sku, sold_at, revenue"
        in messages["no_units.csv"]
    )
    assert "an empty revenue maps none" in messages["no_units.csv"]
    assert None not in messages.values()
    stored = {(sku, units, revenue) for _, sku, _, _, units, revenue, _ in sales.ticks()}
    names = ("k", "semi", "tab", "bom", "crlf", "end", 'quoted, with "comma"', "42")
    assert stored == {(name, 2, 5) for name in names}


def test_every_bad_row_has_its_reason(sales):
    good = [f"A,k,2025-01-06 {hour}:15:00+01:00,1,2.5" for hour in range(10, 20)]
    sales.put(
        "bad.csv",
        rows(
            *good,
            "A,k,2025-01-06 10:15:00+01:00,1,2.5",
            "A,k,2025-01-06 10:15:00+01:00,1",
            "A,k,2025-01-06 10:15:00+01:00,1,2.5,9",
            'A,"k"k,2025-01-06 10:15:00+01:00,1,2.5',
            " ,k,2025-01-06 10:15:00+01:00,1,2.5",
            "*,k,2025-01-06 10:15:00+01:00,1,2.5",
            "A,,2025-01-06 10:15:00+01:00,1,2.5",
            "A,k,06/01/2025 10:15,1,2.5",
            "A,k,,1,2.5",
            "A,k,2025-02-30 10:00,1,2.5",
            "A,k,1899-12-31 10:15,1,2.5",
            "A,k,9999-12-31 10:15,1,2.5",
            "A,k,infinity,1,2.5",
            "A,k,2025-01-06 10:16,many,2.5",
            "A,k,2025-01-06 10:16,NaN,2.5",
            "A,k,2025-01-06 10:16,inf,2.5",
            "A,k,2025-01-06 10:16,1e300,2.5",
            "A,k,2025-01-06 10:16,2000000000,2.5",
            "A,k,2025-01-06 10:16,,2.5",
            "A,k,2025-01-06 10:16,-2,-5",
            "A,k,2025-01-06 10:16,3,0",
            "A,k,2025-01-06 10:17,3,NaN",
            "A,k,2025-01-06 10:18,1e0,",
        ).encode()
        + "A,caf\u00e9,2025-01-06 10:15,1,2.5\n".encode("latin-1"),
    )
    sales.read()
    assert sales.counts("bad.csv") == {
        "n_rows": 34,
        "n_rows_used": 13,
        "n_rows_unreadable_row": 4,
        "n_rows_duplicate": 1,
        "n_rows_missing_store": 2,
        "n_rows_missing_sku": 1,
        "n_rows_unreadable_instant": 4,
        "n_rows_instant_out_of_range": 2,
        "n_rows_unreadable_units": 6,
        "n_rows_returned": 1,
        "n_returns": 1,
        "n_zero_price": 1,
        "n_duplicates": 1,
        "n_rows_without_zone": 12,
        "n_rows_without_revenue": 2,
    }
    units = sales.query_warehouse("select sum(units), sum(revenue) from stg_sales__ticks")
    assert units == [(10 + 3 + 3 + 1, 25)]


def test_stores_and_rules_are_what_the_variables_say(sales):
    sales.put(
        "a.csv",
        rows("A,k,2025-01-06 10:15,2,5", "B,k,2025-01-06 10:15,2,0", "C,k,2025-01-06 10:16,-1,0"),
    )
    sales.put("b.csv", rows("A,k,2025-01-06 10:15,2,5", "A,k,2025-01-06 10:15,2,5"))
    rules = {"zero_price": "ignore", "returns": "subtract", "duplicates": "keep"}
    sales.read(sales_stores=["A", "B"], sales_rules=rules, sales_time_zone="America/New_York")
    assert sales.counts("a.csv") == {
        "n_rows": 3,
        "n_rows_used": 1,
        "n_rows_zero_price": 2,
        "n_returns": 1,
        "n_zero_price": 2,
        "n_unknown_stores": 1,
        "n_rows_without_zone": 3,
    }
    assert sales.counts("b.csv") == {
        "n_rows": 2,
        "n_rows_used": 2,
        "n_duplicates": 1,
        "n_rows_without_zone": 2,
    }
    written = sales.query_warehouse("select distinct written_at::varchar from stg_sales__ticks")
    assert written == [("2025-01-06 16:00:00",)]


def test_a_mapping_reads_texts_as_numbers_where_it_calculates(sales):
    sales.put(
        "shop.csv",
        "Country,StockCode,Invoice Date,Quantity,UnitPrice\n"
        "EIRE,85123a,12/1/2010 8:26,6,2.55\nEIRE,85123A,12/1/2010 8:28,-1,2.55\n"
        "EIRE,85123A,12/1/2010 8:29,1,free\nEIRE,85123A,2010-12-01,1,1\n",
    )
    sales.put("other.csv", "Country,StockCode\nEIRE,1\n")
    sales.put_parquet(
        "shop.parquet",
        "select 'EIRE' as Country, '85123a' as StockCode, '12/1/2010 8:26' as \"Invoice Date\","
        " '6' as Quantity, 2.55::float as UnitPrice",
    )
    sales.put_parquet(
        "codes.parquet",
        "select 'EIRE' as Country, 85123 as StockCode, '12/1/2010 8:26' as \"Invoice Date\","
        " 6 as Quantity, 2.55 as UnitPrice",
    )
    sales.read(
        sales_columns={
            "store": "Country",
            "sku": "upper(StockCode)",
            "instant": "strptime(\"Invoice Date\", '%m/%d/%Y %H:%M')",
            "units": "Quantity",
            "revenue": "Quantity * UnitPrice",
        }
    )
    tick = ("EIRE", "85123A", 6 + 1, 15.3)
    assert sales.query_warehouse(
        "select store_id, sku, units::double, revenue::double from stg_sales__ticks"
        " where file_name = 'shop.csv'"
    ) == [tick]
    assert sales.counts("shop.csv")["n_rows_returned"] == 1
    assert sales.counts("shop.csv")["n_rows_unreadable_instant"] == 1
    assert sales.counts("shop.csv")["n_rows_without_revenue"] == 1
    assert sales.log("reason")["shop.parquet"] == "rows_used"
    assert sales.log("reason")["codes.parquet"] == "wrong_columns"
    assert "upper(INTEGER)" in sales.log("message")["codes.parquet"]
    message = sales.log("message")["other.csv"]
    assert "Invoice Date (instant), Quantity (revenue), Quantity (units), UnitPrice" in message


HOSTILE = {
    "read_text('/etc/hosts')": "may not call: read_text",
    "getvariable('x')": "may not call: getvariable",
    "current_setting('threads')": "may not call: current_setting",
    "(select max(store_id) from stg_sales__ticks)": "may not hold: subquery",
    "x; drop table stg_sales__ticks": "cannot be parsed",
    "x; select 1": "is not one SQL expression",
    "x from read_csv('/etc/hosts')": "is not one SQL expression",
    "x) from t --": "cannot be parsed",
    "x union all select 1": "is not one SQL expression",
    "store, sku": "is not one SQL expression",
    "Invoice Date": "a name with blanks needs double quotes",
    "sum(x)": "may not call: sum",
    "row_number() over ()": "may not hold: window",
    "*": "may not hold: star",
    "columns('.*')": "may not hold: star",
    "repeat(x, 1000000000)": "may not call: repeat",
    "other.upper(x)": "without a table or a schema",
    "t.x": "without a table or a schema",
    "$1": "may not hold: parameter",
    "upper(": "cannot be parsed",
    "'" * 7: "cannot be parsed",
    "x" * 1001: "at most 1,000 characters",
    5: "must be a text",
}


def test_a_hostile_or_foolish_mapping_is_refused_before_anything_is_read(sales):
    sales.put("a.csv", rows("A,k,2025-01-06 10:15,2,5"))
    texts = [text for text in HOSTILE if isinstance(text, str) and len(text) <= 1000]
    listed = "".join(f"{{{{ sales_expression({text!r})['problem'] }}}}\n" for text in texts)
    command = [str(Path(sys.executable).with_name("dbt")), "--quiet", "compile", "--inline", listed]
    sales.home.mkdir()
    homes = ("ARCHETYPE_HOME", "DBT_TARGET_PATH", "DBT_LOG_PATH")
    environment = os.environ | {name: str(sales.home) for name in homes}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    problems = dict(zip(texts, done.stdout.strip().splitlines(), strict=True))
    assert {text: problems[text] for text in texts if HOSTILE[text] not in problems[text]} == {}
    fields = dict(zip(MAPPING, ("x" * 1001, 5, *texts[:3]), strict=True))
    result = sales.build(*SELECTED, sales_columns=fields)
    assert result.returncode != 0
    said = " ".join(result.stdout.split())
    for field, text in fields.items():
        assert f"sales_columns.{field}" in said
        assert HOSTILE[text] in said
    assert "Traceback" not in said + result.stderr
    assert sales.query_warehouse("from duckdb_tables() where table_name like 'stg_sales%'") == []


def test_wrong_variables_are_named(sales):
    sales.put("a.csv", rows("A,k,2025-01-06 10:15,2,5"))
    result = sales.build(
        *SELECTED,
        sales_columns={"store": "store_id", "when": "x"},
        sales_rules={"returns": "burn", "gifts": "use"},
        sales_stores="A",
        sales_tick="7 minutes",
        sales_time_zone="Mars/Olympus",
        incomplete_ticks=-1,
        replay_to="soon",
    )
    said = " ".join(result.stdout.split())
    for words in (
        "sales_columns names when; it may map store, sku, instant, units, revenue only",
        "sales_columns lacks sku; it must be a column or a SQL expression",
        "sales_rules names gifts; it may name returns, zero_price, duplicates, unknown_stores",
        "sales_rules.returns is burn; it must be one of ignore, subtract",
        "sales_stores is A; it must be a list of stores",
        "sales_tick is 7 minutes; it must be one of 15 minutes",
        "sales_time_zone is Mars/Olympus; it must be an IANA name",
        "incomplete_ticks is -1; it must be a whole number from 0 to 10,000",
        "replay_to is soon; it must be an instant in UTC",
    ):
        assert words in said, said


def test_no_file_is_an_error_in_words(sales):
    result = sales.build(*SELECTED)
    assert result.returncode != 0
    assert "no file matches" in result.stdout
    assert "ARCHETYPE_SALES" in result.stdout


@pytest.mark.long
def test_a_history_keeps_its_tick_and_its_zone(sales):
    sales.put("a.csv", rows("A,k,2025-01-06 10:15,2,5"))
    sales.read()
    for variables, words in (
        ({"sales_tick": "2 hours"}, "sales_tick is 2 hours, but the history is in ticks of 60"),
        ({"sales_time_zone": "Asia/Tokyo"}, "but the history is in another zone"),
    ):
        result = sales.build(*SELECTED, **variables)
        assert result.returncode != 0
        assert words in " ".join(result.stdout.split())


def days(first: int, last: int, store: str = "A") -> list[str]:
    """Give three sales an hour, from 9 to 11, for each day of January."""
    return [
        f"{store},k{n},2025-01-{day:02} {hour:02}:{minute},{n + 1},1"
        for day in range(first, last + 1)
        for hour in (9, 10, 11)
        for n, minute in enumerate((10, 20, 30))
    ]


def test_a_mistyped_date_does_not_move_the_clock(sales):
    typo = "A,k1,2099-01-09 10:00,1,1"
    sales.put("a.csv", rows(*days(6, 8), typo))
    sales.read()
    assert sales.counts("a.csv")["n_rows_tick_not_complete"] == 1
    clock = "select as_of_at::varchar from stg_sales__clock"
    assert sales.query_warehouse(clock) == [("2025-01-08 12:00:00",)]
    sales.advance()
    sales.put("b.csv", rows(*days(9, 9)))
    sales.read()
    assert sales.log("n_rows_late, n_rows_tick_not_complete") == {"a.csv": (0, 1), "b.csv": (0, 0)}
    assert sales.query_warehouse(clock) == [("2025-01-09 12:00:00",)]


@pytest.mark.long
def test_day_by_day_stores_what_one_build_of_all_stores(sales, tmp_path):
    for day in (6, 7):
        sales.put(f"{day:02}.csv", rows(*days(day, day)))
        sales.read()
        sales.advance()
    streamed = sales.ticks()
    assert len(streamed) == 2 * 9
    batch = Sales(tmp_path / "batch" / "home")
    batch.home.parent.mkdir()
    batch.read(sales=sales.folder / "*")
    assert batch.ticks() == streamed
    replayed = Sales(tmp_path / "replay" / "home")
    replayed.home.parent.mkdir()
    for instant in ("2025-01-06 10:30", ""):
        replayed.read(sales=sales.folder / "*", replay_to=instant)
        replayed.advance()
    assert replayed.ticks() == streamed


@pytest.mark.long
def test_late_rows_are_counted_and_unchanged_files_are_not_opened(sales):
    sales.put("a.csv", rows(*days(6, 7)))
    sales.put("b.csv", rows(*days(6, 7, store="B")))
    sales.read().advance()
    stored = sales.ticks()
    before = sales.log("n_rows, n_rows_used")
    # Two rows too late: one of a tick that stands, one of a tick that has no row yet.
    late = ["A,k1,2025-01-06 09:59,5,5", "A,k1,2025-01-06 15:30,5,5"]
    sales.put("a.csv", rows(*days(6, 7), *late, *days(8, 8)))
    sales.read()
    assert sales.query_warehouse("select file_name from list_sales_files where is_finished") == [
        ("b.csv",)
    ]
    assert sales.log("n_rows, n_rows_used, n_rows_late") == {
        "a.csv": (before["a.csv"][0] + 2 + 9, before["a.csv"][1] + 9, 2),
        "b.csv": (*before["b.csv"], 0),
    }
    assert [row for row in sales.ticks() if row in stored] == stored
    assert len(sales.ticks()) == len(stored) + 9
    sales.advance()
    # Rows that are taken away later, or with their file, stay used.
    sales.put("a.csv", rows(*days(7, 8)))
    (sales.folder / "b.csv").unlink()
    kept = sales.ticks()
    sales.read()
    assert sales.ticks() == kept
    assert sales.log("reason, n_rows_used, n_rows_withdrawn") == {
        "a.csv": ("rows_used", 18, 9),
        "b.csv": ("file_gone", 18, 0),
    }


@pytest.mark.long
def test_a_build_that_was_stopped_neither_loses_nor_doubles_rows(sales):
    sales.put("a.csv", rows(*days(6, 6)))
    sales.read().advance()
    # Stopped before the clock is logged: ticks of the 7th are stored, and still to be processed.
    sales.put("b.csv", rows(*days(7, 7)))
    sales.read()
    stored = sales.ticks()
    sales.read()
    assert sales.ticks() == stored
    assert sales.query_warehouse(
        "select processed_to::varchar, as_of_at::varchar from stg_sales__clock"
    ) == [("2025-01-06 12:00:00", "2025-01-07 12:00:00")]
    # The file grows meanwhile: what is stored stays, a row for its tick is late.
    sales.put("b.csv", rows(*days(7, 7), "A,k1,2025-01-07 11:40,1,1", "A,k9,2025-01-07 11:40,1,1"))
    sales.read()
    assert len(sales.ticks()) == len(stored) + 1
    assert sales.log("n_rows, n_rows_used, n_rows_late")["b.csv"] == (11, 10, 1)


def test_ticks_that_are_not_complete_wait(sales):
    sales.put("a.csv", rows(*days(6, 6)))
    sales.read(incomplete_ticks=1)
    assert sales.log("n_rows_used, n_rows_tick_not_complete") == {"a.csv": (6, 3)}
    sales.advance()
    sales.put("b.csv", rows("A,k1,2025-01-06 11:50,1,1", "A,k1,2025-01-06 12:10,1,1"))
    sales.read(incomplete_ticks=1)
    assert sales.log("n_rows_used, n_rows_tick_not_complete") == {"a.csv": (9, 0), "b.csv": (1, 1)}


def test_supplied_reports_are_used_or_counted(sales, tmp_path):
    sales.put("a.csv", rows(*days(6, 8)))
    reports = tmp_path / "mrdl.csv"
    reports.write_text(
        "sku;store_id;window_start;window_end;sign;note\n"
        "k1;A;2025-01-06T09:00Z;2025-01-06T11:00Z;1;\n"
        "k1;A;2025-01-06T09:00Z;2025-01-06T11:00Z;1;\n"
        "k1;A;2025-01-06 09:00;2025-01-06 12:00;;another end\n"
        "*;A;2025-01-06 09:00;2025-01-06 12:00;-1;\n"
        "k1;Z;2025-01-06 09:00;2025-01-06 12:00;;\n"
        "zz;A;2025-01-06 09:00;2025-01-06 12:00;;\n"
        "k1;A;2025-01-06 09:00;2025-01-06 08:00;;\n"
        "k1;A;soon;2025-01-06 08:00;;\n"
        "k1;A;2025-01-07 09:00;2025-01-07 10:00;above;\n"
        ";A;2025-01-07 09:00;2025-01-07 10:00;;\n"
        "k1;A\n"
    )
    sales.read(reports=reports)
    assert sales.counts("mrdl.csv", kind="reports") == {
        "n_rows": 11,
        "n_rows_used": 2,
        "n_rows_unreadable_row": 1,
        "n_rows_duplicate": 2,
        "n_rows_missing_sku": 1,
        "n_rows_unreadable_instant": 1,
        "n_rows_unknown_store": 1,
        "n_rows_window_ends_too_early": 1,
        "n_rows_unreadable_sign": 1,
        "n_rows_unknown_sku": 1,
    }
    assert sales.query_warehouse(
        "select store_id, sku, sign, window_start::varchar, window_end::varchar,"
        " first_detected_from from stg_sales_mrdl__reports order by sku"
    ) == [
        ("A", "*", -1, "2025-01-06 09:00:00", "2025-01-06 12:00:00", None),
        ("A", "k1", None, "2025-01-06 09:00:00", "2025-01-06 12:00:00", None),
    ]
    reports.write_text("store_id,sku,window_start\nA,k1,2025-01-06\n")
    sales.read(reports=reports)
    assert sales.log("reason, status, n_rows_used", kind="reports") == {
        "mrdl.csv": ("missing_columns", "skipped", 0)
    }
    assert "missing: window_end" in sales.log("message", kind="reports")["mrdl.csv"]
    assert sales.query_warehouse("from stg_sales_mrdl__reports") == []
    result = sales.build(*SELECTED, reports=tmp_path / "nowhere.csv")
    assert result.returncode != 0
    assert "ARCHETYPE_MRDL" in result.stdout
