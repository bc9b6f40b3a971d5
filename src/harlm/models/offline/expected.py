"""The kind of thing that a question asks for, by its wording: a number, a date, a person, a reason, …"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from harlm.patterns import lazy_pattern
from harlm.retrieval.terms import content_terms

Kind = Literal["number", "date", "person", "place", "name", "reason", "manner", "code", "path", "phrase"]

_ASKING = lazy_pattern(r"\b(who|whom|whose|when|where|why|how|what|which)\b(?:['’]s)?", re.IGNORECASE)
_LATER = lazy_pattern(r",\s+(?:\w+\s+){0,3}?(who|whom|whose|where|why|how|what|which)\b", re.IGNORECASE)

_QUANTITY = lazy_pattern(
    r"(?:many|much|old|tall|high|deep|long|far|wide|thick|big|large|heavy|fast|hot|cold|often|close|near|strong|expensive|"
    r"few|small|short)\b",
    re.IGNORECASE,
)
_NOUNS: tuple[tuple[Kind, int, str], ...] = (
    ("reason", 1, "reasons?|causes?|caused|led to|made|prompted|purpose"),
    ("date", 1, "years?|dates?|days?|months?|centur(?:y|ies)|decades?|eras?|seasons?|time of"),
    (
        "number",
        2,
        "number|percentage|percent|proportion|fraction|share|amount|population|price|cost|size|length|height|width|"
        "depth|weight|speed|temperature|score|age|distance|rate|total|sum|salary|value|port|limit|maximum|minimum|"
        "quantity|ratio|diameter|capacity|budget|frequency|portion",
    ),
    ("path", 1, "files?|paths?|director(?:y|ies)|folders?|scripts?"),
    (
        "code",
        1,
        "functions?|methods?|variables?|constants?|exceptions?|decorators?|arguments?|parameters?|macros?|modules?|"
        "packages?|imports?|flags?|options?|commands?",
    ),
    (
        "place",
        2,
        "city|cities|towns?|villages?|country|countries|states?|provinces?|county|regions?|rivers?|lakes?|seas?|oceans?|"
        "islands?|continents?|mountains?|peaks?|streets?|places?|locations?|districts?|ports?|capitals?|buildings?|"
        "houses?|nations?|neighbou?rhoods?|squares?|deserts?|valleys?|coasts?|sites?",
    ),
    (
        "person",
        2,
        "person|man|woman|men|women|authors?|writers?|scientists?|engineers?|kings?|queens?|emperors?|presidents?|"
        "ministers?|generals?|leaders?|scholars?|astronomers?|architects?|doctors?|physicians?|mathematicians?|poets?|"
        "artists?|players?|actors?|inventors?|explorers?|chemists?|physicists?|envoys?|commanders?|sultans?|popes?|"
        "bishops?|judges?|directors?|composers?|singers?|historians?|geologists?|biologists?|students?|teachers?",
    ),
    (
        "name",
        2,
        "company|companies|firms?|organi[sz]ations?|teams?|universit(?:y|ies)|schools?|newspapers?|magazines?|bands?|"
        "groups?|party|parties|body|bodies|church|army|family|languages?|religion|books?|films?|songs?|ships?|"
        "treaty|treaties|acts?|laws?|awards?|prizes?|brands?|products?|names?|journals?|agreement|dynasty",
    ),
)
"""The nouns after *what* or *which*: the kind that they ask for, and how many words may precede them."""

_AFTER_WHAT = tuple(
    (kind, lazy_pattern(rf"^(?:[\w'’-]+\s+){{0,{before}}}?(?:{words})\b", re.IGNORECASE))
    for kind, before, words in _NOUNS
)
_HEAD = lazy_pattern(
    r"(?:(?:type|kind|sort|form|name|part|piece|number)s?\s+of\s+)?((?:[\w'’-]+\s+){0,3}?[\w'’-]+)",
    re.IGNORECASE,
)
_UNIT = lazy_pattern(r"(?:many|much)\s+((?:[\w'’-]+\s+)?[\w'’-]+)", re.IGNORECASE)
_NOT_A_HEAD = frozenset(
    """is was are were did do does has have had can could will would should might may must be been being the a an of in
    on at to for by with happened happens made makes caused causes led gave gives took takes came comes became becomes
    kept keeps said says let lets helped kind type sort form""".split()
)


@dataclass(frozen=True, slots=True)
class Expected:
    """What an answer should look like.

    Attributes:
        kind: the kind of thing.
        head: the stems of the noun that is asked for (``river`` in *which river*) or of the unit (``miles``
            in *how many miles*); empty if there is neither.
    """

    kind: Kind
    head: frozenset[str] = frozenset()


def expected_answer(question: str) -> Expected:
    """What ``question`` asks for; a phrase if its wording does not say."""
    asking = (
        _LATER.search(question)
        if re.match(r"\W*(?:when|where|while|if)\b", question, re.IGNORECASE)
        else None
    )
    asking = asking or _ASKING.search(question)
    if asking is None:
        return Expected("phrase")
    word, rest = asking[1].lower(), question[asking.end() :].lstrip()
    match word:
        case "who" | "whom" | "whose":
            return Expected("person")
        case "when":
            return Expected("date")
        case "where":
            return Expected("place")
        case "why":
            return Expected("reason")
        case "how":
            unit = _UNIT.match(rest)
            return Expected("number", _stems(unit[1])) if unit else Expected(_kind_after_how(rest))
    head = _HEAD.match(rest)
    kind: Kind = next((kind for kind, pattern in _AFTER_WHAT if pattern.match(rest)), "phrase")
    return Expected(kind, _stems(head[1]) if head else frozenset())


def _kind_after_how(rest: str) -> Kind:
    if _QUANTITY.match(rest):
        return "number"
    return "manner"


def _stems(phrase: str) -> frozenset[str]:
    """The stems of the leading words of a phrase, up to the first that cannot belong to a noun."""
    words: list[str] = []
    for word in phrase.split():
        if word.lower() in _NOT_A_HEAD:
            break
        words.append(word)
    return frozenset(content_terms(" ".join(words))) if words else frozenset()
