"""Draws cost over size as one small SVG: a panel a piece of work, both axes logarithmic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 360, 340
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 34, 130
# Okabe and Ito (2008): told apart by readers who see few colours too.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LEGEND_STEP = 15


@dataclass(frozen=True)
class Line:
    """A line of a panel: what it is called, and its points (size, cost), by size."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Panel:
    """A panel: its title, what its axes are, and its lines."""

    title: str
    across: str
    upward: str
    lines: Sequence[Line]


def draw(panels: Sequence[Panel]) -> str:
    """Draw panels side by side.

    Parameters
    ----------
    panels : sequence of Panel
        Those without a point are left out.

    Returns
    -------
    str
        An SVG document: the same panels give the same bytes.
    """
    panels = [panel for panel in panels if any(line.points for line in panel.lines)]
    width = max(1, len(panels)) * WIDTH
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" '
        f'width="{width}" height="{HEIGHT}" font-family="sans-serif" font-size="11">',
        f'<rect width="{width}" height="{HEIGHT}" fill="#ffffff"/>',
    ]
    for number, panel in enumerate(panels):
        parts += [f'<g transform="translate({number * WIDTH} 0)">', *_panel(panel), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel) -> list[str]:
    points = [point for line in panel.lines for point in line.points]
    across = _axis([x for x, _ in points], LEFT, WIDTH - RIGHT)
    upward = _axis([y for _, y in points], HEIGHT - BOTTOM, TOP)
    parts = [f'<text x="{LEFT}" y="18" font-size="13">{escape(panel.title)}</text>']
    for power in across.powers:
        x = across.place(10.0**power)
        parts.append(_stroke([(x, TOP), (x, HEIGHT - BOTTOM)], "#dddddd", 1))
        parts.append(_text(x, HEIGHT - BOTTOM + 14, _power(power), "middle"))
    for power in upward.powers:
        y = upward.place(10.0**power)
        parts.append(_stroke([(LEFT, y), (WIDTH - RIGHT, y)], "#dddddd", 1))
        parts.append(_text(LEFT - 5, y + 4, _power(power), "end"))
    parts.append(_text((LEFT + WIDTH) / 2, HEIGHT - BOTTOM + 29, panel.across, "middle"))
    parts.append(_text(LEFT - 5, TOP - 5, panel.upward, "end"))
    for number, line in enumerate(panel.lines):
        colour = COLOURS[number % len(COLOURS)]
        places = [(across.place(x), upward.place(y)) for x, y in line.points]
        parts.append(_stroke(places, colour, 2))
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        y = HEIGHT - BOTTOM + 46 + LEGEND_STEP * (number % 6)
        x = LEFT + 150 * (number // 6)
        parts.append(_stroke([(x, y - 4), (x + 18, y - 4)], colour, 2))
        parts.append(_text(x + 23, y, line.name, "start"))
    return parts


@dataclass(frozen=True)
class _Axis:
    low: int
    high: int
    begin: float
    end: float

    @property
    def powers(self) -> range:
        return range(self.low, self.high + 1)

    def place(self, value: float) -> float:
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return self.begin + share * (self.end - self.begin)


def _axis(values: Sequence[float], begin: float, end: float) -> _Axis:
    low = math.floor(math.log10(min(values)) + 1e-9)
    high = math.ceil(math.log10(max(values)) - 1e-9)
    return _Axis(low, max(high, low + 1), begin, end)


def _power(power: int) -> str:
    return f"{10.0**power:g}" if -4 <= power < 4 else f"1e{power}"


def _stroke(places: Sequence[tuple[float, float]], colour: str, width: int) -> str:
    text = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return f'<polyline points="{text}" fill="none" stroke="{colour}" stroke-width="{width}"/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
