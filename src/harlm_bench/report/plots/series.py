"""Which colour a system has, the same in every plot, and where the names of marks can stand without touching."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from harlm_bench.report.groups import Group
from harlm_bench.report.plots.canvas import LETTER, LINE, Anchor

OTHERS = 8
"""How many colours there are for systems that are neither ours, nor the base, nor the reference."""


def kinds(group: Group) -> Mapping[str, str]:
    """The class of each system's marks. Ours stand out."""
    found: dict[str, str] = {}
    counts = {"ours": 0, "other": 0}
    for entry in group.systems:
        if entry.role in ("base", "reference"):
            found[entry.name] = entry.role
        elif entry.role == "ours":
            counts["ours"] += 1
            found[entry.name] = f"ours{min(counts['ours'], 3)}"
        else:
            found[entry.name] = f"other{counts['other'] % OTHERS + 1}"
            counts["other"] += 1
    return found


class Placed(NamedTuple):
    """Where a name stands."""

    x: float
    y: float
    anchor: Anchor


class _Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def covers(self, other: _Box) -> float:
        wide = min(self.right, other.right) - max(self.left, other.left)
        high = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(0.0, wide) * max(0.0, high)


def beside_dots(
    dots: Sequence[tuple[float, float]],
    names: Sequence[str],
    corner: tuple[float, float],
    line: Sequence[tuple[float, float]] = (),
) -> tuple[Placed, ...]:
    """A place for each dot's name next to it, so that names cover each other, the dots and a line as little as they can.

    Args:
        dots: their places.
        names: of the dots.
        corner: the right and the lower end of the drawing.
        line: its corners, each beside or above the one before.
    """
    taken = [_Box(x - 6, y - 6, x + 6, y + 6) for x, y in dots]
    taken += [
        _Box(min(x1, x2) - 1, min(y1, y2) - 1, max(x1, x2) + 1, max(y1, y2) + 1)
        for (x1, y1), (x2, y2) in pairwise(line)
    ]
    placed = []
    for (x, y), name in zip(dots, names, strict=True):
        options = [
            Placed(x + 9, y + 4, "start"),
            Placed(x - 9, y + 4, "end"),
            Placed(x, y - 11, "middle"),
            Placed(x, y + 20, "middle"),
            Placed(x + 8, y - 9, "start"),
            Placed(x + 8, y + 17, "start"),
            Placed(x - 8, y - 9, "end"),
            Placed(x - 8, y + 17, "end"),
        ]
        frame = _Box(0, 40, *corner)
        costs = [
            _cost(_box(option, name), taken, frame) + 0.01 * place for place, option in enumerate(options)
        ]
        best = options[costs.index(min(costs))]
        taken.append(_box(best, name))
        placed.append(best)
    return tuple(placed)


def _box(place: Placed, name: str) -> _Box:
    wide = LETTER * len(name)
    left = place.x - {"start": 0.0, "middle": wide / 2, "end": wide}[place.anchor]
    return _Box(left, place.y - LINE + 3, left + wide, place.y + 3)


def _cost(box: _Box, taken: Sequence[_Box], frame: _Box) -> float:
    area = (box.right - box.left) * (box.bottom - box.top)
    return sum(box.covers(other) for other in taken) + 5 * (area - box.covers(frame))
