"""The part of a long line that has the words of a question: minified code, data, logs."""

from __future__ import annotations

from collections.abc import Sequence

from harlm.patterns import lazy_pattern

LONG = 300
"""Characters; a longer sentence is shown by an excerpt."""

_SHOWN = 240  # characters of an excerpt, about
_BEFORE = 60  # of them, before the first word of the question
_REACH = 40  # characters that an end may move to stand between two words
_EDGE = lazy_pattern(r"\W")


def excerpt(line: str, found: Sequence[tuple[int, float]]) -> tuple[int, int]:
    """The span of at most ``LONG`` characters of ``line`` whose words weigh most; its beginning if there are none.

    Begins and ends between words if there are ends of words near.

    Args:
        line: one line or sentence.
        found: offsets of words in it, each with its weight.
    """
    first = last = 0
    best = 0.0
    placed = sorted(found)
    weight, left = 0.0, 0
    for at, share in placed:
        weight += share
        while at - placed[left][0] > _SHOWN - _BEFORE:
            weight -= placed[left][1]
            left += 1
        if weight > best + 1e-9:
            best, first, last = weight, placed[left][0], at
    start = max(0, first - (_SHOWN - (last - first)) // 2 if last > first else first - _BEFORE)
    end = min(len(line), start + _SHOWN)
    start = max(0, end - _SHOWN) if end == len(line) else start
    return _start_of_word(line, start, first), _end_of_word(line, end)


def _start_of_word(line: str, start: int, first: int) -> int:
    if start == 0 or not line[start - 1].isalnum():
        return start
    edge = _EDGE.search(line, start, min(start + _REACH, first))
    return edge.end() if edge else start


def _end_of_word(line: str, end: int) -> int:
    if end >= len(line) or not line[end - 1].isalnum():
        return end
    edge = _EDGE.search(line, end, end + _REACH)
    return edge.start() if edge else end
