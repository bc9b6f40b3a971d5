"""Reads questions about what several sources say of things, with the rule by which one value counts: what is asked of which things, the
rule, and the form of the answer. Every sentence of a question has to be understood; if one is not, the question is not read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from harlm.guest.combinators.statements import Order
from harlm.patterns import lazy_pattern

Wanted = Literal["value", "source", "count", "table"]

_SENTENCE = lazy_pattern(r"(?<=[.?!])\s+(?=[A-Z])")
_NOUNS = (
    r"reports?|documents?|sources?|papers?|articles?|filings?|notes?|letters?|surveys?|memos?|records?|statements?|versions?|files?"
    r"|messages?|entries|texts?|logs?|minutes|books?|studies"
)
_SOURCE = rf"(?P<noun>{_NOUNS})"
_ITEM = r"[\w&'/() -]+?"
_TABLE = lazy_pattern(
    r"^(?:make|give|write|show|draw up|produce|create)(?: me)? (?:a|the) table of the (?P<fields>[\w&'/(), -]+?)"
    r" (?:of|for) (?:each of )?(?:these|the following) (?P<things>[\w ]{1,60}?): (?P<names>[^:?]+?)\.?$",
    re.IGNORECASE,
)
_VALUE = lazy_pattern(rf"^what (?:is|was) the (?P<fields>{_ITEM}) of (?P<names>[^?,]+)\?$", re.IGNORECASE)
_WHICH = lazy_pattern(
    rf"^(?:which|what) {_SOURCE} (?:tells|states|gives|says|names|has) the (?P<fields>{_ITEM}) of (?P<names>[^?,]+?)"
    r"(?: as it is| correctly| rightly)?\?$",
    re.IGNORECASE,
)
_COUNT = lazy_pattern(
    rf"^how many (?:different|distinct) (?:values|figures|answers) do (?:the|these) {_SOURCE} (?:state|give|name|tell|report) (?:for|of) "
    rf"the (?P<fields>{_ITEM}) of (?P<names>[^?,]+)\?$",
    re.IGNORECASE,
)
_ORDERS: tuple[tuple[Order, re.Pattern[str]], ...] = (
    (
        "latest",
        re.compile(
            rf"^the (?:latest|last|newest|most recent) (?:{_NOUNS}) (?:counts|is right|decides|wins|applies)(?:, by (?:its|the) date)?\.$",
            re.IGNORECASE,
        ),
    ),
    (
        "first",
        re.compile(
            rf"^the (?:earliest|first|oldest) (?:{_NOUNS}) (?:counts|is right|decides|wins|applies)(?:, by (?:its|the) date)?\.$",
            re.IGNORECASE,
        ),
    ),
    (
        "most",
        re.compile(
            rf"^(?:what|the value that) most (?:{_NOUNS}) (?:say|state|tell|give|agree on) (?:counts|is right|decides|applies)\.$",
            re.IGNORECASE,
        ),
    ),
)
_IGNORED = lazy_pattern(
    r"\b(?:do|does) not count\b|\b(?:is|are) (?:ignored|left out|not counted)\b|^(?:ignore|disregard|leave out|do not count)\b",
    re.IGNORECASE,
)
_EXCLUDED: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("hearsay", re.compile(r"\b(?:hearsay|rumou?rs?|gossip|guesses)\b", re.IGNORECASE)),
    (
        "planned",
        re.compile(r"\b(?:plans?|proposals?|wishes|intentions|what is (?:only )?planned)\b", re.IGNORECASE),
    ),
    (
        "denied",
        re.compile(
            rf"\b(?:what|values that) (?:another|a later|other|later) (?:{_NOUNS}) (?:calls?|names?|declares?) (?:a mistake|an error|mistaken|wrong)",
            re.IGNORECASE,
        ),
    ),
)
_GLUE = lazy_pattern(r"\b(?:and|or|nor|neither|does|do|so|also|too|all|any)\b|[,.;]", re.IGNORECASE)
_ANSWER = lazy_pattern(
    r"^(?:answer|reply|respond) with (?:the|its|this) (?:value|number|name|figure|date|word)s?\b[^?]*\.?$",
    re.IGNORECASE,
)
_CSV = lazy_pattern(
    r"^(?:answer|reply|respond) in csv with the columns (?P<columns>[^.]+?)(?:, where (?P<where>[^.?]+?))?(?:,? and nothing else)?\.?$",
    re.IGNORECASE,
)
_EXAMPLE = lazy_pattern(r"\b(?:such as|like|e\.g\.) (?P<example>[A-Z]{1,6}[-./ ]?\d{1,8})\b")
_LIST = lazy_pattern(r",\s*(?:and\s+)?|\s+and\s+")
_SOURCE_COLUMNS = frozenset({"source", "report", "document", "evidence"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceQuestion:
    """What a question asks of several sources.

    Attributes:
        wanted: a value, the source that tells it, how many values are told, or a table.
        fields: what is asked of each thing.
        names: of the things.
        order: which value counts.
        without: what does not count.
        columns: of a table, each ``thing``, ``source``, ``date`` or one of the fields, after the name that is shown.
        noun: what the sources are called, in the plural.
        numbered: how sources are numbered, as a regular expression; empty if the question does not say.
    """

    wanted: Wanted
    fields: tuple[str, ...]
    names: tuple[str, ...]
    order: Order
    without: frozenset[str]
    columns: tuple[tuple[str, str], ...] = ()
    noun: str = "texts"
    numbered: str = ""


@dataclass(slots=True)
class _Parts:
    asked: tuple[Wanted, re.Match[str]] | None = None
    order: Order | None = None
    without: set[str] = field(default_factory=set)
    form: re.Match[str] | None = None


def read_sources(question: str) -> SourceQuestion | None:
    """The question, if it is one about what several sources say, with a rule; else ``None``."""
    parts = _Parts()
    for sentence in _SENTENCE.split(question.strip()):
        if not _take(sentence.strip(), parts):
            return None
    if parts.asked is None or (parts.order is None and not parts.without):
        return None
    wanted, found = parts.asked
    if parts.order is None and wanted != "count":
        return None
    fields = tuple(each.strip() for each in _LIST.split(found["fields"]))
    names = (
        tuple(each.strip() for each in _LIST.split(found["names"]))
        if wanted == "table"
        else (found["names"].strip(),)
    )
    columns = _columns(parts.form, found["things"], fields) if wanted == "table" else ()
    if columns is None or not all((*fields, *names)) or (wanted != "table" and len(fields) > 1):
        return None
    return SourceQuestion(
        wanted=wanted,
        fields=fields,
        names=names,
        order=parts.order or "most",
        without=frozenset(parts.without),
        columns=columns,
        noun=_noun(question),
        numbered=_numbered(question),
    )


def _take(sentence: str, parts: _Parts) -> bool:
    """Whether a sentence is understood; it is noted in ``parts``."""
    forms: tuple[tuple[Wanted, re.Pattern[str]], ...] = (
        ("table", _TABLE),
        ("source", _WHICH),
        ("count", _COUNT),
        ("value", _VALUE),
    )
    for wanted, pattern in forms:
        if parts.asked is None and (found := pattern.match(sentence)):
            parts.asked = wanted, found
            return True
    for order, pattern in _ORDERS:
        if parts.order is None and pattern.match(sentence):
            parts.order = order
            return True
    if (form := _CSV.match(sentence)) or _ANSWER.match(sentence):
        parts.form = form or parts.form
        return True
    return _exclude(sentence, parts)


def _exclude(sentence: str, parts: _Parts) -> bool:
    if not _IGNORED.search(sentence):
        return False
    left = _IGNORED.sub(" ", sentence)
    for name, pattern in _EXCLUDED:
        if pattern.search(left):
            parts.without.add(name)
            left = pattern.sub(" ", left)
    return not _GLUE.sub(" ", left).strip()


def _columns(
    form: re.Match[str] | None, things: str, fields: tuple[str, ...]
) -> tuple[tuple[str, str], ...] | None:
    """Each column of the table: its name as it is shown, and what stands in it; ``None`` if one is not understood."""
    thing = things.split()[-1].removesuffix("s")
    if form is None:
        return ((thing, "thing"), *((each, each) for each in fields), ("source", "source"))
    shown = [each.strip() for each in _LIST.split(form["columns"])]
    found = []
    for each in shown:
        plain = each.casefold()
        if plain in (thing.casefold(), things.casefold(), "name"):
            found.append((each, "thing"))
        elif named := next((name for name in fields if name.casefold() == plain), ""):
            found.append((each, named))
        elif plain in _SOURCE_COLUMNS or plain == "date":
            found.append((each, "date" if plain == "date" else "source"))
        else:
            return None
    return tuple(found)


def _noun(question: str) -> str:
    found = re.search(rf"\b(?:{_NOUNS})\b", question, re.IGNORECASE)
    noun = found[0].lower() if found else "texts"
    return noun if noun.endswith("s") else f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"


def _numbered(question: str) -> str:
    """The form of an example such as R-1234, as a regular expression."""
    found = _EXAMPLE.search(question)
    if found is None:
        return ""
    letters, mark, digits = re.match(r"([A-Z]+)([-./ ]?)(\d+)", found["example"]).groups()  # type: ignore[union-attr]
    return rf"\b[A-Z]{{{len(letters)}}}{re.escape(mark)}\d{{{len(digits)}}}\b"
