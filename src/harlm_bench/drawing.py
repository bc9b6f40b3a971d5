"""Which values a resampled sample holds: windows are drawn first, then questions within them. Sees no value."""

from __future__ import annotations

import random
from array import array
from functools import lru_cache
from itertools import accumulate


@lru_cache(maxsize=24)
def drawn_places(shape: tuple[int, ...], draws: int, stratum: int) -> tuple[array[int], ...]:
    """For each draw, the places of the drawn values in the flat sample.

    Args:
        shape: the number of values of each window.
        draws: how many.
        stratum: tells apart samples of one shape that are drawn together.
    """
    source = random.Random(
        f"cluster bootstrap {shape} {stratum}"
    ).random  # faster than ``choices`` for short rows
    starts = (0, *accumulate(shape))
    filled = [(starts[place], size) for place, size in enumerate(shape) if size]
    rows = []
    for _ in range(draws):
        row = array("I")
        for _ in filled:
            start, size = filled[int(source() * len(filled))]
            row.extend([start + int(source() * size) for _ in range(size)])
        rows.append(row)
    return tuple(rows)
