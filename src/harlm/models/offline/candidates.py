"""The phrases of a sentence that could be an answer, and what each looks like by its shape."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from harlm.models.offline.expected import Kind
from harlm.patterns import lazy_pattern
from harlm.retrieval.terms import STOPWORDS

_NUMBER_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion trillion "
    "dozen half quarter third twice thrice"
).split()
_WORDY = "|".join(_NUMBER_WORDS)
_MONTH = "January|February|March|April|May|June|July|August|September|October|November|December"
_NUMBER = lazy_pattern(
    rf"""(?<![\w.])(?:(?:[$£€¥]|US\$)\s?)?
    (?:\d[\d,]*(?:\.\d+)?(?!\w)|\d[\d,]*(?:\.\d+)?(?=(?:st|nd|rd|th|s|k|kg|km|cm|mm|m|g|px|ms|MB|GB|KB|Hz|kHz|MHz|GHz|%)\b)\w*|(?:{_WORDY})(?:-(?:{_WORDY}))?\b)
    (?:\s?(?:%|(?:per\s?cent|percent|percentage|hundred|thousand|million|billion|trillion|dozen)\b))*
    (?:\s(?:and|to|or|by|-|–)\s(?:\d[\d,.]*\d|\d|(?:{_WORDY})\b))?""",
    re.IGNORECASE | re.VERBOSE,
)
_DATE = lazy_pattern(
    rf"""(?<!\w)(?:
        \d{{1,2}}(?:st|nd|rd|th)?\s(?:of\s)?(?:{_MONTH})(?:,?\s\d{{3,4}})?
      | (?:{_MONTH})(?:\s\d{{1,2}}(?:st|nd|rd|th)?(?!\d))?(?:,?\s\d{{4}})?
      | (?:early|mid|late)[\s-](?:the\s)?\d{{3,4}}s?
      | (?:\d{{1,2}}(?:st|nd|rd|th)|(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth
          |thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|twenty-first))
          [\s-]century(?:\s(?:BC|BCE|AD|CE))?
      | (?:AD|CE)\s?\d{{1,4}} | \d{{1,4}}\s?(?:BC|BCE|AD|CE)\b
      | [12]\d{{3}}(?:s\b|(?:[-–/]\d{{2,4}}))?(?![\d,]) | \d{{4}}-\d{{2}}-\d{{2}}
      | (?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day | (?:spring|summer|autumn|winter)\b(?:\sof)?\s\d{{4}}
    )""",
    re.VERBOSE,
)
_PROPER = lazy_pattern(
    r"""(?<![\w'’])(?:[A-Z][\w'’.-]*|(?<=\s)[a-z]+[A-Z]\w*)
        (?:\s(?:(?:of|the|de|del|della|di|da|du|la|le|von|van|der|den|bin|al|y|e|for|and\sthe)\s){0,2}[A-Z0-9][\w'’.-]*)*""",
    re.VERBOSE,
)
_CODE = lazy_pattern(
    r"(?<!\w)(?:[A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)+(?:\(\))?|\w+_\w+(?:\(\))?|[a-z]+[A-Z]\w*|\w+\(\)|__\w+__|--?[a-z][\w-]+)"
)
_PATH = lazy_pattern(
    r"(?<![\w/-])(?:[~.]{0,2}/)?(?:[\w.-]{1,255}/)*[\w-]{1,255}\.\w{1,5}\b|(?<![\w/])(?:/[\w.-]{1,255}+){2,}+"
)
_QUOTED = lazy_pattern(r"[\"“‘']([^\"“”‘’']{2,60})[\"”’']")
_TOKEN = lazy_pattern(r"[^\W_]+(?:['’.-][^\W_]+)*")
_UNIT = lazy_pattern(r"\s(?:(?:of|square|cubic|metric|light|nautical|US)\s)?[a-z][\w-]*")
_REASON = lazy_pattern(
    r"\b(?:because(?: of)?|since|due to|owing to|as a result of|so that|in order to|thanks to|for fear of|caused by|"
    r"resulted? from|on account of|to)\s+(?P<body>[^,;.()]+)",
    re.IGNORECASE,
)
_MANNER = lazy_pattern(r"\b(?:by|through|using|with|via|from|on|in)\s+(?P<body>[^,;.()]+)", re.IGNORECASE)
_MOST_WORDS = 12  # of a reason or a manner


@dataclass(frozen=True, slots=True)
class Candidate:
    """A phrase: its range in the sentence, in characters, and the kind of thing that it looks like."""

    start: int
    end: int
    kind: Kind


def candidates(sentence: str) -> list[Candidate]:
    """All phrases of ``sentence`` that could be an answer; they may overlap."""
    found: dict[tuple[int, int, Kind], Candidate] = {}
    for start, end, kind in _all(sentence):
        text = sentence[start:end]
        trimmed = text.strip(" ,;:'\"“”‘’")
        if not trimmed:
            continue
        start += text.index(trimmed[0])
        end = start + len(trimmed)
        found.setdefault((start, end, kind), Candidate(start, end, kind))
    return list(found.values())


def _all(sentence: str) -> Iterator[tuple[int, int, Kind]]:
    for match in _DATE.finditer(sentence):
        yield *match.span(), "date"
    for match in _NUMBER.finditer(sentence):
        unit = _UNIT.match(sentence, match.end())
        yield match.start(), unit.end() if unit and not _is_stop(unit.group()) else match.end(), "number"
    for match in _PROPER.finditer(sentence):
        first, blank, _ = match.group().partition(" ")
        if first.lower() not in STOPWORDS:
            yield *match.span(), "name"
        elif blank:  # the first word is "The", "Then" or another stopword: leave it out
            yield match.start() + len(first) + 1, match.end(), "name"
    for match in _CODE.finditer(sentence):
        yield *match.span(), "code"
    for match in _PATH.finditer(sentence):
        yield *match.span(), "path"
    for match in _QUOTED.finditer(sentence):
        yield *match.span(1), "phrase"
    for match in _REASON.finditer(sentence):
        yield match.start("body"), _cut(sentence, *match.span("body")), "reason"
    for match in _MANNER.finditer(sentence):
        yield match.start("body"), _cut(sentence, *match.span("body")), "manner"
    for start, end in _chunks(sentence):
        yield start, end, "phrase"


def _is_stop(unit: str) -> bool:
    return unit.split()[-1] in STOPWORDS


def _cut(sentence: str, start: int, end: int) -> int:
    """The end of the range, or of its first twelve words if it has more."""
    words = list(_TOKEN.finditer(sentence, start, end))
    return words[_MOST_WORDS - 1].end() if len(words) > _MOST_WORDS else end


def _chunks(sentence: str) -> Iterator[tuple[int, int]]:
    """Runs of words that no punctuation and no stopword interrupts, such as a noun with its adjectives."""
    start = end = -1
    for token in _TOKEN.finditer(sentence):
        gap = sentence[end : token.start()] if end >= 0 else ""
        if token.group().lower() in STOPWORDS or (end >= 0 and gap.strip()):
            if start >= 0:
                yield start, end
            start = end = -1
        if token.group().lower() not in STOPWORDS:
            start = token.start() if start < 0 else start
            end = token.end()
    if start >= 0:
        yield start, end
