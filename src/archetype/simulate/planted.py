"""What the simulator plants: session types, event vocabulary and the five archetypes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

PHASES = ("fvg", "expansion", "consolidation", "retracement", "reversal", "liquidity", "other")
"""Phases of an event, in the order in which the phase rules are tried."""


class SessionType(NamedTuple):
    """One kind of trading session.

    Parameters
    ----------
    name : str
        Canonical name, as in ``ny_am``.
    start : str
        First second, ``HH:MM:SS`` local to the session.
    minutes : int
        Scheduled duration; a session that runs past midnight simply lasts longer.
    n_events : float
        Typical number of events, before the archetype speeds it up or slows it down.
    step : float
        Size of a price step relative to that of the New York morning.
    alias : str
        The other spelling found in the wild, or the name itself.
    """

    name: str
    start: str
    minutes: int
    n_events: float
    step: float
    alias: str


SESSION_TYPES = (
    SessionType("midnight", "00:00:00", 29, 27, 0.45, "midnight"),
    SessionType("london", "02:00:00", 179, 54, 0.80, "london"),
    SessionType("premarket", "07:00:00", 149, 49, 0.75, "premarket"),
    SessionType("ny_am", "09:30:00", 149, 60, 1.00, "nyam"),
    SessionType("lunch", "12:00:00", 59, 45, 0.65, "lunch"),
    SessionType("ny_pm", "13:30:00", 159, 55, 0.90, "nypm"),
    SessionType("preasia", "16:59:00", 76, 42, 0.50, "preasia"),
    SessionType("asia", "19:00:00", 299, 52, 0.60, "asia"),
    SessionType("overnight", "22:00:00", 240, 48, 0.60, "overnight"),
)
"""The session types in the order in which a trading day runs through them."""

_WEEKDAYS = range(5)
_OVERNIGHT_WEEKDAY = 1
WEEK = np.array(
    [
        (weekday, code)
        for weekday in _WEEKDAYS
        for code, kind in enumerate(SESSION_TYPES)
        if kind.name != "overnight" or weekday == _OVERNIGHT_WEEKDAY
    ]
)
"""The sessions of one week: weekday (Monday is 0) and position in `SESSION_TYPES`."""


class Word(NamedTuple):
    """One way in which an event of a phase is written down.

    Parameters
    ----------
    phase : str
        One of `PHASES`; the text fields lead the phase rules to it.
    type, original_type, event_family, structural_role : str or None
        The text fields; None leaves the field out.
    source : str
        The list of the raw file that such an event comes from.
    """

    phase: str
    type: str
    original_type: str | None
    event_family: str | None
    structural_role: str | None
    source: str


MOVES = "price_movements"
LIQUIDITY = "session_liquidity_events"
_GAPS = "session_fpfvg_interactions"
_ZONES = "archaeological_zone_detection"

WORDS = (
    Word("fvg", "fvg_rebalance", None, "fvg_family", "rebalance_mechanism", _GAPS),
    Word("fvg", "fvg_formation", "first_fvg", "fvg_family", "liquidity_anchor", MOVES),
    Word("fvg", "expansion_leg", "fvg_delivery", "fvg_family", "rebalance_mechanism", MOVES),
    Word("fvg", "redelivery", None, "fvg_family", None, LIQUIDITY),
    Word("expansion", "expansion_high", None, "expansion_family", "momentum_driver", MOVES),
    Word("expansion", "expansion_low", None, "expansion_family", "momentum_driver", MOVES),
    Word("expansion", "trend_leg", "expansion_run", "expansion_family", None, MOVES),
    Word("expansion", "momentum_shift", None, "expansion_family", "momentum_driver", LIQUIDITY),
    Word("consolidation", "range_hold", "consolidation", None, "compression_mechanism", MOVES),
    Word("consolidation", "consolidation_low", None, None, "compression_mechanism", MOVES),
    Word("consolidation", "consolidation_break", None, "consolidation_family", None, LIQUIDITY),
    Word("retracement", "retracement_low", None, None, "equilibrium_mechanism", MOVES),
    Word("retracement", "retracement_high", None, "retracement_family", None, MOVES),
    Word("retracement", "pullback", "retracement", None, "equilibrium_mechanism", LIQUIDITY),
    Word("reversal", "reversal_point", None, None, "structure_formation", MOVES),
    Word("reversal", "regime_shift", "reversal", None, "structure_formation", LIQUIDITY),
    Word("liquidity", "liquidity_sweep", None, "liquidity_family", None, LIQUIDITY),
    Word("liquidity", "stop_run", "sweep_high", None, "liquidity_mechanism", MOVES),
    Word("liquidity", "stop_run", "sweep_low", None, "liquidity_mechanism", MOVES),
    Word("other", "session_marker", "session_high", "session_markers", None, MOVES),
    Word("other", "archaeological_zone", None, None, "dimensional_anchor", _ZONES),
    Word("other", "level_break", None, None, None, MOVES),
    Word("other", "support_test", None, None, None, LIQUIDITY),
)
"""The vocabulary, grouped by phase in the order of `PHASES`."""


ARCHETYPES = ("quiet_range", "trend_day", "reversal_day", "liquidity_hunt", "late_expansion")
"""Names of the planted archetypes."""


class Profile(NamedTuple):
    """How events fall: the first axis of every field is the archetype, or later the session.

    Parameters
    ----------
    share : ndarray (n,)
        Probability that a session is drawn from the archetype.
    phases : ndarray (n, 7)
        Mix of `PHASES`.
    htf : ndarray (n, 3)
        Mix of the low, middle and high regime of the higher time frame.
    activity : ndarray (n,)
        Event count relative to the session type's.
    lateness : ndarray (n,)
        Pull of events towards the end (at most 1) or the beginning (at least -1).
    burst : ndarray (n,)
        Share of events that crowd around a few moments.
    stickiness : ndarray (n,)
        Probability that an event repeats the phase of the one before.
    step : ndarray (n,)
        Size of a price step, in basis points of the price.
    step_after : ndarray (n,)
        The same after the turn, relative to that before it.
    drift, drift_after : ndarray (n,)
        Mean price step before and after the turn, in steps.
    chop : ndarray (n,)
        How much of a step the next one takes back.
    revisit : ndarray (n,)
        Probability that an event returns to a level seen a few events ago.
    magnitude, magnitude_shape : ndarray (n,)
        Mean magnitude, and its gamma shape: the coefficient of variation is one over its root.
    significance : ndarray (n,)
        Mean archaeological significance.
    """

    share: NDArray[np.float64]
    phases: NDArray[np.float64]
    htf: NDArray[np.float64]
    activity: NDArray[np.float64]
    lateness: NDArray[np.float64]
    burst: NDArray[np.float64]
    stickiness: NDArray[np.float64]
    step: NDArray[np.float64]
    step_after: NDArray[np.float64]
    drift: NDArray[np.float64]
    drift_after: NDArray[np.float64]
    chop: NDArray[np.float64]
    revisit: NDArray[np.float64]
    magnitude: NDArray[np.float64]
    magnitude_shape: NDArray[np.float64]
    significance: NDArray[np.float64]


PLANTED = Profile(
    share=np.array([0.25, 0.22, 0.18, 0.19, 0.16]),
    phases=np.array(
        [
            (0.13, 0.05, 0.36, 0.12, 0.04, 0.05, 0.25),
            (0.14, 0.42, 0.05, 0.10, 0.02, 0.05, 0.22),
            (0.10, 0.14, 0.05, 0.26, 0.22, 0.08, 0.15),
            (0.08, 0.07, 0.08, 0.08, 0.08, 0.42, 0.19),
            (0.38, 0.17, 0.14, 0.06, 0.03, 0.05, 0.17),
        ]
    ),
    htf=np.array(
        [
            (0.60, 0.30, 0.10),
            (0.08, 0.27, 0.65),
            (0.20, 0.60, 0.20),
            (0.35, 0.30, 0.35),
            (0.15, 0.55, 0.30),
        ]
    ),
    activity=np.array([0.75, 1.05, 1.00, 1.25, 0.95]),
    lateness=np.array([0.0, -0.30, 0.0, 0.0, 0.55]),
    burst=np.array([0.05, 0.10, 0.20, 0.55, 0.10]),
    stickiness=np.array([0.30, 0.45, 0.05, 0.15, 0.30]),
    step=np.array([2.5, 6.0, 7.5, 9.0, 3.5]),
    step_after=np.array([1.0, 1.0, 1.1, 1.0, 2.2]),
    drift=np.array([0.0, 0.75, 0.65, 0.0, 0.05]),
    drift_after=np.array([0.0, 0.70, -0.75, 0.0, 0.60]),
    chop=np.array([0.65, 0.05, 0.10, 0.75, 0.35]),
    revisit=np.array([0.55, 0.15, 0.30, 0.45, 0.30]),
    magnitude=np.array([0.35, 0.95, 0.80, 1.10, 0.60]),
    magnitude_shape=np.array([5.0, 3.0, 1.5, 0.9, 6.0]),
    significance=np.array([0.35, 0.65, 0.80, 0.55, 0.50]),
)
"""The planted archetypes, in the order of `ARCHETYPES`."""
