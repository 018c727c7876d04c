"""The 26 components of a slice, written a second time, tick by tick, for the tests."""

from __future__ import annotations

import math
from datetime import datetime

from archetype.sales.features import FEATURE_NAMES


def describe_slice(
    units: list[float], baseline: list[float], tick_locals: list[datetime]
) -> list[float]:
    """Describe a slice, in the order of ``FEATURE_NAMES``."""
    n = len(units)
    deviations = [sold / usual - 1 for sold, usual in zip(units, baseline, strict=True)]
    largest = max(abs(x) for x in deviations)
    shape = [x / largest if largest else 0.0 for x in deviations]
    steps = [later - earlier for earlier, later in zip([0.0, *shape], shape, strict=False)]
    places = [(tick + 0.5) / n - 0.5 for tick in range(n)]
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
        "slope": (
            math.fsum(x * place for x, place in zip(shape, places, strict=True))
            / math.fsum(place * place for place in places)
            if n > 1
            else 0
        ),
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


def moment(values: list[float], power: int) -> float:
    """Give a central moment of the population."""
    mean = math.fsum(values) / len(values)
    return math.fsum((x - mean) ** power for x in values) / len(values)


def mean_between(values: list[float], start: float, stop: float) -> float:
    """Average values that are steps of width 1 over a stretch, cut ticks by their part of it."""
    parts = (x * max(0.0, min(stop, tick + 1) - max(start, tick)) for tick, x in enumerate(values))
    return math.fsum(parts) / (stop - start)
