"""Taint: the call sites whose results a value may hold.

A site is a number from 1. A result of an earlier round of a loop is a negative number that also encodes the
loop, by its nesting depth: the outermost loop has depth 1.
"""

from __future__ import annotations

from collections.abc import Set

Taint = frozenset[int]
"""Site numbers; a result of an earlier round of the loop at ``depth`` is ``-(number + depth * _ROUND)``."""

CLEAN: Taint = frozenset()
"""The taint of a value that holds no result."""

_ROUND = 1 << 20


def as_earlier(taint: Taint, inside: Set[int], depth: int) -> Taint:
    """The taint as the next round of a loop sees it.

    Args:
        taint: at the end of a round.
        inside: the sites inside the loop, whose results become those of an earlier round.
        depth: of the loop.
    """
    return frozenset(-(each + depth * _ROUND) if each in inside else each for each in taint)


def after_loop(taint: Taint, depth: int) -> Taint:
    """The taint after the loop at ``depth``: its rounds no longer differ."""
    return frozenset(site_of(each) if loop_of(each) == depth else each for each in taint)


def without_rounds(taint: Taint) -> Taint:
    """The sites alone."""
    return frozenset(map(site_of, taint))


def site_of(tainted: int) -> int:
    """The number of the site."""
    return abs(tainted) % _ROUND


def loop_of(tainted: int) -> int:
    """The depth of the loop whose earlier round the result is from; 0 if it is from no earlier round."""
    return -tainted // _ROUND if tainted < 0 else 0
