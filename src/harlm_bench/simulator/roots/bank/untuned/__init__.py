"""THE UNTUNED HALF of the bank: written before any result was measured, and never changed for the sake of a score.

What keeps a program from running at all is repaired, here as elsewhere, and ``WRITTEN`` with it; nothing else is.
"""

from __future__ import annotations

import hashlib
from typing import Final

WRITTEN: Final = "39dfebf41de1649a"
"""What ``digest`` gave when the half was last repaired."""


def digest() -> str:
    """The first 16 digits of the SHA-256 of all programs of this half, in the order of the families."""
    from harlm_bench.simulator.roots.bank import FAMILIES, VARIANTS_FROM, programs

    words = [
        f"{family} {each.quality} {each.calls} {step.says} {step.needs} {step.code}"
        for family in FAMILIES
        for each in programs(family)[VARIANTS_FROM:]
        for step in each.steps
    ]
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:16]
