"""What stores are expected to sell: opening hours, seasons, levels, and the calendar of ticks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

TICKS = {
    "15 minutes": 15,
    "30 minutes": 30,
    "1 hour": 60,
    "2 hours": 120,
    "3 hours": 180,
    "4 hours": 240,
    "6 hours": 360,
    "8 hours": 480,
    "12 hours": 720,
    "1 day": 1440,
}
"""Ticks by their name, in minutes."""

WEEK_DAYS = 7
_SATURDAY, _SUNDAY = 5, 6
_QUARTER_MINUTES, _QUARTERS = 15, 96
_HOUR_QUARTERS = 60 // _QUARTER_MINUTES

_OPENING_HOURS, _CLOSING_HOURS = (8, 11), (18, 22)
_SATURDAY_SHORTER, _SUNDAY_HOURS = (2, 5), (11, 17)
_WEEK_SEASON = np.array([0.88, 0.86, 0.92, 0.98, 1.18, 1.26, 0.92])
_WEEK_SPREAD = 0.05
_PEAK_HOURS, _PEAK_WIDTHS = np.array([12.5, 17.5]), np.array([1.3, 1.6])
_PEAK_HEIGHTS, _PEAK_HOUR_SPREAD = (0.15, 0.55), 0.5

_THICK_UNITS, _THIN_UNITS = (40.0, 120.0), (0.1, 0.8)
_STORE_SPREAD = 0.15
_DISPERSION = (0.01, 0.02)
_LEAN = 0.04
_DRIFT, _DRIFT_DAYS = 0.03, (150.0, 400.0)
_PRICE_CENTS = (90.0, 4_000.0)


@dataclass(frozen=True)
class Calendar:
    """The ticks of a simulation, in UTC; position 0 is the first tick of the first day.

    Parameters
    ----------
    start : datetime.date
        First day.
    days : int
        How many days.
    tick_minutes : int
        Length of a tick; it divides a day.
    """

    start: date
    days: int
    tick_minutes: int

    @property
    def day_ticks(self) -> int:
        """Ticks in a day."""
        return 24 * 60 // self.tick_minutes

    @property
    def n_ticks(self) -> int:
        """Ticks in all."""
        return self.days * self.day_ticks

    def weekdays(self, days: Ints) -> Ints:
        """Give the weekday of each day, Monday being 0."""
        return (self.start.weekday() + days) % WEEK_DAYS

    def instants(self, ticks: Ints) -> NDArray[np.datetime64]:
        """Give the start of each tick, to the second."""
        first = np.datetime64(self.start, "s")
        return first + np.asarray(ticks) * np.timedelta64(60 * self.tick_minutes, "s")


@dataclass(frozen=True)
class Stores:
    """What is expected when nothing happens; a series is a store and a sku.

    Parameters
    ----------
    store_ids, skus : ndarray of str
        Names, (n_stores,) and (n_skus,).
    calendar : Calendar
        The ticks that everything here is counted in.
    opens, closes : ndarray of int, (n_stores, 7)
        First and last quarter of an hour in which the store trades, the last one exclusive, by
        weekday; equal on a day on which it stays closed.
    season : ndarray of float, (n_stores, 7, day_ticks)
        Expected hours' worth of sales in each tick, 0 where the store is closed.
    lean : ndarray of float, (n_skus, day_ticks)
        How much more or less than its store a sku sells at that time of day.
    level : ndarray of float, (n_stores, n_skus)
        Units in a typical open hour; in a typical open tick for thin skus.
    drift_days, drift_phase : ndarray of float, (n_stores, n_skus)
        Period and phase of a slow wave of a few per cent in the level.
    dispersion : ndarray of float, (n_stores, n_skus)
        phi of the counts' variance mu + phi mu^2.
    price_cents : ndarray of int, (n_skus,)
        Price of a unit.
    is_thin : ndarray of bool, (n_skus,)
        Whether the sku sells so little that its series must be rolled up.
    """

    store_ids: NDArray[np.str_]
    skus: NDArray[np.str_]
    calendar: Calendar
    opens: Ints
    closes: Ints
    season: Floats
    lean: Floats
    level: Floats
    drift_days: Floats
    drift_phase: Floats
    dispersion: Floats
    price_cents: Ints
    is_thin: Bools

    def open_ticks(self, store: int) -> Ints:
        """Give the positions of all ticks in which a store trades, ascending."""
        is_open = self.season[store, self.calendar.weekdays(np.arange(self.calendar.days))] > 0
        return np.flatnonzero(is_open)

    def expected_units(self, days: Ints) -> Floats:
        """Give what is expected of some days, (n_stores, n_skus, days x day_ticks)."""
        season = self.season[:, self.calendar.weekdays(days)]
        wave = 2 * np.pi * (days / self.drift_days[..., None] + self.drift_phase[..., None])
        daily = self.level[..., None] * np.exp(_DRIFT * np.sin(wave))
        units = daily[..., None] * season[:, None] * self.lean[None, :, None]
        return units.reshape(*self.level.shape, -1)

    def open_seconds(self, store: Ints, tick: Ints) -> tuple[Ints, Ints]:
        """Give when trading begins in open ticks, in seconds since their start, and for how long.

        Parameters
        ----------
        store, tick : ndarray of int, (n,)
            Positions of stores and of their open ticks.

        Returns
        -------
        tuple of ndarray of int, (n,)
            Seconds from the start of the tick to the first open second, and open seconds.
        """
        day, slot = divmod(tick, self.calendar.day_ticks)
        weekday = self.calendar.weekdays(day)
        tick_s, quarter_s = 60 * self.calendar.tick_minutes, 60 * _QUARTER_MINUTES
        since = np.maximum(self.opens[store, weekday] * quarter_s - slot * tick_s, 0)
        until = np.minimum(self.closes[store, weekday] * quarter_s - slot * tick_s, tick_s)
        return since, until - since


def found_stores(
    rng: np.random.Generator, calendar: Calendar, n_stores: int, n_skus: int, thin_share: float
) -> Stores:
    """Draw stores and their assortment.

    Parameters
    ----------
    rng : numpy.random.Generator
        The only source of chance.
    calendar : Calendar
        The ticks to be filled.
    n_stores, n_skus : int
        Every store sells every sku.
    thin_share : float
        Share of the skus that are thin, in [0, 1].

    Returns
    -------
    Stores
        A function of the arguments alone.
    """
    opens, closes = _opening_hours(rng, n_stores)
    season = _season(rng, calendar, opens, closes)
    typical = season.sum(axis=(1, 2)) / (season > 0).sum(axis=(1, 2))

    is_thin = np.zeros(n_skus, dtype=bool)
    is_thin[rng.permutation(n_skus)[: round(thin_share * n_skus)]] = True
    shape = (n_stores, n_skus)
    size = rng.uniform(-1, 1, n_stores)[:, None]
    popularity = 0.5 * (1 + rng.uniform(-1, 1, n_skus))
    place = np.clip(popularity + _STORE_SPREAD * (size + rng.uniform(-1, 1, shape)), 0, 1)
    thick = _between(_THICK_UNITS, place)
    thin = _between(_THIN_UNITS, place) / typical[:, None]

    hours = (np.arange(calendar.day_ticks) + 0.5) * calendar.tick_minutes / 60
    turn = rng.random(n_skus)[:, None]
    return Stores(
        store_ids=np.array([f"S{i + 1:02}" for i in range(n_stores)]),
        skus=np.array([f"SKU{i + 1:03}" for i in range(n_skus)]),
        calendar=calendar,
        opens=opens,
        closes=closes,
        season=season,
        lean=1 + _LEAN * np.sin(2 * np.pi * (hours / 24 + turn)),
        level=np.where(is_thin, thin, thick),
        drift_days=_between(_DRIFT_DAYS, rng.random(shape)),
        drift_phase=rng.random(shape),
        dispersion=_between(_DISPERSION, rng.random(shape)),
        price_cents=np.rint(_between(_PRICE_CENTS, rng.random(n_skus))).astype(np.int64),
        is_thin=is_thin,
    )


def _between(bounds: tuple[float, float], place: Floats) -> Floats:
    """Give the value at a place in [0, 1] between two bounds, on a logarithmic scale."""
    low, high = bounds
    return low * (high / low) ** place


def _opening_hours(rng: np.random.Generator, n_stores: int) -> tuple[Ints, Ints]:
    """Draw opening hours in quarters, (n_stores, 7): every other store is closed on Sundays."""
    opens = np.repeat(rng.integers(*_OPENING_HOURS, (n_stores, 1)), WEEK_DAYS, axis=1)
    closes = np.repeat(rng.integers(*_CLOSING_HOURS, (n_stores, 1)), WEEK_DAYS, axis=1)
    closes[:, _SATURDAY] -= rng.integers(*_SATURDAY_SHORTER, n_stores)
    opens[:, _SUNDAY], closes[:, _SUNDAY] = _SUNDAY_HOURS
    closes[::2, _SUNDAY] = opens[::2, _SUNDAY]
    return _HOUR_QUARTERS * opens, _HOUR_QUARTERS * closes


def _season(rng: np.random.Generator, calendar: Calendar, opens: Ints, closes: Ints) -> Floats:
    """Draw the season of each store by weekday and tick of day; an open hour is 1 on average."""
    n_stores = len(opens)
    hours = (np.arange(_QUARTERS) + 0.5) / _HOUR_QUARTERS
    peaks = _PEAK_HOURS + _PEAK_HOUR_SPREAD * rng.uniform(-1, 1, (n_stores, 2))
    heights = rng.uniform(*_PEAK_HEIGHTS, (n_stores, 2))
    bumps = np.exp(-0.5 * ((hours[:, None, None] - peaks) / _PEAK_WIDTHS) ** 2)
    daily = 1 + (heights * bumps).sum(axis=2).T
    weekly = _WEEK_SEASON * (1 + _WEEK_SPREAD * rng.uniform(-1, 1, (n_stores, WEEK_DAYS)))

    quarter = np.arange(_QUARTERS)
    is_open = (quarter >= opens[..., None]) & (quarter < closes[..., None])
    season = weekly[..., None] * daily[:, None] * is_open
    season /= season.sum(axis=(1, 2), keepdims=True) / is_open.sum(axis=(1, 2), keepdims=True)
    ticks = season.reshape(n_stores, WEEK_DAYS, calendar.day_ticks, -1)
    return ticks.sum(axis=3) / _HOUR_QUARTERS
