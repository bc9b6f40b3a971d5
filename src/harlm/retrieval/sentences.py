"""Cutting a passage into sentences, by punctuation, abbreviations and wrapped lines.

Lines are joined only where they are wrapped prose. If a text consists of lines rather than sentences (code, lists,
tables, logs), each line is a sentence.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise
from typing import NamedTuple

from harlm.patterns import lazy_pattern


class Layout(NamedTuple):
    """What is known of the lines of a text.

    Attributes:
        has_prose: whether a sentence may continue in the next line, as it may not in code, data and logs.
        starts: offsets at which a part begins (a row, a paragraph, a slide), ascending; no sentence crosses one.
    """

    has_prose: bool = True
    starts: Sequence[int] = ()


PROSE = Layout()
"""Nothing is known."""

_END = lazy_pattern(
    r"""[.!?]["'”’»)\]]*(?=\s)"""
    r"""|[。！？｡।॥؟۔።។။]["'”’」』）】》\)\]]*"""
    "|(?<=[\u0e00-\u0e7f]) +(?=[\u0e00-\u0e7f])"
)
_THAI_LEAST = 20  # characters; blanks in Thai stand between sentences, but between short phrases as well
_ABBREVIATION = lazy_pattern(
    r"""(?:\b(?:mr|mrs|ms|dr|prof|st|sr|jr|rev|gen|col|capt|lt|sgt|sen|rep|gov|pres|hon|no|nos|vol|fig|figs|eq|
        pp|ed|eds|cf|ca|approx|dept|est|inc|ltd|co|corp|bros|vs|viz|etc|al|ie|eg|jan|feb|mar|apr|jun|jul|aug|
        sept?|oct|nov|dec|mt|ft|lat|c|b|d|p|r|fl)
        | \b[a-z](?:\.[a-z])+ | (?<![\w.])[A-Z] )\.$""",
    re.IGNORECASE | re.VERBOSE,
)
_WRAPPED = 45  # characters; the sentence of a shorter line never continues in the next line
_BREAKS = "-\xad\u2010\ufffe"  # at the end of a line, they stand inside of a word
_FULL = 0.8  # of the widest line of its paragraph; a wrapped line with the next word reaches this
_LISTED = lazy_pattern(r"\s*(?:[-*+#>|•·–—‣◦\[]|\(?(?:\d{1,3}|[A-Za-z]|[ivx]{2,4})[.)]\s)")
_STAMP = lazy_pattern(
    r"\W?(?:\d{4}[-/]\d\d?[-/]\d|\d\d?[-/.]\d\d?[-/.]\d|\d\d?:\d\d|[A-Z][a-z]{2} +\d\d? \d\d:|\d{9}"
    r"|(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL)\b)"
)
"""The beginning of a line of a log."""

_DATA = lazy_pattern(
    r"\t| {3}|\w=\S|\w [=!<>+*/&:-]?= |=>|->|::|\|\s|[{};=(\[|\\]$|/\*|\*/|(?<!:)//"
    r"""|[;,][^\s\d"'”’)\]][^;,]*[;,][^\s\d"'”’)\]]"""
)
"""What lines of data and code have: tabs, columns, ``key=value``, signs, commas without blanks."""

_WORD = lazy_pattern(r"[^\W\d_]{2,}")
_LEAST_WORDS = 5  # of a line of prose
_STOP = lazy_pattern(r"""[.!?…]["'”’»)\]]*(?:\s|$)""")
_LAST_STOP = lazy_pattern(r"""[.!?…]["'”’»)\]]*$""")


def split_sentences(
    text: str, start: int = 0, end: int | None = None, layout: Layout = PROSE
) -> list[tuple[int, int]]:
    """The spans of the sentences of ``text[start:end]``, in characters of ``text``, without outer blanks.

    Args:
        text: the text.
        start, end: the part of it that is cut.
        layout: what is known of its lines.
    """
    end = len(text) if end is None else end
    spans: list[tuple[int, int]] = []
    for block_start, block_end in _blocks(text, start, end, layout):
        at = block_start
        for match in _END.finditer(text, block_start, block_end):
            if _ends_sentence(text, at, match, block_end):
                _append(spans, text, at, match.end())
                at = match.end()
        _append(spans, text, at, block_end)
    return spans


def _blocks(text: str, start: int, end: int, layout: Layout) -> Iterator[tuple[int, int]]:
    """The spans inside which a line end is only whitespace."""
    for part_start, part_end in _parts(start, end, layout.starts):
        if not layout.has_prose:
            yield from _lines(text, part_start, part_end)
            continue
        lines: list[tuple[int, int]] = []
        at = part_start
        while at < part_end:
            line_end = text.find("\n", at, part_end)
            line_end = part_end if line_end < 0 else line_end
            if line_end - at and not text[at:line_end].isspace():
                lines.append((at, line_end))
            else:
                yield from _joined(text, lines)
                lines = []
            at = line_end + 1
        yield from _joined(text, lines)


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for line in text[start:end].split("\n"):
        if line:
            yield start, start + len(line)
        start += len(line) + 1


def _parts(start: int, end: int, starts: Sequence[int]) -> Iterator[tuple[int, int]]:
    at = bisect_right(starts, start)
    while at < len(starts) and starts[at] < end:
        yield start, starts[at]
        start = starts[at]
        at += 1
    yield start, end


def _joined(text: str, lines: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The lines of one paragraph, those of one sentence together."""
    if len(lines) < 2:
        yield from lines
        return
    if all(end - start < _WRAPPED and text[end - 1] not in _BREAKS for start, end in lines):
        yield from lines
        return
    written = [text[start:end].rstrip() for start, end in lines]
    widest = max(map(len, written))
    continues = [_may_continue(one, other, widest) for one, other in pairwise(written)]
    is_wrapped = any(
        goes_on and _begins_inside(other) for goes_on, other in zip(continues, written[1:], strict=True)
    ) and any(_STOP.search(line) for line in written)
    first = lines[0][0]
    for at, (goes_on, (_, end), (start, _)) in enumerate(zip(continues, lines, lines[1:], strict=False)):
        if not ((is_wrapped and goes_on) or _breaks_word(written[at], written[at + 1])):
            yield first, end
            first = start
    yield first, lines[-1][1]


def _breaks_word(line: str, following: str) -> bool:
    """Whether a line ends inside a word, which continues in the next one."""
    return line[-1] in _BREAKS and line[-2:-1].isalpha() and following[0].islower()


def _begins_inside(line: str) -> bool:
    """Whether a line begins as the middle of a sentence does: without a capital."""
    return line[0].isalpha() and not line[0].isupper()


def _may_continue(line: str, following: str, widest: int) -> bool:
    """Whether a sentence of a line can continue in the next one: both are prose, and the line is as wide as others."""
    if len(line) < _WRAPPED or line[-1] in "{};:=([|":
        return False
    if not (following[0].isalnum() or following[0] in "\"'(“‘") or _LISTED.match(following):
        return False
    if _LAST_STOP.search(line[-8:]) and not _ABBREVIATION.search(line.split()[-1]):
        return False
    if len(line) + 1 + len(following.split(None, 1)[0]) < _FULL * widest:
        return False
    return _is_prose(line) and (len(following) < _WRAPPED or _is_prose(following))


def _is_prose(line: str) -> bool:
    """Whether a line looks like words of a sentence, not like data or code."""
    if _STAMP.match(line) or _DATA.search(line):
        return False
    return sum(1 for _ in islice(_WORD.finditer(line), _LEAST_WORDS)) == _LEAST_WORDS


def _ends_sentence(text: str, start: int, found: re.Match[str], limit: int) -> bool:
    """Whether the mark that was found ends the sentence that begins at ``start``."""
    mark, end = found[0][0], found.end()
    if mark == " ":
        return found.start() - start >= _THAI_LEAST
    if mark not in ".!?":
        return True
    after = text[end : min(end + 40, limit)].lstrip()
    if not after:
        return True
    if after[0].islower():
        return False
    return text[end - 1] != "." or not _ABBREVIATION.search(text[max(start, end - 16) : end].split()[-1])


def _append(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    stripped = piece.strip()
    if stripped:
        offset = start + piece.index(stripped[0])
        spans.append((offset, offset + len(stripped)))
