"""The work that an analysis may do. It runs in the event loop, on code that a model wrote, so it must end soon
whatever the code looks like.
"""

from __future__ import annotations


class TooComplex(Exception):
    """The code takes more work than an analysis may do."""


class Effort:
    """The work that is left to one analysis.

    Args:
        most: units, of about one microsecond each: the visit of a node of the syntax tree.
    """

    def __init__(self, most: int) -> None:
        self._left = most

    def spend(self, units: int) -> None:
        """Use units.

        Raises:
            TooComplex: fewer are left.
        """
        self._left -= units
        if self._left < 0:
            raise TooComplex
