"""What the scanner of a reply works with: the segments that it finds, and the regions that they are read by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a reply that is not prose.

    Attributes:
        kind: ``cells`` for code to run, ``block`` for a fenced block that is not run, ``markup`` for a call that
            carries no code, ``thoughts``, or ``mark`` for a mark that stands for itself.
        start, end: where it is, with its marks.
        inner, inner_end: what is between the marks.
        cells: its code.
        name: the tag of a block, or a call in words.
        is_sure: whether its code is run whatever else the reply holds.
        is_closed: whether it has its closing mark.
        follows_words: whether it begins in a line of words.
    """

    kind: Literal["cells", "block", "markup", "thoughts", "mark"]
    start: int
    end: int
    inner: int = 0
    inner_end: int = 0
    cells: tuple[str, ...] = ()
    name: str = ""
    is_sure: bool = True
    is_closed: bool = True
    follows_words: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What the scanner does after a region.

    Attributes:
        at: where it continues; before the region's end if a part of it is to be read again.
        segments: what was found.
        puts_aside: where thoughts end and where their mark ends, if everything up to there turned out to be
            thoughts.
        never: the mark that is not to open a region again, because it has no end.
    """

    at: int
    segments: tuple[Segment, ...] = ()
    puts_aside: tuple[int, int] | None = None
    never: str = ""


class Region(Protocol):
    """A part of a reply whose beginning was found, and whose end is looked for."""

    def read(self, text: str, at: int, end: int) -> Step | None:
        """Read whole lines from ``at`` to ``end``; ``None`` if the region does not end there."""

    def at_end(self, text: str) -> Step:
        """End the region where the reply ends."""
