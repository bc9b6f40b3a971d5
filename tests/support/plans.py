"""Readers and plans for the tests of the theorems T1 to T8."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

from harlm.budget.bounds import Cost, Reader
from harlm.types import Growth


@st.composite
def readers(draw: st.DrawFn) -> Reader:
    """Any reader, often a tight one."""
    summary = draw(st.integers(1, 400))
    instructions = draw(st.integers(0, 400))
    content = draw(st.integers(2 * summary, 6 * summary) | st.integers(2 * summary, 200_000))
    return Reader(window=instructions + content, instructions=instructions, summary=summary)


def real_readers(least: int) -> st.SearchStrategy[Reader]:
    """Readers with a window such as models have, and up to 400 tokens of instructions and summary."""
    return st.builds(
        Reader,
        window=st.sampled_from([least, least + 192]) | st.integers(least, 200_000),
        instructions=st.just(400) | st.integers(0, 400),
        summary=st.just(400) | st.integers(1, 400),
    )


GROWTHS: tuple[Growth, ...] = ("constant", "logarithmic", "linear", "factorable pairs", "arbitrary pairs")
"""In the order in which they need more."""

SMALL = st.builds(
    lambda instructions, summary, fan_in, rest: Reader(
        window=instructions + summary * fan_in + min(rest, summary - 1),
        instructions=instructions,
        summary=summary,
    ),
    st.integers(0, 9),
    st.integers(1, 5),
    st.integers(2, 5),
    st.integers(0, 4),
)
TOKENS = st.integers(0, 2_000) | st.integers(0, 20_000_000)


@dataclass
class Executed:
    """A model that reads and writes sizes instead of words, and keeps the books."""

    reader: Reader
    calls: int = 0
    read: int = 0
    deepest: int = 0
    seen: list[tuple[int, int]] = field(default_factory=list)

    def call(self, content: int, below: Sequence[int] = ()) -> int:
        """Read text and the summaries of calls of these depths; the depth of this call."""
        everything = self.reader.instructions + content + self.reader.summary * len(below)
        assert everything <= self.reader.window
        depth = 1 + max(below, default=0)
        self.calls, self.read, self.deepest = self.calls + 1, self.read + everything, max(self.deepest, depth)
        return depth

    @property
    def cost(self) -> Cost:
        return Cost(
            calls=self.calls,
            input_tokens=self.read,
            output_tokens=self.calls * self.reader.summary,
            depth=self.deepest,
        )
