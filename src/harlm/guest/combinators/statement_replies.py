"""Reads replies that list what sources say, one statement a line. A statement counts only if its source was sent and its value stands
in the words of that source.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from .plain_words import plain, stands_in
from .sources import SourcePassage
from .statements import Denial, Kind, SourceStatement

_BULLET = re.compile(r"^[\s>*•`|-]*(?:\d{1,4}[.):]\s+)?")
_MISTAKEN = re.compile(
    r"^(?P<denied>.{1,80}?)\s+(?:is|was)\s+(?:mistaken|wrong|in error|a mistake)\b[^,|]*[,|]\s*(?P<source>[^,|]{1,90})",
    re.IGNORECASE,
)
_NOTHING = re.compile(r"^\W*(?:nothing|none|no statements?|not found)\b", re.IGNORECASE)
_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$")
_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("stated", re.compile(r"^(?:stated?|states|fact|confirmed)\b", re.IGNORECASE)),
    ("hearsay", re.compile(r"^(?:hearsay|rumou?r|guess)", re.IGNORECASE)),
    ("planned", re.compile(r"^(?:planned|plan|proposed|proposal|wish)", re.IGNORECASE)),
)
_MARKS = " \t`\"'*.[]()"


class Told(NamedTuple):
    """What one passage says; false if nothing."""

    statements: tuple[SourceStatement, ...] = ()
    denials: tuple[Denial, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.statements or self.denials)


def said_in(reply: str, passages: Sequence[SourcePassage]) -> list[Told] | None:
    """What each passage says, by a reply about all of them; ``None`` if the reply has no line of the form that was asked for."""
    statements: dict[str, list[SourceStatement]] = {each.source: [] for each in passages}
    denials: dict[str, list[Denial]] = {each.source: [] for each in passages}
    by_name: dict[str, SourcePassage] = {}
    for each in passages:
        earlier = by_name.get(plain(each.source))
        sentences = (*earlier.sentences, *each.sentences) if earlier else each.sentences
        by_name[plain(each.source)] = each._replace(sentences=sentences)
    is_read = False
    for line in (_BULLET.sub("", words).strip("` \t|") for words in reply.splitlines()):
        if _NOTHING.match(line):
            is_read = True
            continue
        denied = _denial(line, by_name)
        if denied is not None:
            denials[denied.source].append(denied)
            is_read = True
        elif (stated := _statement(line, by_name)) is not None:
            statements[stated.source].append(stated)
            is_read = True
    if not is_read:
        return None
    return [
        Told(tuple(dict.fromkeys(statements[each.source])), tuple(dict.fromkeys(denials[each.source])))
        for each in passages
    ]


def _denial(line: str, by_name: dict[str, SourcePassage]) -> Denial | None:
    found = _MISTAKEN.match(line)
    if found is None:
        return None
    passage = by_name.get(plain(found["source"].strip(_MARKS)))
    denied = found["denied"].strip(_MARKS)
    if passage is None or not stands_in(denied, passage.text):
        return None
    return Denial(denied, passage.source, passage.date)


def _statement(line: str, by_name: dict[str, SourcePassage]) -> SourceStatement | None:
    mark = "|" if line.count("|") >= 2 else ","
    for size in (3, 2):  # columns after the value: kind, source, and the date unless it is left out
        value, *parts = (part.strip(_MARKS) for part in line.rsplit(mark, size))
        if len(parts) < size:
            continue
        kind, passage = _kind(parts[0]), by_name.get(plain(parts[1]))
        if kind is None or passage is None or not value or not stands_in(value, passage.text):
            continue
        date = parts[2] if size == 3 and _DATE.match(parts[2]) else ""
        return SourceStatement(value, kind, passage.source, passage.date or date, _quote(value, passage))
    return None


def _kind(words: str) -> Kind | None:
    return next((kind for kind, pattern in _KINDS if pattern.match(words.strip(_MARKS))), None)


def _quote(value: str, passage: SourcePassage) -> str:
    """The sentence with the value; of several, the first."""
    return next((each for each in passage.sentences if stands_in(value, each)), passage.text)
