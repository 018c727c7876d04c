"""What the sales simulator promises: determinism, honest truth, plausible counts, dirt."""

from __future__ import annotations

import csv
import re
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from typer.testing import CliRunner

from archetype.cli import app
from archetype.simulate import sales as simulator
from archetype.simulate import simulate_sales
from archetype.simulate.sales_patterns import KNOWN, UNKNOWN
from archetype.simulate.sales_plan import (
    MIN_DISTANCE_DAYS,
    QUIET_END_DAYS,
    WARM_UP_DAYS,
    visible,
)
from archetype.simulate.sales_stores import TICKS, Calendar, found_stores

SEED = 7
SIZE = {"stores": 5, "skus": 8, "days": 100, "seed": SEED}
SAMPLE_BYTES_MAX = 1_000_000
SHORTEST, LONGEST = 6, 62
PEAK_LEAST, TROUGH_MOST = 2.0, 0.4
PATTERNS = {pattern.name: pattern for pattern in (*KNOWN, UNKNOWN)}


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Simulate the same sales in both formats, and without anomalies."""
    home = tmp_path_factory.mktemp("raw")
    simulate_sales(home / "csv", **SIZE, unknown=0.2)
    simulate_sales(home / "parquet", **SIZE, unknown=0.2, file_format="parquet")
    simulate_sales(home / "clean", **SIZE, unknown=0.2, dirt=False)
    simulate_sales(home / "noise", **SIZE, anomalies=0, dirt=False)
    return {path.name: path for path in home.iterdir()}


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _truth_of(folder: Path) -> pd.DataFrame:
    moments = ["window_start", "quarter_at", "half_at", "window_end"]
    return pd.read_csv(folder / "truth.csv", parse_dates=moments)


def _lines_of(folder: Path) -> pd.DataFrame:
    """Read the weekly files."""
    files = sorted(folder.glob("sales_20*.csv"))
    return pd.concat([pd.read_csv(f, parse_dates=["sold_at"]) for f in files], ignore_index=True)


def _expected(size: dict = SIZE, thin: float = 0.15):
    """Give the stores of a simulation and what they expect, (stores, skus, ticks)."""
    calendar = Calendar(simulator.FIRST_DAY, size["days"], 60)
    rng = np.random.default_rng(np.random.SeedSequence(size["seed"], spawn_key=(0,)))
    stores = found_stores(rng, calendar, size["stores"], size["skus"], thin)
    return stores, stores.expected_units(np.arange(size["days"]))


def _counts(folder: Path, stores) -> np.ndarray:
    """Add up the units of each tick, (stores, skus, ticks)."""
    lines = _lines_of(folder)
    first = pd.Timestamp(simulator.FIRST_DAY, tz="UTC")
    tick = (lines["sold_at"] - first) // pd.Timedelta(hours=1)
    store = np.searchsorted(stores.store_ids, lines["store_id"].to_numpy(str))
    sku = np.searchsorted(stores.skus, lines["sku"].to_numpy(str))
    counts = np.zeros((len(stores.store_ids), len(stores.skus), stores.calendar.n_ticks))
    np.add.at(counts, (store, sku, tick.to_numpy()), lines["units"].to_numpy())
    return counts


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_same_arguments_give_the_same_bytes(tmp_path, raw, file_format):
    simulate_sales(tmp_path / "again", **SIZE, unknown=0.2, file_format=file_format)
    assert _contents(tmp_path / "again") == _contents(raw[file_format])


def test_another_seed_gives_other_sales(tmp_path, raw):
    simulate_sales(tmp_path / "other", **SIZE | {"seed": SEED + 1}, unknown=0.2)
    other, same = _contents(tmp_path / "other"), _contents(raw["csv"])
    assert other.keys() == same.keys()
    assert [name for name in other if other[name] == same[name]] == ["sales_empty.csv"]


def test_more_days_leave_the_earlier_ones_as_they_are(tmp_path, raw):
    """But for anomalies that fewer days had no room for, of which noise has none."""
    report = simulate_sales(tmp_path / "fewer", **SIZE | {"days": 25}, anomalies=0, dirt=False)
    fewer, more = _lines_of(tmp_path / "fewer"), _lines_of(raw["noise"])
    end = pd.Timestamp(simulator.FIRST_DAY, tz="UTC") + pd.Timedelta(days=25)
    pd.testing.assert_frame_equal(fewer, more[more["sold_at"] < end])
    assert report.n_rows == len(fewer)
    assert report.n_files == 4
    assert report.n_bytes == sum(map(len, _contents(tmp_path / "fewer").values())) - len(
        (tmp_path / "fewer" / "truth.csv").read_bytes()
    )


def test_files_are_weeks(raw):
    """Every line stands in the file of its week, in the order of instants."""
    for path in raw["clean"].glob("sales_*.csv"):
        lines = pd.read_csv(path, parse_dates=["sold_at"])
        first = pd.Timestamp(path.stem.removeprefix("sales_"), tz="UTC")
        assert lines["sold_at"].between(first, first + pd.Timedelta(days=7), "left").all()
        assert lines["sold_at"].is_monotonic_increasing
        assert list(lines) == list(simulator.COLUMNS)
    assert not _lines_of(raw["clean"]).duplicated().any()


def test_both_formats_hold_the_same_rows(raw):
    """Instants, numbers and nulls alike; only text in units is null in Parquet."""
    for path in sorted(raw["csv"].glob("sales_*.csv")):
        other = raw["parquet"] / f"{path.stem}.parquet"
        if path.stem == "sales_empty":
            assert path.read_bytes() == other.read_bytes() == b""
            continue
        names = path.read_text().splitlines()[0].split(",")
        units = "try_cast(units as double) as units, " if "units" in names else ""
        rows = duckdb.sql(
            f"select store_id, sku, cast(sold_at as timestamptz) as sold_at, {units}"
            f" cast(revenue as double) as revenue from read_csv('{path}', all_varchar=true)"
        ).fetchall()
        assert str(rows) == str(duckdb.sql(f"from '{other}'").fetchall())


def test_nothing_is_sold_while_a_store_is_closed(raw):
    """Sales lie within opening hours, and Saturdays are shorter; some Sundays are closed."""
    stores, expected = _expected()
    lines = _lines_of(raw["csv"])
    counts = _counts(raw["csv"], stores)
    assert (counts[expected == 0] == 0).all()
    assert (expected[~stores.is_thin[None].repeat(5, 0)] > 0).mean() > 0.3
    hours = stores.closes - stores.opens
    assert (hours[:, 5] < hours[:, 0]).all()
    assert 0 < (hours[:, 6] == 0).sum() < len(hours)
    weekday = lines["sold_at"].dt.day_of_week
    closed = stores.store_ids[hours[:, 6] == 0]
    assert not (lines["store_id"].isin(closed) & (weekday == 6)).any()
    store = np.searchsorted(stores.store_ids, lines["store_id"].to_numpy(str))
    second = (lines["sold_at"] - lines["sold_at"].dt.normalize()).dt.total_seconds()
    assert (second >= 900 * stores.opens[store, weekday]).all()
    assert (second < 900 * stores.closes[store, weekday]).all()


def test_counts_have_the_mean_and_the_variance_that_was_meant(raw):
    """E (x - mu)^2 is mu + phi mu^2: both moments agree within four standard errors."""
    stores, expected = _expected()
    counts = _counts(raw["noise"], stores)
    phi = np.broadcast_to(stores.dispersion[..., None], expected.shape)
    is_open = expected > 0
    for group in (stores.is_thin, ~stores.is_thin):
        cells = is_open & group[None, :, None]
        mu, x, f = expected[cells], counts[cells], phi[cells]
        variance = mu + f * mu**2
        z = (x - mu) / np.sqrt(variance)
        assert abs(z.mean()) < 4 / np.sqrt(z.size)
        assert abs((z**2).mean() - 1) < 4 * (z**2).std() / np.sqrt(z.size)
    thick = np.where(is_open, expected, np.nan)[:, ~stores.is_thin]
    thin = np.where(is_open, expected, np.nan)[:, stores.is_thin]
    assert np.nanmean(thick, axis=2).min() > 30
    assert np.nanmean(thick, axis=2).max() < 140
    assert np.nanmean(thin, axis=2).min() > 0.05
    assert np.nanmean(thin, axis=2).max() < 1


def test_noise_plants_nothing(raw):
    assert len(_truth_of(raw["noise"])) == 0
    assert tuple(_truth_of(raw["noise"])) == simulator.TRUTH_COLUMNS


def test_truth_is_what_the_sales_show(raw):
    """Within a window units follow the pattern's sign, and outside all windows the baseline."""
    stores, expected = _expected()
    counts, truth = _counts(raw["csv"], stores), _truth_of(raw["csv"])
    expected[expected == 0] = np.nan
    outside = expected > 0
    n_open = outside.sum()
    first = pd.Timestamp(simulator.FIRST_DAY, tz="UTC")
    for row in truth.itertuples():
        store = int(np.searchsorted(stores.store_ids, row.store_id))
        sku = int(np.searchsorted(stores.skus, row.sku))
        begin, quarter, half, end = (
            (at - first) // pd.Timedelta(hours=1)
            for at in (row.window_start, row.quarter_at, row.half_at, row.window_end)
        )
        is_open = expected[store, sku, begin:end] > 0
        assert is_open[0]
        assert is_open[-1]
        assert is_open.sum() == row.n_ticks
        assert is_open[: quarter - begin].sum() == -(-row.n_ticks // 4)
        assert is_open[: half - begin].sum() == -(-row.n_ticks // 2)
        outside[store, sku, begin:end] = False
        factor = (counts / expected)[store, sku, begin:end][is_open]
        share = counts[store, sku, begin:end].sum() / np.nansum(expected[store, sku, begin:end])
        if row.sign:
            assert share > 1.2 if row.sign > 0 else share < 0.8, row
        assert share < 1.3 * max(row.peak, 1), row
        if row.sign >= 0:
            assert 0.5 * row.peak < factor.max() < 2.5 * row.peak, row
        if row.sign <= 0:
            assert factor.min() < 0.6, row
    ratio = counts[outside].sum() / expected[outside].sum()
    assert abs(ratio - 1) < 0.01
    assert 1 - outside.sum() / n_open < 0.1


def test_truth_keeps_its_word(raw):
    """Names, sizes, lengths, distances and the quiet beginning and end are as promised."""
    truth = _truth_of(raw["csv"])
    stores, _ = _expected()
    thin = set(stores.skus[stores.is_thin])
    assert tuple(truth) == simulator.TRUTH_COLUMNS
    assert truth["anomaly_id"].is_unique
    assert set(truth["pattern"]) == set(PATTERNS)
    assert (truth["is_known"] == (truth["pattern"] != UNKNOWN.name)).all()
    assert truth["sign"].tolist() == [PATTERNS[name].sign for name in truth["pattern"]]
    assert 0.15 < 1 - truth["is_known"].mean() < 0.25
    known = truth[truth["is_known"]]["pattern"].value_counts()
    assert known.min() > 0.5 * known.mean()
    assert truth["n_ticks"].between(SHORTEST, LONGEST).all()
    assert (truth["peak"][truth["sign"] >= 0] >= PEAK_LEAST).all()
    assert (truth["peak"][truth["sign"] < 0] <= TROUGH_MOST).all()
    assert not truth["sku"].isin(thin).any()
    first = pd.Timestamp(simulator.FIRST_DAY, tz="UTC")
    assert truth["window_start"].min() >= first + pd.Timedelta(days=WARM_UP_DAYS)
    last = first + pd.Timedelta(days=SIZE["days"] - QUIET_END_DAYS)
    assert truth["window_end"].max() <= last
    months = 5 * 7 * (SIZE["days"] - WARM_UP_DAYS) / 30
    assert 0.7 < len(truth) / months < 1.3
    for _, of_series in truth.groupby(["store_id", "sku"]):
        gap = of_series["window_start"] - of_series["window_end"].shift()
        assert (gap.dropna() >= pd.Timedelta(days=MIN_DISTANCE_DAYS)).all()


def test_promotions_fill_trading_days(raw):
    """They begin with a day's first tick and end with a day's last one."""
    stores, expected = _expected()
    is_open = expected[:, 0] > 0
    truth = _truth_of(raw["csv"])
    first = pd.Timestamp(simulator.FIRST_DAY, tz="UTC")
    for row in truth[truth["pattern"] == "Promotion"].itertuples():
        hours = is_open[np.searchsorted(stores.store_ids, row.store_id)]
        begin, end = ((at - first) // pd.Timedelta(hours=1) for at in row[7:11:3])
        assert not hours[begin - 1]
        assert not hours[end]


@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS)
def test_curves_are_of_the_size_promised(pattern):
    """For every length: large enough, never negative, and no two the same."""
    rng = np.random.default_rng(SEED)
    for n in range(pattern.shortest, pattern.longest + 1):
        curves = [pattern.curve(rng, n) for _ in range(20)]
        assert all(curve.shape == (n,) and (curve >= 0).all() for curve in curves)
        assert min(len(curve[visible(curve)]) for curve in curves) >= SHORTEST
        if pattern.sign >= 0:
            assert min(curve.max() for curve in curves) >= PEAK_LEAST
        if pattern.sign <= 0:
            lowest = max(curve.min() for curve in curves)
            assert lowest <= (TROUGH_MOST if pattern.sign else 0.6)
        assert pattern.name == "Stockout" or len({curve.tobytes() for curve in curves}) == 20


def test_dirt_comes_in_files_of_its_own(raw):
    """The weekly files are the same with and without it."""
    clean, dirty = _contents(raw["clean"]), _contents(raw["csv"])
    assert clean.items() <= dirty.items()
    bad = {f"sales_{name}.csv" for name in ("soiled", "empty", "no_units")}
    assert dirty.keys() - clean.keys() == bad
    assert dirty["sales_empty.csv"] == b""
    assert dirty["sales_no_units.csv"].startswith(b"store_id,sku,sold_at,revenue\n")


def test_the_soiled_file_holds_what_it_says(raw):
    with (raw["csv"] / "sales_soiled.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    distinct = {tuple(row.values()) for row in rows}
    found = {
        "return": sum(row["units"] == "-1" for row in rows),
        "text units": sum(bool(re.search("[^-0-9]|^-$", row["units"])) for row in rows)
        - sum(row["units"] == "NaN" for row in rows),
        "NaN units": sum(row["units"] == "NaN" for row in rows),
        "no units": sum(row["units"] == "" for row in rows),
        "zero price": sum(float(row["revenue"]) == 0 for row in rows),
        "copied row": len(rows) - len(distinct),
        "no instant": sum(row["sold_at"] == "" for row in rows),
        "no store": sum(row["store_id"] == "" for row in rows),
        "no sku": sum(row["sku"] == "" for row in rows),
    }
    assert found == simulator.SOILED_ROWS


@pytest.mark.parametrize("tick", TICKS)
def test_every_tick_is_plausible(tmp_path, tick):
    """Anomalies are lengths in open ticks, whatever a tick is."""
    report = simulate_sales(
        tmp_path, 3, 3, 200 if TICKS[tick] > 60 else 60, SEED, tick, dirt=False, thin=0
    )
    truth = _truth_of(tmp_path)
    assert report.n_anomalies == len(truth) > 0
    assert truth["n_ticks"].between(SHORTEST, 1.5 * LONGEST).all()
    lines = _lines_of(tmp_path)
    first = pd.Timestamp(simulator.FIRST_DAY, tz="UTC")
    number = (lines["sold_at"] - first) // pd.Timedelta(minutes=TICKS[tick])
    per_tick = lines.groupby([lines["store_id"], lines["sku"], number])["units"]
    assert per_tick.size().max() <= 3
    assert (per_tick.sum() > 0).all()
    assert (lines["units"] > 0).all()


def test_a_store_can_be_tiny(tmp_path):
    """One store, one sku, one day, which is a Sunday on which it is closed: no line, no fault."""
    report = simulate_sales(tmp_path, 1, 1, 1, SEED, start=date(2025, 1, 5))
    assert report.n_rows == 0
    assert report.n_anomalies == 0


def test_the_sample_is_what_its_command_writes(tmp_path):
    """`make sample` would change nothing, and the sample stays below a megabyte."""
    line = re.search(r"simulate sales .*", (ROOT / "Makefile").read_text()).group(0)
    command = line.replace("sample/sales", str(tmp_path / "sales")).split()
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    written = _contents(tmp_path / "sales")
    assert written == _contents(ROOT / "sample" / "sales")
    assert sum(map(len, written.values())) < SAMPLE_BYTES_MAX
    truth = _truth_of(tmp_path / "sales")
    assert set(truth["pattern"]) == set(PATTERNS)


def test_the_command_line_refuses_in_one_line(tmp_path):
    arguments = ["--stores", "1", "--skus", "1", "--days", "1", "--seed", "1"]
    command = ["simulate", "sales", *arguments, "--tick", "week", "--out", str(tmp_path / "new")]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 1
    assert "tick must be one of 15 minutes" in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"stores": 0}, "stores must be at least 1, not 0"),
        ({"skus": 0}, "skus must be at least 1, not 0"),
        ({"days": 0}, "days must be at least 1, not 0"),
        ({"days": 10**7}, "reach beyond the year 9999"),
        ({"seed": -1}, "seed must not be negative, not -1"),
        ({"tick": "1 week"}, "tick must be one of 15 minutes, .*; not '1 week'"),
        ({"file_format": "xml"}, "'csv' or 'parquet', not 'xml'"),
        ({"anomalies": -1}, "anomalies must be a number of at least 0, not -1"),
        ({"anomalies": float("nan")}, "anomalies must be a number of at least 0, not nan"),
        ({"unknown": 1.5}, "unknown must be a share from 0 to 1, not 1.5"),
        ({"thin": -0.1}, "thin must be a share from 0 to 1, not -0.1"),
    ],
)
def test_a_wrong_argument_is_refused(tmp_path, arguments, message):
    """The message names the argument, and nothing is written."""
    with pytest.raises(ValueError, match=message):
        simulate_sales(tmp_path / "new", **SIZE | arguments)
    assert not (tmp_path / "new").exists()


def test_a_folder_that_holds_something_is_refused(tmp_path):
    (tmp_path / "kept.txt").write_text("mine")
    with pytest.raises(ValueError, match=f"{tmp_path} is not an empty folder"):
        simulate_sales(tmp_path, **SIZE)
    assert _contents(tmp_path) == {"kept.txt": b"mine"}


def test_ticks_are_those_of_the_warehouse():
    macro = (ROOT / "macros" / "sales_tick_minutes.sql").read_text()
    assert dict(re.findall(r"'(.+)': (\d+)", macro)) == {k: str(v) for k, v in TICKS.items()}
