"""THE UNTUNED HALF of the bank: its programs were written before any score of a comparison was measured.

It is not free of development: both halves were run while the bank was built, and programs of this half were repaired after
they had failed. The repairs: a variable overwrote a name of a scaffold; the wording of a task had changed; the names of
documents in a list were missing; a tie was broken by the order of a set; one prompt string. ``REPAIRED`` pins the programs as
they are after these repairs.
"""

from __future__ import annotations

import hashlib
from typing import Final

REPAIRED: Final = "39dfebf41de1649a"
"""What ``digest`` gives after the last repair."""


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
