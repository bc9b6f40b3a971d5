"""Cutting a passage into sentences, by punctuation, abbreviations and wrapped lines.

If a text consists of lines rather than sentences (code, lists, tables), each line is a sentence.
"""

from __future__ import annotations

import re

_END = re.compile(r"""[.!?]["'”’)\]]*(?=\s)""")
_ABBREVIATION = re.compile(
    r"""(?:\b(?:mr|mrs|ms|dr|prof|st|sr|jr|rev|gen|col|capt|lt|sgt|sen|rep|gov|pres|hon|no|nos|vol|fig|figs|eq|
        pp|ed|eds|cf|ca|approx|dept|est|inc|ltd|co|corp|bros|vs|viz|etc|al|ie|eg|jan|feb|mar|apr|jun|jul|aug|
        sept?|oct|nov|dec|mt|ft|lat|c|b|d|p|r|fl)
        | \b[a-z](?:\.[a-z])+ | (?<![\w.])[A-Z] )\.$""",
    re.IGNORECASE | re.VERBOSE,
)
_WRAPPED = 45  # characters; the sentence of a shorter line never continues in the next line


def split_sentences(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """The spans of the sentences of ``text[start:end]``, in characters of ``text``, without outer blanks."""
    end = len(text) if end is None else end
    spans: list[tuple[int, int]] = []
    for block_start, block_end in _lines(text, start, end):
        at = block_start
        for match in _END.finditer(text, block_start, block_end):
            if _ends_sentence(text, at, match.end(), block_end):
                _append(spans, text, at, match.end())
                at = match.end()
        _append(spans, text, at, block_end)
    return spans


def _lines(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The spans inside which a line end is only whitespace."""
    spans = []
    block = at = start
    while at < end:
        line_end = text.find("\n", at, end)
        if line_end < 0:
            break
        if not _continues(text, at, line_end, end):
            spans.append((block, line_end))
            block = line_end + 1
        at = line_end + 1
    if block < end:
        spans.append((block, end))
    return spans


def _continues(text: str, line_start: int, line_end: int, end: int) -> bool:
    """Whether the sentence of a line continues in the next line."""
    line = text[line_start:line_end].rstrip()
    following = text[line_end + 1 : min(line_end + 81, end)].split("\n")[0]
    if len(line.strip()) < _WRAPPED or not following.strip():
        return False
    if line[-1] in "{};:=([|" or following[0] in " \t" or following[0] in "-*#>|+}{)":
        return False
    return following[0].isalnum() or following[0] in "\"'(“‘"


def _ends_sentence(text: str, start: int, end: int, limit: int) -> bool:
    """Whether the full stop before ``end`` ends the sentence that begins at ``start``."""
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
