"""Writes simulated sales as the raw files of the sales wing, with what was planted in them."""

from __future__ import annotations

import csv
import itertools
import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from archetype.simulate.output import empty_folder, replaced
from archetype.simulate.sales_patterns import KNOWN, Floats
from archetype.simulate.sales_plan import Anomaly, plan_anomalies
from archetype.simulate.sales_stores import TICKS, WEEK_DAYS, Calendar, Ints, Stores, found_stores

FIRST_DAY = date(2025, 1, 6)
"""The first day of a simulation that names none: a Monday."""

COLUMNS = ("store_id", "sku", "sold_at", "units", "revenue")
"""Columns of the raw files: one row a sale line; ``sold_at`` is an instant in UTC."""

TRUTH_COLUMNS = (
    "anomaly_id",
    "store_id",
    "sku",
    "pattern",
    "is_known",
    "sign",
    "window_start",
    "quarter_at",
    "half_at",
    "window_end",
    "n_ticks",
    "peak",
)
"""Columns of ``truth.csv``: one row a planted anomaly.

``window_start`` is the start of its first tick and ``window_end`` the end of its last one, both of
which are a quarter of the expected units off or more. ``quarter_at`` and ``half_at`` are the ends
of the ticks with which a quarter and a half of its ticks have passed. ``sign`` is 0 for the pattern
that goes both ways, ``peak`` the factor on the expected units that is farthest from 1. After its
last tick a series is at its old level again, a Structural Decline too, so that every anomaly has an
end.
"""

SOILED_ROWS = {
    "return": 8,
    "text units": 6,
    "NaN units": 4,
    "no units": 4,
    "zero price": 6,
    "copied row": 6,
    "no instant": 4,
    "no store": 3,
    "no sku": 3,
}
"""What the soiled file holds, and of each how many rows; a copied row stands there twice."""

_EXTRA_LINE_SHARES = np.array([0.18, 0.04])
_NAN = "NaN"
_TEXT_UNITS = ("n/a", "two", "1O", "5 pcs", "-", "#REF!")
_N_WITHOUT_UNITS = 5
_SHARES = (0.25, 0.5, 1)
_AS_IS = pa_csv.WriteOptions(quoting_style="none", quoting_header="none")
_PARQUET = pa.schema(
    [
        ("store_id", pa.string()),
        ("sku", pa.string()),
        ("sold_at", pa.timestamp("us", "UTC")),
        ("units", pa.float64()),
        ("revenue", pa.float64()),
    ]
)


@dataclass(frozen=True)
class SalesReport:
    """What a simulation wrote.

    Parameters
    ----------
    n_series : int
        Stores times skus.
    n_anomalies : int
        Planted anomalies.
    n_files : int
        Sales files, bad ones included; the truth file is not counted.
    n_rows : int
        Sale lines in the weekly files.
    n_bytes : int
        Size of the sales files.
    truth_path : pathlib.Path
        The CSV file that tells what was planted, see `TRUTH_COLUMNS`.
    """

    n_series: int
    n_anomalies: int
    n_files: int
    n_rows: int
    n_bytes: int
    truth_path: Path


def simulate_sales(
    out: Path,
    stores: int,
    skus: int,
    days: int,
    seed: int,
    tick: str = "1 hour",
    file_format: Literal["csv", "parquet"] = "csv",
    anomalies: float = 1.0,
    unknown: float = 0.0,
    thin: float = 0.15,
    start: date = FIRST_DAY,
    dirt: bool = True,
) -> SalesReport:
    """Write simulated sale lines, one file a week, with planted anomalies and their truth.

    Units of a tick are negative binomial around level x weekly season x season of the day x planted
    factor; outside opening hours nothing is sold. The same arguments give the same bytes, and a
    week is drawn by a generator of its own: more days leave the weeks before as they are, but for
    anomalies that a shorter simulation had no room for.

    Parameters
    ----------
    out : pathlib.Path
        Folder to write to: new or empty.
    stores, skus : int
        Every store sells every sku; at least 1 each.
    days : int
        At least 1.
    seed : int
        Not negative.
    tick : str
        What the lengths of anomalies are counted in, see `TICKS`; a tick with sales has one to
        three lines.
    file_format : {"csv", "parquet"}
        Parquet has the same rows, with instants and doubles where CSV has texts.
    anomalies : float
        About how many a store-sku-month has after the warm-up; 0 is pure noise.
    unknown : float
        Share of the anomalies that is of the pattern that the library lacks, in [0, 1].
    thin : float
        Share of the skus that sell less than one unit a tick in a store, in [0, 1]; they hold no
        anomalies.
    start : datetime.date
        First day, in UTC.
    dirt : bool
        Whether to write bad files besides: ``sales_soiled`` (see `SOILED_ROWS`), ``sales_empty``
        without a byte and ``sales_no_units`` without that column. The weekly files are the same
        either way; of the soiled rows only those of one unit count as sales.

    Returns
    -------
    SalesReport
        What was written.

    Raises
    ------
    ValueError
        When an argument is out of its range, or `out` is not an empty folder.
    """
    for name, value in {"stores": stores, "skus": skus, "days": days}.items():
        if value < 1:
            raise ValueError(f"{name} must be at least 1, not {value}")
    if seed < 0:
        raise ValueError(f"seed must not be negative, not {seed}")
    if tick not in TICKS:
        raise ValueError(f"tick must be one of {', '.join(TICKS)}; not {tick!r}")
    if file_format not in ("csv", "parquet"):
        raise ValueError(f"file_format must be 'csv' or 'parquet', not {file_format!r}")
    if not 0 <= anomalies < np.inf:
        raise ValueError(f"anomalies must be a number of at least 0, not {anomalies}")
    for name, share in {"unknown": unknown, "thin": thin}.items():
        if not 0 <= share <= 1:
            raise ValueError(f"{name} must be a share from 0 to 1, not {share}")
    if days > (date.max - start).days:
        raise ValueError(f"{days} days from {start} on reach beyond the year {date.max.year}")
    out = empty_folder(out)

    calendar = Calendar(start, days, TICKS[tick])
    shops = found_stores(_generator(seed, 0), calendar, stores, skus, thin)
    planted = plan_anomalies(shops, seed, anomalies, unknown)
    n_rows = 0
    for week in range(-(-days // WEEK_DAYS)):
        lines = _draw_week(_generator(seed, 4, week), shops, planted, week)
        _put_lines(out / f"sales_{start + timedelta(WEEK_DAYS * week)}.{file_format}", lines)
        n_rows += lines.num_rows
        if dirt and week == 0:
            _put_bad_files(_generator(seed, 5), out, lines, file_format)
    truth_path = out / "truth.csv"
    _put_truth(truth_path, shops, planted)
    files = [path for path in out.iterdir() if path != truth_path]
    n_bytes = sum(path.stat().st_size for path in files)
    return SalesReport(stores * skus, len(planted), len(files), n_rows, n_bytes, truth_path)


def _generator(seed: int, *key: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def _draw_week(
    rng: np.random.Generator, shops: Stores, planted: list[Anomaly], week: int
) -> pa.Table:
    """Draw the sale lines of one week, in the order of their instants, then of store and sku."""
    calendar = shops.calendar
    days = WEEK_DAYS * week + np.arange(WEEK_DAYS)
    first = int(days[0]) * calendar.day_ticks
    expected = shops.expected_units(days)
    for anomaly in planted:
        begin, end = np.searchsorted(anomaly.ticks, [first, first + expected.shape[2]])
        here = anomaly.ticks[begin:end] - first
        expected[anomaly.store, anomaly.sku, here] *= anomaly.factors[begin:end]
    # A Poisson count whose mean is gamma distributed: its variance is mu + phi mu^2.
    phi = shops.dispersion[..., None]
    counts = rng.poisson(expected * phi * rng.standard_gamma(1 / phi, expected.shape))
    place, splits = rng.random((2, *counts.shape))
    # A whole week is drawn even where only some of its days are wanted.
    store, sku, slot = np.nonzero(counts[..., : calendar.n_ticks - first])
    cell = (store, sku, slot)
    n_lines = 1 + (splits[cell][:, None] < _EXTRA_LINE_SHARES).sum(axis=1)
    return _lines(shops, store, sku, first + slot, counts[cell], n_lines, place[cell])


def _lines(
    shops: Stores, store: Ints, sku: Ints, tick: Ints, units: Ints, n_lines: Ints, place: Floats
) -> pa.Table:
    """Split the units of each tick into lines, each at a second of its own within open hours."""
    n_lines = np.minimum(n_lines, units)
    host = np.repeat(np.arange(len(units)), n_lines)
    line = np.arange(len(host)) - np.repeat(np.cumsum(n_lines) - n_lines, n_lines)
    store, sku, tick, units, n, place = (
        column[host] for column in (store, sku, tick, units, n_lines, place)
    )
    units = units * (line + 1) // n - units * line // n
    since_s, open_s = shops.open_seconds(store, tick)
    second = since_s + np.floor((line + place) / n * open_s).astype(np.int64)
    sold_at = shops.calendar.instants(tick) + second.astype("timedelta64[s]")
    order = np.lexsort((sku, store, sold_at))
    columns = (
        shops.store_ids[store],
        shops.skus[sku],
        sold_at,
        units,
        units * shops.price_cents[sku] / 100,
    )
    return pa.table([pa.array(column[order]) for column in columns], names=COLUMNS)


def _put_lines(path: Path, lines: pa.Table) -> None:
    """Write lines as CSV, or as Parquet with doubles for numbers."""
    with replaced(path) as part:
        if path.suffix == ".csv":
            # Without the time zone Arrow would need a database of zones to write an instant.
            at = lines.column_names.index("sold_at")
            instants = lines["sold_at"].to_numpy().astype("datetime64[s]")
            texts = pa.array(np.datetime_as_string(instants, timezone="UTC").tolist())
            lines = lines.set_column(at, "sold_at", texts)
            pa_csv.write_csv(lines, part, _AS_IS)
        else:
            fields = [_PARQUET.field(name) for name in lines.column_names]
            lines = lines.cast(pa.schema(fields))
            pq.write_table(lines, part, compression="zstd", store_schema=False)


def _put_bad_files(rng: np.random.Generator, out: Path, lines: pa.Table, file_format: str) -> None:
    """Write what real files suffer from."""
    kinds = [kind for kind, n in SOILED_ROWS.items() for _ in range(n)]
    picks = np.resize(rng.permutation(lines.num_rows), len(kinds) if lines.num_rows else 0)
    sold = zip(kinds, lines.take(picks).to_pylist(), itertools.cycle(_TEXT_UNITS))
    rows = [row for kind, line, text in sold for row in _soil(kind, line, text)]
    path = out / f"sales_soiled.{file_format}"
    if file_format == "csv":
        with replaced(path) as part, part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(row | {"sold_at": _spell(row["sold_at"])} for row in rows)
    else:
        # A column of numbers holds no text but NaN.
        numbers = [
            row | {"units": {_NAN: math.nan}.get(row["units"])}
            if isinstance(row["units"], str)
            else row
            for row in rows
        ]
        _put_lines(path, pa.Table.from_pylist(numbers, _PARQUET))
    no_units = lines.slice(0, _N_WITHOUT_UNITS).drop_columns(["units"])
    _put_lines(out / f"sales_no_units.{file_format}", no_units)
    (out / f"sales_empty.{file_format}").touch()


def _soil(kind: str, line: dict[str, Any], text: str) -> list[dict[str, Any]]:
    """Give the rows that a kind of dirt makes of a sale line: one unit of it, spoilt."""
    one = line | {"units": 1, "revenue": round(line["revenue"] / line["units"], 2)}
    spoilt = {
        "return": {"units": -1, "revenue": -one["revenue"]},
        "text units": {"units": text},
        "NaN units": {"units": _NAN},
        "no units": {"units": None},
        "zero price": {"revenue": 0.0},
        "copied row": {},
        "no instant": {"sold_at": None},
        "no store": {"store_id": None},
        "no sku": {"sku": None},
    }
    return [one | spoilt[kind]] * (2 if kind == "copied row" else 1)


def _spell(instant: datetime | None) -> str | None:
    return instant and f"{instant:%Y-%m-%dT%H:%M:%SZ}"


def _put_truth(path: Path, shops: Stores, planted: list[Anomaly]) -> None:
    """Write down what was planted, see `TRUTH_COLUMNS`."""
    with replaced(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(TRUTH_COLUMNS)
        for number, anomaly in enumerate(planted, start=1):
            n = len(anomaly.ticks)
            quarter, half, last = (anomaly.ticks[math.ceil(n * share) - 1] for share in _SHARES)
            moments = shops.calendar.instants(
                np.array([anomaly.ticks[0], quarter + 1, half + 1, last + 1])
            )
            writer.writerow(
                [
                    f"A{number:05}",
                    shops.store_ids[anomaly.store],
                    shops.skus[anomaly.sku],
                    anomaly.pattern.name,
                    str(anomaly.pattern in KNOWN).lower(),
                    anomaly.pattern.sign,
                    *map(_spell, moments.tolist()),
                    n,
                    f"{anomaly.peak:.3f}",
                ]
            )
