"""Draws trading sessions in batches of fixed size: whole arrays at a time, no loop over events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from archetype.simulate.planted import (
    ARCHETYPES,
    LIQUIDITY,
    PHASES,
    PLANTED,
    SESSION_TYPES,
    WEEK,
    WORDS,
    Profile,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

BATCH = 1_000
"""Sessions drawn together; it divides `SESSIONS_PER_SYMBOL`, so a batch has one symbol."""
SESSIONS_PER_SYMBOL = 9_000
"""Sessions after which the next symbol begins anew at the first date."""
TICK = 0.25
"""The smallest price move."""

_FIRST_DATE = np.datetime64("2025-01-06")
_DAY_S = 86_400
_NOON_S = 43_200
_SYMBOLS = {"NQ": 21_500.0, "ES": 5_950.0, "YM": 42_500.0}
_BASIS_POINT = 1e-4
_PULL_HOME = 0.002
_GAP_BP = 2.0

_MIN_EVENTS, _MAX_EVENTS = 14, 90
_COUNT_SPREAD = 0.25
_BLEND_MAX = 0.38
_MIX_PRECISION = 26.0
_STEP_SPREAD = 0.40
_SIGNIFICANCE_SPREAD, _SIGNIFICANCE_NOISE = 0.10, 0.20
_SHAPE_SPREAD = 0.30
_TURN_FROM, _TURN_TO = 0.45, 0.65
_BURSTS, _BURST_WIDTH = 3, 0.05
_REVISIT_REACH = 6
_TIE_SHARE, _BOUNDARY_SHARE = 0.08, 0.5
_HTF_LOW, _HTF_WIDTH = np.array([0.05, 0.36, 0.70]), 0.25

_ENHANCED_SHARE, _ALIAS_SHARE, _ISO_SHARE, _ENDLESS_SHARE = 0.15, 0.15, 0.04, 0.04
_TWIN_SHARE, _TWIN_KEPT = 0.10, 0.6
_BLANK_SHARE, _NULL_SHARE, _ZERO_SHARE, _DUPLICATE_SHARE = 0.04, 0.025, 0.004, 0.03
_OUTSIDE_SHARE, _OUTSIDE_MAX, _OUTSIDE_STEP_S = 0.5, 3, 300
_UNREADABLE_SHARE = 0.15
_UNREADABLE = "--:--:--"

_CLOCK = np.array([f"{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}" for s in range(_DAY_S)])
_NAMES = np.array(ARCHETYPES)
_STARTS_S = np.array([_CLOCK.tolist().index(kind.start) for kind in SESSION_TYPES])
_WORD_PHASES = np.array([PHASES.index(word.phase) for word in WORDS])
_WORD_SOURCES = np.unique([word.source for word in WORDS], return_inverse=True)[1]
_IS_LIQUIDITY = np.array([word.source == LIQUIDITY for word in WORDS])
_BLANK_WORDS = [w._replace(type="", original_type=w.original_type and "") for w in WORDS]


def symbol_name(position: int) -> str:
    """Name the symbol that stands at a position: NQ, ES, YM, then SYM0003 and so on."""
    named = tuple(_SYMBOLS)
    return named[position] if position < len(named) else f"SYM{position:04}"


def _home_price(position: int) -> float:
    named = tuple(_SYMBOLS.values())
    return named[position % len(named)]


@dataclass(frozen=True)
class Sessions:
    """The sessions of one batch; every array has one element a session, (BATCH,).

    Parameters
    ----------
    index : ndarray of int
        Number of the session within the whole simulation.
    archetype : ndarray of str
        Name of the planted archetype.
    kind, spelling : ndarray of str
        Canonical session type, and as this session spells it.
    date : ndarray of datetime64[D]
        Day on which the session starts.
    start_s, duration_s : ndarray of int
        Start in seconds after midnight, and scheduled duration in seconds.
    is_enhanced, is_iso, is_endless, has_twin : ndarray of bool
        Written in the second dialect; with ISO timestamps; without its end; and also there as a
        shorter file of the second dialect.
    n_duplicates, n_outside : ndarray of int
        Exact copies of another event, and distinct events outside the window.
    """

    index: Ints
    archetype: NDArray[np.str_]
    kind: NDArray[np.str_]
    spelling: NDArray[np.str_]
    date: NDArray[np.datetime64]
    start_s: Ints
    duration_s: Ints
    is_enhanced: Bools
    is_iso: Bools
    is_endless: Bools
    has_twin: Bools
    n_duplicates: Ints
    n_outside: Ints

    @property
    def start(self) -> NDArray[np.str_]:
        """Start of each session as ``HH:MM:SS``."""
        return _CLOCK[self.start_s]

    @property
    def end(self) -> NDArray[np.str_]:
        """End of each session as ``HH:MM:SS``."""
        return _CLOCK[(self.start_s + self.duration_s) % _DAY_S]


class Batch(NamedTuple):
    """One batch of sessions with its events.

    Parameters
    ----------
    sessions : Sessions
        The sessions.
    events : pa.Table
        One row an event as it stands in the raw file, grouped by session and then by source;
        ``session`` is the position within the batch.
    twin_events : pa.Table
        The events of the shorter files that sessions with a twin have besides; same columns.
    close_ticks : int
        Price at which the last session ended, in ticks.
    """

    sessions: Sessions
    events: pa.Table
    twin_events: pa.Table
    close_ticks: int


def draw_batch(seed: int, number: int, open_ticks: int | None, dirt: bool) -> Batch:
    """Draw the sessions ``number * BATCH`` to ``(number + 1) * BATCH - 1``.

    Parameters
    ----------
    seed : int
        Seed of the simulation; every batch has generators of its own, spawned from it.
    number : int
        Number of the batch.
    open_ticks : int or None
        Price in ticks at which the batch before ended; None starts at the symbol's home price.
        It has no effect on anything but the level of prices.
    dirt : bool
        Whether to soil the events. Clean and soiled batches hold the same events otherwise.

    Returns
    -------
    Batch
        Sessions and events; a function of the arguments alone.
    """
    rng, soil = (
        np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(number, k))))
        for k in range(2)
    )
    index = number * BATCH + np.arange(BATCH)
    symbol, within = divmod(index, SESSIONS_PER_SYMBOL)
    week, slot = divmod(within, len(WEEK))
    weekday, code = WEEK[slot].T
    kinds = [SESSION_TYPES[c] for c in code]
    home_ticks = _home_price(int(symbol[0])) / TICK

    own = _pick(rng, np.broadcast_to(PLANTED.share, (BATCH, len(_NAMES))), 1)[:, 0]
    other = (own + rng.integers(1, len(_NAMES), BATCH)) % len(_NAMES)
    mix = _blend(rng, own, other)
    flags = rng.random((5, BATCH))
    is_enhanced = flags[0] < _ENHANCED_SHARE
    may_have_twin = ~is_enhanced & (flags[4] < _TWIN_SHARE)
    spelled_otherwise = flags[1] < _ALIAS_SHARE
    duration_s = np.array([60 * kind.minutes for kind in kinds])

    typical = np.array([kind.n_events for kind in kinds]) * mix.activity
    spread = 1 + _COUNT_SPREAD * rng.uniform(-1, 1, BATCH)
    counts = np.clip(np.rint(typical * spread), _MIN_EVENTS, _MAX_EVENTS).astype(np.int64)
    times = _times(rng, mix, counts, duration_s, ~(is_enhanced | may_have_twin))
    step_ticks = mix.step * _BASIS_POINT * home_ticks * np.array([kind.step for kind in kinds])
    walk = _walk(rng, mix, times / duration_s[:, None], step_ticks)
    words = _words(rng, mix)
    regime = _pick(rng, _jitter(rng, mix.htf), _MAX_EVENTS)
    htf = _HTF_LOW[regime] + _HTF_WIDTH * rng.random(regime.shape)
    shape = mix.magnitude_shape * (1 + _SHAPE_SPREAD * rng.uniform(-1, 1, BATCH))
    magnitude = rng.standard_gamma(shape[:, None], regime.shape) * (mix.magnitude / shape)[:, None]
    level = mix.significance + _SIGNIFICANCE_SPREAD * rng.standard_normal(BATCH)
    noise = _SIGNIFICANCE_NOISE * rng.standard_normal(regime.shape)
    significance = np.clip(level[:, None] + noise, 0, 1)

    moves = walk[np.arange(BATCH), counts - 1]
    gaps = np.rint(_GAP_BP * _BASIS_POINT * home_ticks * rng.standard_normal(BATCH))
    opens, close_ticks = _chain(open_ticks or round(home_ticks), moves, gaps, home_ticks)

    session, position = np.nonzero(np.arange(_MAX_EVENTS) < counts[:, None])
    core = {
        "session": session,
        "position": position,
        "seconds": times[session, position],
        "word": words[session, position],
        "price": TICK * (opens[session] + walk[session, position]),
        "magnitude": np.round(magnitude[session, position], 3),
        "archaeological_significance": np.round(significance[session, position], 2),
        "htf_confluence": np.round(htf[session, position], 2),
        "is_unreadable": np.zeros(len(session), dtype=bool),
        "is_blank": np.zeros(len(session), dtype=bool),
    }
    core["price"][is_enhanced[session] & _IS_LIQUIDITY[core["word"]]] = np.nan
    nothing = np.zeros(BATCH, dtype=np.int64)
    events, n_duplicates, n_outside = core, nothing, nothing
    start_s = _STARTS_S[code]
    if dirt:
        events, n_duplicates, n_outside = _soil(soil, core, counts, start_s, duration_s)
    sessions = Sessions(
        index=index,
        archetype=_NAMES[own],
        kind=np.array([kind.name for kind in kinds]),
        spelling=np.array(
            [k.alias if a else k.name for k, a in zip(kinds, spelled_otherwise, strict=True)]
        ),
        date=_FIRST_DATE + (7 * week + weekday),
        start_s=start_s,
        duration_s=duration_s,
        is_enhanced=is_enhanced,
        is_iso=flags[2] < _ISO_SHARE,
        is_endless=flags[3] < _ENDLESS_SHARE,
        has_twin=may_have_twin & dirt,
        n_duplicates=n_duplicates,
        n_outside=n_outside,
    )
    # A twin without the first event has fewer than the session; with the last it is never empty.
    is_last = position == counts[session] - 1
    is_kept = is_last | ((rng.random(len(session)) < _TWIN_KEPT) & (position > 0))
    twin = {name: column[sessions.has_twin[session] & is_kept] for name, column in core.items()}
    return Batch(sessions, _table(sessions, events), _table(sessions, twin), close_ticks)


def _blend(rng: np.random.Generator, own: Ints, other: Ints) -> Profile:
    """Mix a little of another archetype into every session: no real session is a pure example."""
    weight = _BLEND_MAX * rng.random(len(own))
    parts = []
    for field in PLANTED:
        w = weight.reshape(-1, *[1] * (field.ndim - 1))
        parts.append((1 - w) * field[own] + w * field[other])
    return Profile(*parts)


def _pick(rng: np.random.Generator, shares: Floats, n: int) -> Ints:
    """Draw n categories for each row of shares (sessions, categories)."""
    edges = np.cumsum(shares, axis=1)[:, None, :-1]
    return (rng.random((len(shares), n))[:, :, None] >= edges).sum(axis=2)


def _jitter(rng: np.random.Generator, shares: Floats) -> Floats:
    """Draw each session's own mix around the blended one (a Dirichlet by its gammas)."""
    weights = rng.standard_gamma(_MIX_PRECISION * shares)
    return weights / weights.sum(axis=1, keepdims=True)


def _times(
    rng: np.random.Generator, mix: Profile, counts: Ints, duration_s: Ints, may_tie: Bools
) -> Ints:
    """Draw ascending seconds since the start, (sessions, _MAX_EVENTS)."""
    shape = (len(counts), _MAX_EVENTS)
    u, v, decide, crowd = rng.random((4, *shape))
    pulled = np.where(mix.lateness[:, None] > 0, np.maximum(u, v), np.minimum(u, v))
    t = np.where(decide < np.abs(mix.lateness)[:, None], pulled, u)
    centres = rng.random((len(counts), _BURSTS))
    near = np.take_along_axis(centres, rng.integers(0, _BURSTS, shape), axis=1)
    crowded = np.clip(near + _BURST_WIDTH * (v - 0.5), 0, 1)
    t = np.where(crowd < mix.burst[:, None], crowded, t)
    position = np.arange(_MAX_EVENTS)
    t = np.sort(np.where(position < counts[:, None], t, 1.0), axis=1)
    # Adding the position keeps seconds distinct: two events of the second dialect, which has few
    # fields, must not become exact duplicates by accident.
    seconds = np.floor(t * (duration_s - counts)[:, None]).astype(np.int64) + position
    opens, closes = rng.random((2, len(counts))) < _BOUNDARY_SHARE
    seconds[opens, 0] = 0
    seconds[closes, counts[closes] - 1] = duration_s[closes]
    is_tie = (rng.random(shape) < _TIE_SHARE) & may_tie[:, None]
    seconds[:, 1:] = np.where(is_tie[:, 1:], seconds[:, :-1], seconds[:, 1:])
    return seconds


def _walk(rng: np.random.Generator, mix: Profile, tau: Floats, step_ticks: Floats) -> Ints:
    """Draw prices in ticks relative to the session's open, (sessions, _MAX_EVENTS)."""
    n = len(tau)
    scale = step_ticks * (1 + _STEP_SPREAD * rng.uniform(-1, 1, n))
    direction = np.where(rng.random(n) < 0.5, -1.0, 1.0)
    is_before = tau < rng.uniform(_TURN_FROM, _TURN_TO, n)[:, None]
    drift = np.where(is_before, mix.drift[:, None], mix.drift_after[:, None]) * direction[:, None]
    size = np.where(is_before, 1.0, mix.step_after[:, None]) * scale[:, None]
    shocks = rng.standard_normal(tau.shape)
    shocks[:, 1:] -= mix.chop[:, None] * shocks[:, :-1].copy()
    walk = np.cumsum(np.rint(size * (shocks + drift)), axis=1).astype(np.int64)
    position = np.arange(_MAX_EVENTS)
    earlier = np.maximum(position - rng.integers(1, _REVISIT_REACH + 1, tau.shape), 0)
    returns = rng.random(tau.shape) < mix.revisit[:, None]
    return np.take_along_axis(walk, np.where(returns, earlier, position), axis=1)


def _words(rng: np.random.Generator, mix: Profile) -> Ints:
    """Draw positions in WORDS, (sessions, _MAX_EVENTS)."""
    phase = _pick(rng, _jitter(rng, mix.phases), _MAX_EVENTS)
    is_new = rng.random(phase.shape) >= mix.stickiness[:, None]
    last_new = np.maximum.accumulate(np.where(is_new, np.arange(_MAX_EVENTS), 0), axis=1)
    phase = np.take_along_axis(phase, last_new, axis=1)
    first = np.searchsorted(_WORD_PHASES, np.arange(len(PHASES)))
    size = np.bincount(_WORD_PHASES)
    return first[phase] + (rng.random(phase.shape) * size[phase]).astype(np.int64)


def _chain(first: int, moves: Ints, gaps: Floats, home_ticks: float) -> tuple[Ints, int]:
    """Let each session open near the close of the one before, gently pulled home."""
    opens, last = np.empty(len(moves), dtype=np.int64), first
    for i, (move, gap) in enumerate(zip(moves.tolist(), gaps.tolist(), strict=True)):
        opens[i] = last + round(gap + _PULL_HOME * (home_ticks - last))
        last = int(opens[i]) + move
    return opens, last


def _soil(
    rng: np.random.Generator,
    core: dict[str, NDArray],
    counts: Ints,
    start_s: Ints,
    duration_s: Ints,
) -> tuple[dict[str, NDArray], Ints, Ints]:
    """Add the dirt of real files: returns the events, and duplicates and outsiders a session."""
    n, first = len(core["session"]), np.cumsum(counts) - counts
    events = {name: column.copy() for name, column in core.items()}
    events["is_blank"] = rng.random(n) < _BLANK_SHARE
    price_dirt = rng.random(n)
    # A product, because a price that the dialect does not write must stay absent.
    events["price"] *= price_dirt >= _NULL_SHARE + _ZERO_SHARE
    events["price"][price_dirt < _NULL_SHARE] = np.nan

    is_out, how_many, has_unreadable = rng.random((3, len(counts)))
    n_outside = np.where(is_out < _OUTSIDE_SHARE, 1 + how_many * _OUTSIDE_MAX, 0).astype(np.int64)
    # An unreadable time is placed by its neighbours in the file: they must be inside the window.
    unlucky = np.flatnonzero((n_outside == 0) & (has_unreadable < _UNREADABLE_SHARE))
    chosen = first[unlucky] + (rng.random(len(unlucky)) * counts[unlucky]).astype(np.int64)
    events["is_unreadable"][chosen] = True

    host = np.repeat(np.arange(len(counts)), n_outside)
    nth = np.arange(len(host)) - np.repeat(np.cumsum(n_outside) - n_outside, n_outside)
    model = first[host] + (rng.random(len(host)) * counts[host]).astype(np.int64)
    after_end = nth * _OUTSIDE_STEP_S + rng.integers(1, _OUTSIDE_STEP_S, len(host))
    noon = (_NOON_S - start_s)[host]
    defaults_to_noon = (nth == 0) & ~((noon >= 0) & (noon <= duration_s[host]))
    outside_s = np.where(defaults_to_noon, noon, duration_s[host] + after_end)
    events = {name: np.concatenate([c, c[model]]) for name, c in events.items()}
    events["seconds"][n:] = outside_s
    events["position"][n:] = _MAX_EVENTS + nth

    is_copied = (rng.random(n + len(host)) < _DUPLICATE_SHARE) & ~events["is_unreadable"]
    copied = np.flatnonzero(is_copied)
    n_duplicates = np.bincount(events["session"][copied], minlength=len(counts))
    events = {name: np.concatenate([c, c[copied]]) for name, c in events.items()}
    events["position"][n + len(host) :] += 2 * _MAX_EVENTS
    return events, n_duplicates, n_outside


def _table(sessions: Sessions, events: dict[str, NDArray]) -> pa.Table:
    """Spell events out, in the order of the raw files: by session, then source, then position."""
    keys = events["position"], _WORD_SOURCES[events["word"]], events["session"]
    order = np.lexsort(keys)
    e = {name: column[order] for name, column in events.items()}
    spelled = e["word"] + len(WORDS) * e["is_blank"]
    columns = {
        field: pa.array([getattr(word, field) for word in (*WORDS, *_BLANK_WORDS)]).take(
            pa.array(spelled)
        )
        for field in ("type", "original_type", "event_family", "structural_role", "source")
    }
    return pa.table(
        {
            "session": e["session"],
            **columns,
            "timestamp": _timestamps(sessions, e),
            "price_level": pa.array(e["price"], from_pandas=True),
            "magnitude": e["magnitude"],
            "archaeological_significance": e["archaeological_significance"],
            "htf_confluence": e["htf_confluence"],
        }
    )


def _timestamps(sessions: Sessions, e: dict[str, NDArray]) -> pa.Array:
    """Write event times the way their session does."""
    instant = sessions.start_s[e["session"]] + e["seconds"]
    in_iso = np.flatnonzero(sessions.is_iso[e["session"]] & ~e["is_unreadable"])
    iso = sessions.date[e["session"][in_iso]] + instant[in_iso].astype("timedelta64[s]")
    code = np.where(e["is_unreadable"], _DAY_S, instant % _DAY_S)
    code[in_iso] = _DAY_S + 1 + np.arange(len(in_iso))
    rare = pa.array([_UNREADABLE, *np.datetime_as_string(iso, unit="s").tolist()])
    return pa.concat_arrays([_CLOCK_TEXTS, rare]).take(pa.array(code))


_CLOCK_TEXTS = pa.array(_CLOCK.tolist())
