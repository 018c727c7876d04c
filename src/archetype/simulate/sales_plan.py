"""When and where the sales simulator plants its anomalies."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from archetype.simulate.sales_patterns import KNOWN, UNKNOWN, Floats, Pattern
from archetype.simulate.sales_stores import Calendar, Ints, Stores

WARM_UP_DAYS = 21
"""Days before the first anomaly of any series: a baseline needs some history."""
MIN_DISTANCE_DAYS = 7
"""Least days between two anomalies of one series, so that its baseline recovers."""
QUIET_END_DAYS = 1
"""Last days without an anomaly, so that every report can close."""
LEAST_EFFECT = 0.25
"""An anomaly begins and ends with a tick whose sales are at least so much off: what is less is
within the noise, whose deviation is about a fifth of what is expected."""

_MIN_DISTANCE_LENGTHS = 2
_MONTH_DAYS = 30
_SHORTEST = 6


@dataclass(frozen=True)
class Anomaly:
    """One planted anomaly.

    Parameters
    ----------
    pattern : Pattern
        What was planted.
    store, sku : int
        Positions of its store and sku.
    ticks : ndarray of int, (n,)
        Its ticks, ascending: those in which the store trades, from the first to the last.
    factors : ndarray of float, (n,)
        What the expected units of each tick are multiplied by.
    """

    pattern: Pattern
    store: int
    sku: int
    ticks: Ints
    factors: Floats

    @property
    def peak(self) -> float:
        """The factor farthest from 1: the largest, or the least of a trough."""
        return float(self.factors.min() if self.pattern.sign < 0 else self.factors.max())


def plan_anomalies(
    stores: Stores, seed: int, per_month: float, unknown_share: float
) -> list[Anomaly]:
    """Plan the anomalies of all series that are not thin.

    Anomalies of one series keep a distance of a week, or of twice the one before where that is
    longer. Only what leaves the last day of the calendar free is planted; a longer calendar has the
    same anomalies and further ones.

    Parameters
    ----------
    stores : Stores
        Where to plant.
    seed : int
        Seed of the simulation; every series has a generator of its own.
    per_month : float
        About how many anomalies a series has in 30 days after the warm-up; fewer where their
        distance leaves no room. 0 plants none.
    unknown_share : float
        Share of them that is of the unknown pattern, in [0, 1].

    Returns
    -------
    list of Anomaly
        In the order of their first ticks, then of store and sku.
    """
    if not per_month:
        return []
    series = [
        (store, int(sku))
        for store in range(len(stores.store_ids))
        for sku in np.flatnonzero(~stores.is_thin)
    ]
    planted = []
    for position, (store, sku) in enumerate(series):
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1, position)))
        patterns = _deal(seed, position, len(series), unknown_share)
        planted += _plan_series(rng, stores, store, sku, _MONTH_DAYS / per_month, patterns)
    return sorted(planted, key=lambda a: (int(a.ticks[0]), a.store, a.sku))


def _plan_series(
    rng: np.random.Generator,
    stores: Stores,
    store: int,
    sku: int,
    cycle_days: float,
    patterns: Iterator[Pattern],
) -> Iterator[Anomaly]:
    """Plan one series, an anomaly every so many days, until one has no room."""
    calendar, open_ticks = stores.calendar, stores.open_ticks(store)
    last_tick = calendar.n_ticks - QUIET_END_DAYS * calendar.day_ticks
    day = WARM_UP_DAYS + rng.uniform(0, max(cycle_days - MIN_DISTANCE_DAYS, 1))
    for pattern in patterns:
        first, n = _place(rng, pattern, calendar, open_ticks, day)
        ticks = open_ticks[first : first + n]
        if n < _SHORTEST or len(ticks) < n or ticks[-1] >= last_tick:
            return
        factors = pattern.curve(rng, n)
        seen = visible(factors)
        yield Anomaly(pattern, store, sku, ticks[seen], factors[seen])
        n_days = (ticks[-1] + 1 - ticks[0]) / calendar.day_ticks
        distance = max(MIN_DISTANCE_DAYS, _MIN_DISTANCE_LENGTHS * n_days)
        spare = rng.exponential(max(cycle_days - n_days - distance, 1))
        day = (ticks[-1] + 1) / calendar.day_ticks + distance + spare


def visible(factors: Floats) -> slice:
    """Give the part of a curve from the first to the last tick that is far enough off."""
    places = np.flatnonzero(np.abs(factors - 1) >= LEAST_EFFECT)
    return slice(places[0], places[-1] + 1)


def _place(
    rng: np.random.Generator, pattern: Pattern, calendar: Calendar, open_ticks: Ints, day: float
) -> tuple[int, int]:
    """Draw the first open tick, some day or soon after, and the length; 0 where there is none."""
    days = open_ticks // calendar.day_ticks
    opening = np.searchsorted(days, math.ceil(day))
    if opening == len(days):
        return 0, 0
    first = int(rng.integers(opening, np.searchsorted(days, days[opening], "right")))
    bounds = np.log([pattern.shortest, pattern.longest + 1])
    n = int(np.exp(rng.uniform(*bounds)))
    if not pattern.fills_days:
        return first, n
    openings = np.append(np.flatnonzero(np.diff(days, prepend=-1)), len(days))
    first = int(openings[min(np.searchsorted(openings, first), len(openings) - 1)])
    ends = openings[openings >= first + _SHORTEST]
    return first, int(ends[np.argmin(np.abs(ends - first - n))]) - first if len(ends) else 0


def _deal(seed: int, position: int, n_series: int, unknown_share: float) -> Iterator[Pattern]:
    """Deal patterns to one series: the unknown one evenly, the others by shuffled decks of all.

    In each round every series is dealt one, in an order of the round's own.
    """
    for turn in itertools.count():
        order = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2, turn)))
        number = turn * n_series + int(order.permutation(n_series)[position])
        n_unknown = math.floor(number * unknown_share)
        if math.floor((number + 1) * unknown_share) > n_unknown:
            yield UNKNOWN
            continue
        deck, card = divmod(number - n_unknown, len(KNOWN))
        cards = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(3, deck)))
        yield KNOWN[cards.permutation(len(KNOWN))[card]]
