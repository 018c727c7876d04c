"""What the sales simulator plants: nine patterns that a library may know, and one that it lacks.

A curve is drawn for each anomaly anew, from continuous families, so that no two are equal. The
numbers here are the simulator's own: the warehouse's library of example curves shares the names
and the words with which an analyst describes a pattern, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Curve = Callable[[np.random.Generator, int], Floats]


class Pattern(NamedTuple):
    """One kind of anomaly.

    Parameters
    ----------
    name : str
        As in the library.
    sign : int
        1 where sales are above what is expected, -1 below, 0 both by turns.
    shortest, longest : int
        Length in trading ticks, both inclusive; a pattern of whole days may end up outside.
    curve : callable
        Gives units over expected units, (n,), for a generator and a length n.
    fills_days : bool
        Whether it starts and ends with a trading day.
    """

    name: str
    sign: int
    shortest: int
    longest: int
    curve: Curve
    fills_days: bool = False


def _middles(n: int) -> Floats:
    """Give the place of each tick's middle within the anomaly, in (0, 1)."""
    return (np.arange(n) + 0.5) / n


def _smooth_step(x: Floats) -> Floats:
    """Go from 0 to 1 over [0, 1] without an edge."""
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)


def _tiktok_viral(rng: np.random.Generator, n: int) -> Floats:
    """Take off within the first third, then decay for long."""
    peak, speed, decay = rng.uniform(4.5, 10), rng.uniform(0.6, 1.4), rng.uniform(1.6, 3.2)
    take_off = max(rng.uniform(0.12, 0.30), 2.5 / n)
    u = _middles(n)
    rise = np.clip(u / take_off, 0, 1) ** speed
    fall = np.exp(-decay * np.clip(u - take_off, 0, None) / (1 - take_off))
    return 1 + (peak - 1) * rise * fall


def _promotion(rng: np.random.Generator, n: int) -> Floats:
    """Step up, stay about there, step back."""
    height, tilt = rng.uniform(2.1, 3.5), rng.uniform(-0.05, 0.05)
    return np.maximum(height * (1 + tilt * (2 * _middles(n) - 1)), 2)


def _stockout(rng: np.random.Generator, n: int) -> Floats:
    """Sell nothing, or what little lay in the wrong shelf."""
    return np.full(n, max(rng.uniform(-0.04, 0.06), 0))


def _competitor_stockout(rng: np.random.Generator, n: int) -> Floats:
    """Climb smoothly to a plateau and come back as smoothly."""
    height, climb, back = rng.uniform(2.2, 2.8), rng.uniform(0.25, 0.40), rng.uniform(0.25, 0.40)
    u = _middles(n)
    return 1 + (height - 1) * np.minimum(_smooth_step(u / climb), _smooth_step((1 - u) / back))


def _weather(rng: np.random.Generator, n: int) -> Floats:
    """Sink and recover like a U."""
    lowest, flatness = rng.uniform(0.05, 0.33), rng.uniform(0.3, 0.6)
    return 1 - (1 - lowest) * np.sin(np.pi * _middles(n)) ** flatness


def _data_error(rng: np.random.Generator, n: int) -> Floats:
    """Multiply every count, as a wrong unit of measure does."""
    return np.full(n, rng.uniform(10, 50))


def _holiday(rng: np.random.Generator, n: int) -> Floats:
    """Climb ever more steeply until shortly before the end, then collapse."""
    peak, steepness, eve = rng.uniform(3, 5), rng.uniform(1.2, 2.4), rng.uniform(0.9, 0.97)
    u = _middles(n)
    climb = np.expm1(steepness * np.minimum(u, eve) / eve) / np.expm1(steepness)
    return 1 + (peak - 1) * climb * np.clip((1 - u) / (1 - eve), 0, 1)


def _structural_decline(rng: np.random.Generator, n: int) -> Floats:
    """Slide steadily and stay down."""
    lowest, slide = rng.uniform(0.05, 0.33), rng.uniform(0.35, 0.65)
    return 1 - (1 - lowest) * np.clip(_middles(n) / slide, 0, 1)


def _panic_buying(rng: np.random.Generator, n: int) -> Floats:
    """Jump at once, then decay."""
    peak, decay = rng.uniform(3.5, 7), rng.uniform(1.6, 3)
    return 1 + (peak - 1) * np.exp(-decay * np.arange(n) / n)


def _sawtooth(rng: np.random.Generator, n: int) -> Floats:
    """Sell much for two ticks and little for two ticks, again and again."""
    is_up = np.arange(n) % 4 < 2
    return np.where(is_up, rng.uniform(4, 6, n), rng.uniform(0.2, 0.6, n))


KNOWN = (
    Pattern("TikTok Viral", 1, 15, 60, _tiktok_viral),
    Pattern("Promotion", 1, 6, 48, _promotion, fills_days=True),
    Pattern("Stockout", -1, 6, 40, _stockout),
    Pattern("Competitor Stockout", 1, 20, 60, _competitor_stockout),
    Pattern("Weather", -1, 8, 20, _weather),
    Pattern("Data Error", 1, 6, 24, _data_error),
    Pattern("Holiday", 1, 20, 60, _holiday),
    Pattern("Structural Decline", -1, 40, 60, _structural_decline),
    Pattern("Panic Buying", 1, 10, 42, _panic_buying),
)
"""The patterns that the library knows."""

UNKNOWN = Pattern("Sawtooth", 0, 12, 48, _sawtooth)
"""The pattern that it lacks, for tests of what resembles nothing."""
