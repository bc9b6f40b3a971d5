"""The form that a question asks its answer to have, by its wording, and whether an answer has it.

Only what can be decided by the form itself: a number, a date, a name, yes or no, a list. A question that leaves the form
open has none, and a wording of another language is not read.
"""

from __future__ import annotations

import re
from typing import Literal

from harlm.patterns import lazy_pattern

Form = Literal["number", "date", "name", "yes or no", "list"]
"""What an answer has to be: a number, a date or a part of one, a name, yes or no, several things."""

_READ = 2_000  # characters of a question or an answer whose wording counts
_ONE_THING = 120  # characters of a list with one entry
_MOST_NAME_WORDS = 40  # of an answer in which a name is looked for
_SHORT_NAME = 3  # words of an answer that may be nothing but a name

_YES_NO = lazy_pattern(
    r"^(?:(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might|must)\b(?!.*\bor\b)"
    r"|answer (?:with )?yes or no\b)",
    re.IGNORECASE | re.DOTALL,
)
_LIST = lazy_pattern(r"^(?:please )?(?:list|name|enumerate|give) (?:all|every|each|the)\b", re.IGNORECASE)
_NUMBER = lazy_pattern(
    r"\bhow (?:many|much|often|old|long|tall|high|deep|far|wide|large|big|heavy|fast)\b"
    r"|\b(?:what|which) (?:is |was |are )?(?:the |its |their )?(?:\w+ ){0,2}?"
    r"(?:number|count|total|sum|average|mean|median|percentage|share|ratio|amount|price|cost|port|population) (?:of|for|in|did|was|is)\b",
    re.IGNORECASE,
)
_DATE = lazy_pattern(
    r"^when\b|\b(?:what|which|in what|in which) (?:year|date|day|month|decade|century)\b", re.IGNORECASE
)
_NAME = lazy_pattern(
    r"^(?:who|whose)\b|\bwhat is the name of\b|^what (?:is|was) \w+(?: \w+){0,2}'s name\b", re.IGNORECASE
)
_ASKED: tuple[tuple[Form, re.Pattern[str]], ...] = (
    ("list", _LIST),
    ("number", _NUMBER),
    ("date", _DATE),
    ("name", _NAME),
    ("yes or no", _YES_NO),
)

_BRACKETS = lazy_pattern(r"\[[^\[\]]{0,300}\]")
_DIGITS = lazy_pattern(r"\d")
_NUMBER_WORD = lazy_pattern(
    r"\b(?:zero|none|no|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?|thousands?|millions?|"
    r"billions?|twice|once|half)\b",
    re.IGNORECASE,
)
_DATED = lazy_pattern(
    r"\b\d{3,4}\b|\b\d{1,2}[./-]\d{1,2}\b|\bcentury\b|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\b(?:today|yesterday|tomorrow)\b"
    r"|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\b|\b(?:spring|summer|autumn|fall|winter)\b",
    re.IGNORECASE,
)
_SAID = lazy_pattern(r"^\W*(?:(?:the )?answer(?: is)?\W*)?(?:yes|no|true|false)\b", re.IGNORECASE)
_SEVERAL = lazy_pattern(r"[,;\n]|\band\b|^[ \t]{0,20}(?:[-*•]|\d+[.)])\s", re.IGNORECASE | re.MULTILINE)
_CAPITAL = lazy_pattern(r"[\"'“‘(*_]*(?:[A-Z\u00c0-\u00de]|[^\x00-\u024f]|[a-z]+[A-Z])")


def asked_form(question: str) -> Form | None:
    """The form that a question asks for; ``None`` if its wording leaves it open."""
    words = question.strip()[:_READ]
    return next((form for form, pattern in _ASKED if pattern.search(words)), None)


def has_form(form: Form, text: str, data: object = None) -> bool:
    """Whether an answer has a form.

    Args:
        form: what was asked for.
        text: the answer. Places of citations do not count.
        data: the value that the model finished with, if it was not a string.
    """
    if data is not None and (known := _data_has(form, data)) is not None:
        return known
    said = _BRACKETS.sub(" ", text[:_READ]).strip()
    match form:
        case "number":
            return bool(_DIGITS.search(said) or _NUMBER_WORD.search(said))
        case "date":
            return bool(_DATED.search(said))
        case "yes or no":
            return bool(_SAID.search(said))
        case "list":
            return bool(_SEVERAL.search(said)) or 0 < len(said) <= _ONE_THING
        case "name":
            words = said.split()[:_MOST_NAME_WORDS]
            # The first word of a sentence is written with a capital, whatever it is.
            return any(_CAPITAL.match(word) for word in (words if len(words) <= _SHORT_NAME else words[1:]))


def _data_has(form: Form, data: object) -> bool | None:
    """Whether a value has a form; ``None`` if that cannot be told by its type."""
    match data:
        case bool():
            return form == "yes or no"
        case int() | float():
            return form == "number" or (form == "date" and isinstance(data, int))
        case list() | tuple():
            return form == "list"
        case dict():
            return form == "list"
    return None
