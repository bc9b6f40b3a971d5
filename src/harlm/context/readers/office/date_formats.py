"""Dates and times as a sheet shows them. A day is written 2024-03-15 whatever the format, since that reads one way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from harlm.context.readers.office.format_codes import FormatToken

_DAYS_TO_1904 = 1462
_LAST_DAY = 2_958_465  # 31 December 9999
_LEAP_DAY = 60  # 29 February 1900, which Excel has and the calendar does not
_BEFORE_1900 = date(1899, 12, 31).toordinal()
_DAY_MS = 86_400_000
_MONTHS = "January February March April May June July August September October November December".split()
_WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_DAY_LETTERS = frozenset("ymdbega")
_UNITS_MS = {"h": 3_600_000, "m": 60_000, "s": 1_000}


class DateFormat:
    """Shows days and times by one section of a format.

    Args:
        tokens: the section; it has a date or elapsed token.
        from_1904: whether the epoch of the workbook is 1 January 1904.
    """

    def __init__(self, tokens: Sequence[FormatToken], *, from_1904: bool = False) -> None:
        self._tokens = _with_minutes(tokens)
        self._from_1904 = from_1904
        self._is_elapsed = any(token.kind == "elapsed" for token in tokens)
        parts = [token.text for token in self._tokens if token.kind == "date" and token.text != "am/pm"]
        letters = {part[0] for part in parts}
        self._days = [part for part in parts if part[0] in _DAY_LETTERS]
        self._has_clock = not letters.isdisjoint("hns")
        self._has_seconds = "s" in letters
        self._digits = min(
            sum(token.kind == "digit" for token in tokens), 3
        )  # after the seconds, as in ss.00
        self._step = (1000, 100, 10, 1)[self._digits]

    def show(self, days: float) -> str | None:
        """The date, time or elapsed time that a number of days since the epoch means.

        Returns:
            ``2024-03-15``, ``2024-03-15 14:30``, ``14:30:05``, ``2:30 PM``, ``30:00``, or ``None`` if there is no
            such moment, for which Excel shows ``####``.
        """
        if abs(days) >= _LAST_DAY + 1 or (days < 0 and not self._is_elapsed):
            return None
        ms = round(abs(days) * _DAY_MS / self._step) * self._step
        if self._is_elapsed:
            return ("-" if days < 0 else "") + _elapsed(ms, self._tokens)
        day, ms = divmod(ms, _DAY_MS)
        if not self._days:
            return _clock(ms, self._tokens)
        if day == 0 and not self._from_1904:  # a time of day, or nothing, in a cell that is made for dates
            return _time(ms, seconds=ms % 60_000 != 0) if ms else "0"
        if not self._has_clock:
            return self._day(int(days))
        fraction = f".{ms % 1000:03}"[: self._digits + 1] if self._digits and self._has_seconds else ""
        return f"{self._day(day)} {_time(ms, seconds=self._has_seconds)}{fraction}"

    def _day(self, day: int) -> str:
        if not self._from_1904 and day == _LEAP_DAY:
            return "1900-02-29"
        since = day + _DAYS_TO_1904 - 1 if self._from_1904 else day if day < _LEAP_DAY else day - 1
        if since > _LAST_DAY - 1:
            return str(day)
        moment = date.fromordinal(_BEFORE_1900 + since)
        if all(part[0] in "yeb" for part in self._days):
            return str(moment.year)
        if all(part[0] in "da" and len(part) > 2 for part in self._days):
            return _WEEKDAYS[moment.weekday()]
        if all(part[0] == "m" and len(part) > 2 for part in self._days):
            return _MONTHS[moment.month - 1]
        return moment.isoformat()


def _with_minutes(tokens: Sequence[FormatToken]) -> list[FormatToken]:
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
            found[at] = FormatToken("date", "n" * len(text))
    return found


def _time(ms: int, *, seconds: bool) -> str:
    hours, rest = divmod(ms // 1000, 3600)
    shown = f"{hours:02}:{rest // 60:02}"
    return f"{shown}:{rest % 60:02}" if seconds else shown


def _clock(ms: int, tokens: Sequence[FormatToken]) -> str:
    """A time of day in the form of its format."""
    hours, rest = divmod(ms // 1000, 3600)
    halves = any(token.text == "am/pm" for token in tokens)
    values = {"h": (hours + 11) % 12 + 1 if halves else hours, "n": rest // 60, "s": rest % 60}
    return _filled(tokens, values, ms, "AM" if hours < 12 else "PM")


def _elapsed(ms: int, tokens: Sequence[FormatToken]) -> str:
    """The hours, minutes or seconds in all, then what remains in smaller units."""
    unit = next(token.text[0] for token in tokens if token.kind == "elapsed")
    values = {"n": ms // 60_000 % 60, "s": ms // 1000 % 60, unit: ms // _UNITS_MS[unit]}
    return _filled(tokens, values, ms, "")


def _filled(tokens: Sequence[FormatToken], values: dict[str, int], ms: int, noon: str) -> str:
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
