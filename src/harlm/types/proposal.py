"""A strategy applied to one task: the cells that carry it out, and what they will cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harlm.types.mode import Growth, Strategy

Leaf = Literal["none", "reader", "labeller", "judge"]
"""What a strategy needs of the sub-model: nothing; to read a passage and answer from it; to choose a label for an item; to
say whether a text meets a condition, which small models do badly.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What a strategy is expected to use.

    Attributes:
        calls: model requests.
        input_tokens, output_tokens: of all of them.
        micros: micro-dollars; ``None`` if a price is unknown.
        seconds: wall time, with the concurrency of the run.
        depth: how many calls wait for one another.
    """

    calls: int
    input_tokens: int
    output_tokens: int
    micros: int | None
    seconds: float
    depth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A strategy for one task.

    Attributes:
        strategy: its name.
        cells: Python for the REPL, in order; the last one finishes the task.
        forecast: what it is expected to use.
        growth: how the tokens that it reads grow with the text.
        leaf: what it needs of the sub-model.
        fit: 0 to 1: how clearly the question asks for this strategy; 1 if every word of it was understood.
        reasons: why it fits, and what it assumes, as sentences.
    """

    strategy: Strategy
    cells: tuple[str, ...]
    forecast: Forecast
    growth: Growth
    leaf: Leaf
    fit: float
    reasons: tuple[str, ...] = ()
