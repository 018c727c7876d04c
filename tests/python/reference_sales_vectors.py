"""The 26 components of a slice, written a second time, tick by tick, for the tests."""

from __future__ import annotations

import math
from datetime import datetime

from archetype.sales.features import FEATURE_NAMES


def describe_slice(
    units: list[float],
    baseline: list[float],
    tick_locals: list[datetime],
    lead_in_units: list[float] | None = None,
    lead_in_baseline: list[float] | None = None,
) -> list[float]:
    """Describe a slice, in the order of ``FEATURE_NAMES``."""
    n = len(units)
    deviations = deviations_of(units, baseline)
    lead_in = deviations_of(lead_in_units or [], lead_in_baseline or [])
    largest = max(abs(x) for x in deviations)
    shape = [x / largest if largest else 0.0 for x in deviations]
    before = math.fsum(lead_in) / len(lead_in) / largest if lead_in and largest else 0.0
    steps = [later - earlier for earlier, later in zip([before, *shape], shape, strict=False)]
    points = [mean_between(deviations, part * n / 12, (part + 1) * n / 12) for part in range(12)]
    highest = max(abs(x) for x in points)
    values = {
        f"profile_{part + 1:02d}": x / highest if highest else 0.0 for part, x in enumerate(points)
    }
    variance = moment(steps, 2)
    mean_magnitude = math.fsum(abs(x) for x in deviations) / n
    angle = 2 * math.pi * tick_locals[0].hour / 24
    values |= {
        "log_uplift": math.log((max(sum(units), 0) + 1) / (sum(baseline) + 1)),
        "sign": math.copysign(1, sum(units) - sum(baseline)) if sum(units) != sum(baseline) else 0,
        "slope": math.fsum(shape[:4]) / min(n, 4) - before,
        "volatility": (
            math.sqrt(math.fsum(step * step for step in steps[1:]) / (n - 1)) if n > 1 else 0
        ),
        "peak_position": [abs(x) for x in deviations].index(largest) / (n - 1) if n > 1 else 0.5,
        "kurtosis": moment(steps, 4) / variance**2 - 3 if variance > 1e-6 else 0,
        "skewness": moment(steps, 3) / variance**1.5 if variance > 1e-6 else 0,
        "peak_to_mean": math.log(largest / mean_magnitude) if largest else 0,
        "near_zero_share": sum(x <= -0.9 for x in deviations) / n,
        "log_duration": math.log(n),
        "amplitude": math.log(1 + largest),
        "hour_sin": math.sin(angle),
        "hour_cos": math.cos(angle),
        "weekend_share": sum(tick.isoweekday() >= 6 for tick in tick_locals) / n,
    }
    return [values[name] for name in FEATURE_NAMES]


def deviations_of(units: list[float], baseline: list[float]) -> list[float]:
    """Give units over baseline, less 1."""
    return [sold / usual - 1 for sold, usual in zip(units, baseline, strict=True)]


def moment(values: list[float], power: int) -> float:
    """Give a central moment of the population."""
    mean = math.fsum(values) / len(values)
    return math.fsum((x - mean) ** power for x in values) / len(values)


def mean_between(values: list[float], start: float, stop: float) -> float:
    """Average values that are steps of width 1 over a stretch, cut ticks by their part of it."""
    parts = (x * max(0.0, min(stop, tick + 1) - max(start, tick)) for tick, x in enumerate(values))
    return math.fsum(parts) / (stop - start)
