"""Notices a root model that brings nothing new: the same cell with the same result, or prose where code is asked for.

Counts turns. Does not decide how the node ends.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from harlm.patterns import lazy_pattern
from harlm.types import Observation

_SAME_CELLS = 2  # turns in a row that only repeat cells; the model was told after the first
_PROSE = 3  # replies in a row without code; the model was told after the first and the second
_IN_ALL = 6  # turns of either kind, with others between them
_KEPT = 1_000  # cells whose results are remembered
_MOMENTARY = lazy_pattern(r"\b0x[0-9a-fA-F]++|(?<=<cell )\d++(?=>)")  # addresses of objects, numbers of cells


class Repetition:
    """Follows the turns of one node.

    Attributes:
        prose: how many replies in a row, up to now, had no code.
    """

    def __init__(self) -> None:
        self.prose = 0
        self._same = 0
        self._idle = 0
        self._in_all = 0
        self._results: dict[bytes, bytes] = {}

    def ran(self, cells: Sequence[str], observations: Sequence[Observation]) -> bool:
        """Take a turn that ran cells. Returns whether each of them ran before, with the same result.

        Args:
            cells: of the reply; those after the last observation were not run.
            observations: of the cells that ran, in order.
        """
        self.prose = 0
        news = False
        for cell, observation in zip(cells, observations, strict=False):
            source, result = _digest(_source(cell)), _digest(_result(observation))
            news |= self._results.get(source) != result
            if len(self._results) < _KEPT:
                self._results[source] = result
        if news or not observations:
            self._same = self._idle = 0
            return False
        self._same += 1
        self._count()
        return True

    def wrote_prose(self) -> None:
        """Take a turn without code."""
        self.prose += 1
        self._same = 0
        self._count()

    @property
    def leads_nowhere(self) -> bool:
        """Whether the model was told often enough."""
        return (
            self._same >= _SAME_CELLS
            or self.prose >= _PROSE
            or self._idle >= max(_SAME_CELLS, _PROSE)
            or self._in_all >= _IN_ALL
        )

    def _count(self) -> None:
        self._idle += 1
        self._in_all += 1


def _source(cell: str) -> str:
    """A cell without blanks and without lines that are comments."""
    return "\n".join(
        "".join(line.split())
        for line in cell.splitlines()
        if line.strip() and not line.lstrip().startswith("#")
    )


def _result(observation: Observation) -> str:
    names = "\n".join(f"{name}={what}" for name, what in observation.names)
    return _MOMENTARY.sub(
        "", f"{observation.output}\0{observation.output_chars}\0{observation.error}\0{names}"
    )


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
