"""What every plot is drawn with: scales with round ticks, and an SVG that is built up mark by mark. Knows no results."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from harlm_bench.labels import Label
from harlm_bench.report.tables import heading

LETTER = 6.3
"""The mean width of a letter of a label, in units of the drawing."""

LINE = 14.0
"""The height of a label."""

Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Turns values into places.

    Attributes:
        low, high: the ends of the values.
        start, end: the places of the two ends.
        is_log: whether equal ratios are equally far apart. ``low`` is above 0 then.
    """

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False

    def __call__(self, value: float) -> float:
        """The place of a value; that of the nearer end if it lies outside."""
        value = min(max(value, self.low), self.high)
        low, high, at = self._bent(self.low), self._bent(self.high), self._bent(value)
        share = 0.5 if high == low else (at - low) / (high - low)
        return self.start + share * (self.end - self.start)

    def ticks(self, most: int = 6) -> tuple[float, ...]:
        """Round values between the ends."""
        return self._log_ticks(most) if self.is_log else self._even_ticks(most)

    def _bent(self, value: float) -> float:
        return math.log10(value) if self.is_log else value

    def _even_ticks(self, most: int) -> tuple[float, ...]:
        step = _round_step((self.high - self.low) / most)
        first = math.ceil(self.low / step - 1e-9)
        count = int((self.high - first * step) / step + 1e-9) + 1
        return tuple(round((first + place) * step, 10) for place in range(max(0, count)))

    def _log_ticks(self, most: int) -> tuple[float, ...]:
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        found: tuple[float, ...] = ()
        for leads in ((1,), (1, 3), (1, 2, 5)):
            values = (lead * 10.0**power for power in powers for lead in leads)
            ticks = tuple(value for value in values if self.low * 0.999 <= value <= self.high * 1.001)
            if len(ticks) <= most or not found:
                found = ticks
        return found


def log_scale(values: Iterable[float], start: float, end: float) -> Scale:
    """A logarithmic scale with some room around positive values."""
    positive = [value for value in values if value > 0] or [1.0]
    low, high = min(positive) / 1.6, max(positive) * 1.6
    return Scale(low=low, high=high, start=start, end=end, is_log=True)


def _round_step(least: float) -> float:
    power = 10.0 ** math.floor(math.log10(least)) if least > 0 else 1.0
    return next((lead * power for lead in (1, 2, 2.5, 5) if lead * power >= least * 0.999), 10 * power)


class Canvas:
    """A drawing in the making.

    Args:
        width, height: in its own units; a page scales it.
        title: what it shows. The label's kind is added to it, in the drawing itself.
        label: what its figures were measured on.
        subtitle: how to read it, in a line.
    """

    def __init__(self, width: float, height: float, *, title: str, label: Label, subtitle: str = "") -> None:
        self.width, self.height = width, height
        self._title = heading(title, label)
        self._subtitle = subtitle
        self._marks: list[str] = []
        self.text(0, 16, self._title, "t-title")
        if subtitle:
            self.text(0, 34, subtitle, "t-quiet")

    def line(self, start: tuple[float, float], end: tuple[float, float], kind: str) -> None:
        """A straight line."""
        (x1, y1), (x2, y2) = start, end
        self._marks.append(f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>')

    def path(self, places: Sequence[tuple[float, float]], kind: str) -> None:
        """A line through several places."""
        through = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        self._marks.append(f'<path class="{kind}" d="M{through}"/>')

    def dot(self, place: tuple[float, float], size: float, kind: str, said: str = "") -> None:
        """A dot; ``said`` is shown when a pointer rests on it."""
        x, y = place
        inside = f"<title>{escape(said)}</title>" if said else ""
        self._marks.append(f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{size:g}">{inside}</circle>')

    def bar(self, box: tuple[float, float, float, float], kind: str, said: str = "") -> None:
        """A rectangle: left, top, width, height."""
        x, y, width, height = box
        inside = f"<title>{escape(said)}</title>" if said else ""
        size = f'width="{max(width, 1.2):.1f}" height="{height:.1f}"'
        self._marks.append(f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" {size} rx="1.5">{inside}</rect>')

    def text(self, x: float, y: float, text: str, kind: str = "t-label", anchor: Anchor = "start") -> None:
        """A line of text; ``y`` is its base line."""
        self._marks.append(
            f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
        )

    def svg(self) -> str:
        """The drawing."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width:g} {self.height:g}" role="img" '
            f'aria-label="{escape(f"{self._title}. {self._subtitle}")}">{"".join(self._marks)}</svg>'
        )


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> tuple[float, ...]:
    """Places near the wanted ones, in the same order, at least ``gap`` apart where ``low`` to ``high`` has room for it."""
    if len(wanted) > 1:
        gap = min(gap, (high - low) / (len(wanted) - 1))
    order = sorted(range(len(wanted)), key=lambda place: wanted[place])
    blocks: list[tuple[float, int]] = []  # the top of each run of touching places, and how many it has
    for place in order:
        blocks.append((wanted[place], 1))
        while len(blocks) > 1 and blocks[-2][0] + blocks[-2][1] * gap > blocks[-1][0]:
            (top, count), (after, more) = blocks[-2:]
            middle = (count * top + more * (after - count * gap)) / (count + more)
            blocks[-2:] = [(middle, count + more)]
    apart = [top + each * gap for top, count in blocks for each in range(count)]
    above = [max(at, low + each * gap) for each, at in enumerate(apart)]
    placed = [min(at, high - (len(above) - 1 - each) * gap) for each, at in enumerate(above)]
    found = dict(zip(order, placed, strict=True))
    return tuple(found[place] for place in range(len(wanted)))
