"""Dates and times as a sheet shows them. A day is written 2024-03-15 whatever the format, since that reads one way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from harlm.context.readers.office.format_codes import Token

_DAYS_TO_1904 = 1462
_LAST_DAY = 2_958_465  # 31 December 9999
_LEAP_DAY = 60  # 29 February 1900, which Excel has and the calendar does not
_DAY_MS = 86_400_000
_MONTHS = "January February March April May June July August September October November December".split()
_WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_DAY_LETTERS, _CLOCK_LETTERS = frozenset("ymdbega"), frozenset("hs")
_UNITS_MS = {"h": 3_600_000, "m": 60_000, "s": 1_000}


def shown_date(days: float, tokens: Sequence[Token], *, from_1904: bool = False) -> str | None:
    """The date, time or elapsed time that a number of days means.

    Args:
        days: the value of the cell: days since the epoch of the workbook.
        tokens: the section of the format that applies; it has a date or elapsed token.
        from_1904: whether the epoch is 1 January 1904.

    Returns:
        ``2024-03-15``, ``2024-03-15 14:30``, ``14:30:05``, ``2:30 PM``, ``30:00``, or ``None`` if there is no
        such moment, for which Excel shows ``####``.
    """
    tokens = _with_minutes(tokens)
    if any(token.kind == "elapsed" for token in tokens):
        return _elapsed(days, tokens) if abs(days) <= _LAST_DAY else None
    if not 0 <= days < _LAST_DAY + 1:
        return None
    letters = {token.text[0] for token in tokens if token.kind == "date" and token.text != "am/pm"}
    has_day = not letters.isdisjoint(_DAY_LETTERS)
    clock = [token for token in tokens if token.text[:1] in _CLOCK_LETTERS or token.kind != "date"]
    has_clock = any(token.kind == "date" for token in clock) or "n" in letters
    ms = _rounded_ms(days, tokens)
    day, ms = divmod(ms, _DAY_MS)
    if not has_day:
        return _clock(ms, tokens)
    if day == 0 and not from_1904:  # a time of day, or nothing, in a cell that is made for dates
        return _time(ms, seconds=ms % 60_000 != 0) if ms else "0"
    shown = _day(day, tokens, from_1904=from_1904)
    if not has_clock:
        return shown
    seconds = "s" in letters
    return f"{shown} {_time(ms, seconds=seconds)}{_fraction(ms, tokens) if seconds else ''}"


def _with_minutes(tokens: Sequence[Token]) -> list[Token]:
    """The tokens with ``n`` for minutes: an ``m`` after hours or before seconds."""
    timed = [
        at for at, token in enumerate(tokens) if token.kind in ("date", "elapsed") and token.text != "am/pm"
    ]
    found = list(tokens)
    for place, at in enumerate(timed):
        before = tokens[timed[place - 1]].text[0] if place else ""
        after = tokens[timed[place + 1]].text[0] if place + 1 < len(timed) else ""
        text = tokens[at].text
        if tokens[at].kind == "date" and text[0] == "m" and len(text) < 3 and (before == "h" or after == "s"):
            found[at] = Token("date", "n" * len(text))
    return found


def _rounded_ms(days: float, tokens: Sequence[Token]) -> int:
    """Milliseconds, rounded to the seconds or their fraction that the format shows."""
    digits = min(len(_fraction_tokens(tokens)), 3)
    step = (1000, 100, 10, 1)[digits]
    return round(days * _DAY_MS / step) * step


def _fraction_tokens(tokens: Sequence[Token]) -> list[int]:
    """The places of the digits after the seconds, as in ``ss.00``."""
    return [at for at, token in enumerate(tokens) if token.kind == "digit"]


def _fraction(ms: int, tokens: Sequence[Token]) -> str:
    digits = min(len(_fraction_tokens(tokens)), 3)
    return f".{ms % 1000:03}"[: digits + 1] if digits else ""


def _day(day: int, tokens: Sequence[Token], *, from_1904: bool) -> str:
    if not from_1904 and day == _LEAP_DAY:
        return "1900-02-29"
    moment = date(1899, 12, 31) + timedelta(days=day + _DAYS_TO_1904 - 1) if from_1904 else _from_1900(day)
    parts = [token.text for token in tokens if token.kind == "date" and token.text[0] in _DAY_LETTERS]
    if all(part[0] in "yeb" for part in parts):
        return str(moment.year)
    if all(part[0] in "da" and len(part) > 2 for part in parts):
        return _WEEKDAYS[moment.weekday()]
    if all(part[0] == "m" and len(part) > 2 for part in parts):
        return _MONTHS[moment.month - 1]
    return moment.isoformat()


def _from_1900(day: int) -> date:
    return date(1899, 12, 31) + timedelta(days=day if day < _LEAP_DAY else day - 1)


def _time(ms: int, *, seconds: bool) -> str:
    hours, rest = divmod(ms // 1000, 3600)
    shown = f"{hours:02}:{rest // 60:02}"
    return f"{shown}:{rest % 60:02}" if seconds else shown


def _clock(ms: int, tokens: Sequence[Token]) -> str:
    """A time of day in the form of its format."""
    hours, rest = divmod(ms // 1000, 3600)
    halves = any(token.text == "am/pm" for token in tokens)
    values = {"h": (hours + 11) % 12 + 1 if halves else hours, "n": rest // 60, "s": rest % 60}
    return _filled(tokens, values, ms, "AM" if hours < 12 else "PM")


def _elapsed(days: float, tokens: Sequence[Token]) -> str:
    """The hours, minutes or seconds in all, then what remains in smaller units."""
    sign = "-" if days < 0 else ""
    ms = _rounded_ms(abs(days), tokens)
    unit = next(token.text[0] for token in tokens if token.kind == "elapsed")
    whole, rest = divmod(ms, _UNITS_MS[unit])
    values = {unit: whole, "n": rest // 60_000 % 60, "s": rest // 1000 % 60}
    if unit == "s":
        values = {"s": whole}
    return sign + _filled(tokens, values, ms, "")


def _filled(tokens: Sequence[Token], values: dict[str, int], ms: int, noon: str) -> str:
    digits = iter(f"{ms % 1000:03}".ljust(len(tokens), "0"))
    pieces: list[str] = []
    for token in tokens:
        if token.text == "am/pm":
            pieces.append(noon)
        elif token.kind in ("date", "elapsed"):
            pieces.append(str(values.get(token.text[0], 0)).zfill(min(len(token.text), 2)))
        elif token.kind == "digit":
            pieces.append(next(digits))
        elif token.kind in ("text", "point", "comma", "slash"):
            pieces.append(token.text)
    return "".join(pieces).strip()
