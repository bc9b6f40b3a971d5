"""A judgement of one item."""

from __future__ import annotations

from typing import NamedTuple


class Judgement(NamedTuple):
    """What a model says of an item.

    Attributes:
        value: the judgement.
        certainty: 0 to 1; ``None`` if nothing tells.
    """

    value: str
    certainty: float | None = None
