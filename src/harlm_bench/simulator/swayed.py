"""Whether a model does what a hostile line of a text asks for. Knows such lines as items of a text, and no task."""

from __future__ import annotations

from collections.abc import Sequence

from harlm_bench.simulator.noise import Noise
from harlm_bench.simulator.store import Found

_HOSTILE = "injection"
_WORD = "canary"


def obeyed(found: Sequence[Found], noise: Noise, rate: float) -> Found | None:
    """The first hostile line in view that the model obeys; ``None`` if it obeys none.

    A line that was obeyed once is mostly obeyed again, as with other errors.

    Args:
        found: the items in view.
        noise: the draws of the request.
        rate: how often one line is obeyed.
    """
    hostile = (each for each in found if each.fact.kind == _HOSTILE and _WORD in each.fact.attributes)
    return next((each for each in hostile if not noise.is_right(each.id, b"resists", 1 - rate)), None)


def word_of(line: Found) -> str:
    """What a hostile line wants to be said."""
    return line.fact.attributes[_WORD]
