"""Curves, vectors and tables like those of the sales wing, for tests of what comes after matching.

The numbers are this file's own: neither the library's curves nor the simulator's are read.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import md5

import numpy as np
import pyarrow as pa

PATTERNS = (
    "TikTok Viral",
    "Promotion",
    "Stockout",
    "Competitor Stockout",
    "Weather",
    "Data Error",
    "Holiday",
    "Structural Decline",
    "Panic Buying",
)
PREFIXES = ("25", "50", "75", "100", "ended")
QUIET_TICKS = 4
OPEN_HOURS = 14


def ratios(name, n_ticks, rng):
    """Draw units over baseline of one anomaly."""
    t = (np.arange(n_ticks) + 0.5) / n_ticks
    between = rng.uniform
    if name == "TikTok Viral":
        peak, top = between(0.12, 0.33), between(4, 10)
        rise = 1 / (1 + np.exp(-(t - 0.6 * peak) / (0.12 * peak)))
        return 1 + (top - 1) * np.where(t < peak, rise, np.exp((peak - t) * between(2, 3.5)))
    if name == "Promotion":
        return np.full(n_ticks, between(2, 3.5))
    if name == "Stockout":
        return np.full(n_ticks, between(0, 0.06))
    if name == "Competitor Stockout":
        return 1 + between(1, 1.8) * np.clip(np.minimum(t, 1 - t) / 0.25, 0, 1)
    if name == "Weather":
        return 1 - between(0.65, 0.95) * np.sin(np.pi * t) ** 0.7
    if name == "Data Error":
        return np.full(n_ticks, np.exp(between(np.log(10), np.log(50))))
    if name == "Holiday":
        climb = 1 + between(1.5, 4) * np.exp((t - 0.92) * between(2.5, 4))
        return np.where(t < 0.95, climb, 1.2)
    if name == "Structural Decline":
        return 1 - between(0.65, 0.95) * np.clip(t / between(0.5, 0.8), 0, 1)
    if name == "Panic Buying":
        return 1 + between(2, 6) * np.exp(-t * between(2.5, 4))
    if name == "Sawtooth":
        is_high = np.arange(n_ticks) // 2 % 2 == 0
        return np.where(is_high, between(4, 6, n_ticks), between(0.2, 0.6, n_ticks))
    if name == "Scatter":
        return scatter(n_ticks, rng)
    raise ValueError(name)


def scatter(n_ticks, rng):
    """Draw a curve that no other resembles: random knots, steps, spikes and noise."""
    t = (np.arange(n_ticks) + 0.5) / n_ticks
    n_knots = int(rng.integers(2, 9))
    log = np.interp(t, np.sort(rng.random(n_knots)), rng.normal(0, 1, n_knots)) * rng.uniform(0, 2)
    for _ in range(rng.integers(0, 3)):
        first, last = np.sort(rng.integers(0, n_ticks + 1, 2))
        log[first:last] += rng.normal(0, 1.2)
    for _ in range(rng.integers(0, 4)):
        log[rng.integers(n_ticks)] += rng.normal(0, 1.8)
    return np.clip(np.exp(log + rng.normal(0, rng.uniform(0, 0.8), n_ticks)), 0, 60)


def sell(expected_ratios, rng, is_noisy=True):
    """Draw units and baseline of a slice; counts are overdispersed."""
    n_ticks = len(expected_ratios)
    baseline = rng.uniform(5, 60) * rng.uniform(0.8, 1.2, n_ticks)
    expected = expected_ratios * baseline
    if not is_noisy:
        return expected, baseline
    return rng.poisson(expected * rng.gamma(24, 1 / 24, n_ticks)).astype(float), baseline


def vector(units, baseline, first_hour):
    """Compute the 26 components as the design defines them."""
    n_ticks = len(units)
    deviations = units / baseline - 1
    largest = np.abs(deviations).max()
    shape = deviations / largest if largest > 0 else deviations
    sums = np.concatenate([[0], np.cumsum(deviations)])
    edges = np.linspace(0, n_ticks, 13)
    profile = np.diff(np.interp(edges, np.arange(n_ticks + 1), sums))
    profile = profile / (np.abs(profile).max() or 1)
    gaps = shape - shape.mean()
    second, third, fourth = (np.mean(gaps**power) for power in (2, 3, 4))
    places = (np.arange(n_ticks) + 0.5) / n_ticks - 0.5
    angle = 2 * np.pi * (8 + first_hour % OPEN_HOURS) / 24
    days = (first_hour + np.arange(n_ticks)) // OPEN_HOURS % 7
    return [
        *profile,
        np.log((units.sum() + 1) / (baseline.sum() + 1)),
        np.sign(units.sum() - baseline.sum()),
        (shape * places).sum() / max((places * places).sum(), 1e-9),
        np.sqrt(np.mean(np.diff(shape) ** 2)) if n_ticks > 1 else 0.0,
        np.argmax(np.abs(deviations)) / max(n_ticks - 1, 1),
        fourth / second**2 - 3 if second > 1e-6 else 0.0,
        third / second**1.5 if second > 1e-6 else 0.0,
        -np.log(np.abs(shape).mean()) if largest > 0 else 0.0,
        np.mean(deviations <= -0.9),
        np.log(n_ticks),
        np.log1p(largest),
        np.sin(angle),
        np.cos(angle),
        np.mean(days >= 5),
    ]


def report_vector(name, n_ticks, rng, *, n_seen=None):
    """Draw one report of a pattern: its first ticks, or all of them and the quiet ones after."""
    units, baseline = sell(ratios(name, n_ticks, rng), rng)
    first_hour = int(rng.integers(7 * OPEN_HOURS))
    if n_seen is not None:
        return vector(units[:n_seen], baseline[:n_seen], first_hour)
    quiet, expected = sell(np.ones(QUIET_TICKS), rng)
    expected *= baseline.mean() / expected.mean()
    quiet = rng.poisson(expected).astype(float)
    return vector(np.concatenate([units, quiet]), np.concatenate([baseline, expected]), first_hour)


def vector_column(vectors):
    """Make a column of vectors."""
    return pa.array([list(map(float, row)) for row in vectors], pa.list_(pa.float64()))


def library_curves(seed=0, per_pattern=8, version="v1"):
    """Draw the example curves of a library at every prefix."""
    rng = np.random.default_rng(seed)
    rows = []
    for cluster_id, name in enumerate(PATTERNS, 1):
        for number in range(per_pattern):
            n_ticks = int(rng.choice([8, 10, 12, 16, 20, 24, 30, 40]))
            units, baseline = sell(ratios(name, n_ticks, rng), rng)
            first_hour = int(rng.integers(7 * OPEN_HOURS))
            for prefix in PREFIXES[:-1]:
                n_seen = max(2, -(-n_ticks * int(prefix) // 100))
                seen = vector(units[:n_seen], baseline[:n_seen], first_hour)
                rows.append((cluster_id, f"{cluster_id}-{number:02}", prefix, seen))
            quiet = np.full(QUIET_TICKS, baseline.mean())
            whole = vector(
                np.concatenate([units, quiet]), np.concatenate([baseline, quiet]), first_hour
            )
            rows.append((cluster_id, f"{cluster_id}-{number:02}", PREFIXES[-1], whole))
    cluster_ids, exemplar_ids, prefixes, vectors = zip(*rows, strict=True)
    return pa.table(
        {
            "library_version": [version] * len(rows),
            "cluster_id": pa.array(cluster_ids, pa.int32()),
            "exemplar_id": exemplar_ids,
            "prefix": prefixes,
            "feature_vector": vector_column(vectors),
        }
    )


def ended_reports(counts, seed=0, lengths=(6, 60)):
    """Draw ended reports of several patterns, and say which report is of which."""
    rng = np.random.default_rng(seed)
    names = [name for name, count in counts.items() for _ in range(count)]
    vectors = [report_vector(name, int(rng.integers(*lengths)), rng) for name in names]
    ids = [md5(f"{seed} {row}".encode()).hexdigest() for row in range(len(names))]
    start = datetime(2024, 3, 1)
    table = pa.table(
        {
            "report_id": pa.array(ids, pa.string()),
            "written_at": pa.array(
                [start + timedelta(hours=row * 7 % 1000) for row in range(len(names))],
                pa.timestamp("us"),
            ),
            "feature_vector": vector_column(vectors),
        }
    )
    return table, dict(zip(ids, names, strict=True))
