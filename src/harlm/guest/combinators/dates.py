"""Finds the date of a text: the first one that is written out near its beginning."""

from __future__ import annotations

import re

_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_NAME = rf"(?P<month>{'|'.join(_MONTHS)}|{'|'.join(sorted({each[:3] for each in _MONTHS} | {'sept'}))})\.?"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        r"\b(?P<year>\d{4})-(?P<number>\d{2})-(?P<day>\d{2})(?!\d)",
        rf"\b{_NAME}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})\b",
        rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?\s+(?:of\s+)?{_NAME},?\s+(?P<year>\d{{4}})\b",
    )
)
_BEGINNING = 600  # characters in which a text tells its date


def date_of(text: str) -> str:
    """The first date in the beginning of a text, as YYYY-MM-DD; empty if there is none. Dates in digits alone, such as 5/6/2023, are
    not taken: they mean two days.
    """
    found = [each for form in _FORMS if (each := form.search(text, 0, _BEGINNING))]
    if not found:
        return ""
    first = min(found, key=lambda each: each.start()).groupdict()
    month = int(first["number"]) if first.get("number") else _month(first["month"])
    day = int(first["day"])
    return f"{first['year']}-{month:02}-{day:02}" if 1 <= month <= 12 and 1 <= day <= 31 else ""


def _month(name: str) -> int:
    return next(at for at, each in enumerate(_MONTHS, 1) if each.startswith(name.casefold()[:3]))
