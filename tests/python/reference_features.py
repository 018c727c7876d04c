"""The 30 features once more, in plain NumPy from their definitions: what SQL is held to."""

from __future__ import annotations

import hashlib
import json
import math
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

PHASES = (
    ("fvg_interaction", ("fvg",)),
    ("expansion_phase", ("expansion",)),
    ("consolidation_phase", ("consolidation",)),
    ("retracement_event", ("retracement",)),
    ("reversal_signal", ("reversal",)),
    ("liquidity_sweep", ("liquidity", "sweep")),
)
ALIASES = {"nyam": "ny_am", "nypm": "ny_pm"}
DAY = 24 * 3600


def first(event, *names):
    """Give the first field that is neither missing nor empty."""
    return next((event[n] for n in names if event.get(n) not in (None, "")), None)


def number(value):
    """Give a value as a finite float, or None."""
    try:
        value = float(value)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None


def phase_of(event):
    """Name the phase of an event by the first rule that is found in its texts."""
    texts = [first(event, "type", "event_type", "movement_type", "action")]
    texts += [event.get(name) for name in ("original_type", "event_family", "structural_role")]
    text = "\n".join(t.lower() for t in texts if t)
    return next((phase for phase, words in PHASES if any(w in text for w in words)), "other")


def regime_of(event):
    """Give the regime of an event: 0, 1 or 2."""
    given, confluence = number(event.get("htf_regime")), number(event.get("htf_confluence"))
    if given in (0, 1, 2):
        return int(given)
    if confluence is None:
        return 1
    return 0 if confluence < 0.33 else 1 if confluence < 0.67 else 2


def clock(text):
    """Read HH:MM:SS as seconds of the day; None where it is something else."""
    parts = text.split(":") if text and "T" not in text else []
    try:
        hours, minutes, rest = parts
        return int(hours) * 3600 + int(minutes) * 60 + float(rest)
    except ValueError:
        return None


def elapsed_seconds(text, start, duration, midnight):
    """Read a time as seconds since the session's start; None where it is unreadable."""
    if text and "T" in text:
        return (datetime.fromisoformat(text) - midnight).total_seconds() - start
    at = clock(text)
    if at is None:
        return None
    early = at - start
    late = early + DAY
    crosses = start + duration >= DAY
    # Of the two days the one on which the time lies nearer to the session.
    return late if crosses and early < 0 and late - duration < -early else early


def fill(times):
    """Give a missing time that of the event before it, or the first known one."""
    last = next(t for t in times if t is not None)
    return [last := last if t is None else t for t in times]


def read_session(text):
    """Read one session; None where the file is something else."""
    document = json.loads(text)
    meta = document.get("session_metadata")
    events = document.get("events")
    if events is None:
        events = document.get("price_movements", []) + document.get("session_liquidity_events", [])
    if not meta or not events:
        return None
    kind = meta["session_type"].lower()
    start, end = clock(meta["session_start"]), clock(meta.get("session_end"))
    duration = 60 * meta["session_duration"] if end is None else (end - start) % DAY
    day = datetime.fromisoformat(meta["session_date"])
    distinct = {}
    for event in events:
        digest = hashlib.md5(json.dumps(event, sort_keys=True).encode()).hexdigest()
        distinct.setdefault(digest, event)
    read = [elapsed_seconds(e["timestamp"], start, duration, day) for e in distinct.values()]
    rows = []
    for (digest, event), elapsed in zip(distinct.items(), fill(read), strict=True):
        if 0 <= elapsed <= duration:
            prices = (number(event.get(n)) for n in ("price_level", "price", "absolute_price"))
            rows.append(
                {
                    "elapsed": elapsed,
                    "type": first(event, "type", "event_type", "movement_type", "action"),
                    "price": next((p for p in prices if p), None),
                    "digest": digest,
                    "event": event,
                }
            )
    rows.sort(
        key=lambda r: (
            r["elapsed"],
            r["type"] is None,
            r["type"] or "",
            r["price"] is None,
            r["price"] or 0,
            r["digest"],
        )
    )
    kind = ALIASES.get(kind, kind)
    return {
        "session_id": f"{kind.upper()}_{day.date().isoformat()}",
        "type": kind,
        "start": day + timedelta(seconds=start),
        "duration": duration,
        "rows": rows,
    }


def cv(values):
    """Give deviation over mean, and 0 where the mean is 0."""
    mean = np.mean(values)
    return 0.0 if mean == 0 else float(np.std(values) / mean)


def relative_range(rows):
    """Give the range of the prices over their median, or None without prices."""
    prices = [r["price"] for r in rows if r["price"] is not None]
    return (max(prices) - min(prices)) / np.median(prices) if prices else None


def bar_position(rows, minutes):
    """Give the mean place of a price within its bar."""
    priced = [(r["elapsed"] // (60 * minutes), r["price"]) for r in rows if r["price"] is not None]
    places = []
    for bar, price in priced:
        inside = [p for b, p in priced if b == bar]
        low, high = min(inside), max(inside)
        places.append(0.5 if high == low else (price - low) / (high - low))
    return float(np.mean(places))


def describe(session, pct, sessions):
    """Give the 30 features of a session at a checkpoint by name, and the names of imputed ones."""
    h = session["duration"] * pct / 100
    rows = [r for r in session["rows"] if r["elapsed"] <= h]
    n = len(rows)
    events = [r["event"] for r in rows]
    t = np.array([r["elapsed"] for r in rows]) / h
    p = np.array([r["price"] for r in rows if r["price"] is not None])
    d = np.diff(p)
    phases = [phase_of(e) for e in events]
    regimes = [regime_of(e) for e in events]
    out, imputed = {}, set()

    def put(name, value, default=None, defined=True):
        if not defined:
            imputed.add(name)
            value = default
        out[name] = float(value)

    for phase, _ in PHASES:
        out[f"rate_{phase}"] = 100 * phases.count(phase) / n
    for regime in range(3):
        put(f"htf_regime_{regime}", regimes.count(regime) / n)
    if all(e.get("htf_regime") is None and e.get("htf_confluence") is None for e in events):
        imputed |= {"htf_regime_0", "htf_regime_1", "htf_regime_2"}
    peers = [
        relative_range([r for r in s["rows"] if r["elapsed"] <= s["duration"] * pct / 100])
        for s in sessions
        if s["type"] == session["type"]
        and session["start"] - timedelta(days=30) <= s["start"] < session["start"]
    ]
    peers = [x for x in peers if x is not None]
    own = relative_range(rows)
    usual = float(np.median(peers)) if peers else 0
    ok = own is not None and own > 0 and usual > 0
    put("range_vs_median", np.log(own / usual) if ok else 0, 0, ok)
    spread = p.max() - p.min() if len(p) else 0
    put("volatility", np.log(1 + 1e4 * np.std(d) / np.median(p)) if len(d) else 0, 0, len(d) > 0)
    trailing = np.array([d[max(0, i - 2) : i + 1].mean() for i in range(len(d))])
    moving = len(d) > 0 and np.std(d) > 1e-12 * abs(np.median(p))
    put("momentum_smoothness", np.std(trailing) / np.std(d) if moving else 0, 0, moving)
    put("level_revisit_rate", 1 - len(set(p)) / len(p) if len(p) else 0, 0, len(p) > 0)
    put("net_move_ratio", (p[-1] - p[0]) / spread if spread else 0, 0, spread > 0)
    put("range_efficiency", spread / abs(d).sum() if spread else 1, 1, spread > 0)
    put("step_to_range", abs(d).mean() / spread if spread else 0, 0, spread > 0)
    signs = np.sign(d[d != 0])
    turns = len(signs) > 1
    put("direction_change_rate", np.mean(signs[1:] != signs[:-1]) if turns else 0, 0, turns)
    for name, minutes in (("m15", 15), ("h1", 60)):
        put(f"bar_position_{name}", bar_position(rows, minutes) if len(p) else 0, 0.5, len(p) > 0)
    out["time_std"] = float(np.std(t))
    out["spacing_regularity"] = 1 / (1 + cv(np.diff(t)))
    out["active_span_ratio"] = float(t[-1] - t[0])
    parts = np.bincount([min(9, int(10 * r["elapsed"] / h)) for r in rows], minlength=10)
    out["time_cluster_cv"] = cv(parts)
    out["burst_intensity"] = parts.max() / n
    out["time_center"] = float(np.mean(t))
    out["event_density"] = math.log(1 + n / (h / 3600))
    out["phase_switch_rate"] = float(np.mean([a != b for a, b in pairwise(phases)]))
    sizes = [abs(m) for e in events if (m := number(e.get("magnitude"))) is not None]
    put("magnitude_cv", cv(sizes) if sizes else 0, 0, bool(sizes))
    roles = [e.get("structural_role") or None for e in events]
    shares = np.array([roles.count(role) / n for role in set(roles)])
    out["role_coherence"] = 1 + float(np.sum(shares * np.log2(shares))) / math.log2(9)
    if not any(roles):
        imputed.add("role_coherence")
    marks = [number(e.get("archaeological_significance")) for e in events]
    out["significance_mean"] = float(np.mean([m or 0 for m in marks]))
    if all(m is None for m in marks):
        imputed.add("significance_mean")
    return out, imputed
