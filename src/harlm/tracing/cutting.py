"""Cuts the fields of an event to a bounded length, so that no event costs more than a bound, whatever a cell, a
reply or a document put into it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass, replace
from typing import Any, cast

import msgspec

from harlm.events import Answered, Event
from harlm.patterns import lazy_pattern
from harlm.redact import Redactor

LONG = 1 << 20
"""Characters of a text, such as a reply, a prompt or the output of a cell."""

SHORT = 16_000
"""Characters of any other field: queries, names, errors, notes."""

WHOLE = 1 << 21
"""Characters of all fields of one event together."""

_CUT = lazy_pattern(r"… \[cut: [\d,]+ characters\]\Z")
_ITEMS = 10_000  # of a list
_WORD = 64  # characters of a text that is never cut: a role, a mode, a status
_TEXTS = frozenset({"question", "messages", "text", "thoughts", "code", "output"})
_NUMBERS = (int, float, bool, type(None))


class Cutter:
    """Cuts events.

    Args:
        redactor: knows the secrets, of which none is cut in two: the half that is left would not be hidden.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor

    def cut(self, event: Event, most: int = WHOLE) -> Event:
        """``event`` with at most ``most`` characters; the answer of a run is never cut.

        A text that was cut ends with its true length.
        """
        if isinstance(event, Answered):
            return event
        changed: dict[str, object] = {}
        for name in event.__struct_fields__:
            value = getattr(event, name)
            if type(value) in _NUMBERS:
                continue
            limit = min(most, LONG if name in _TEXTS else SHORT)
            fitting, used = self._fit(value, limit if isinstance(value, str) else most, limit)
            most = max(0, most - used)
            if fitting is not value:
                changed[name] = fitting
        return msgspec.structs.replace(event, **changed) if changed else event

    def _fit(self, value: object, room: int, longest: int) -> tuple[object, int]:
        """``value`` in at most ``room`` characters, each text in at most ``longest``; and how many it has."""
        match value:
            case str():
                fitting = self._fit_text(value, min(room, longest))
                return fitting, len(fitting)
            case tuple() | list():
                return self._fit_items(value, room, longest)
            case Mapping():
                items, used = self._fit_items(tuple(value.items()), room, longest)
                return (value, used) if items == tuple(value.items()) else (dict(cast(Any, items)), used)
            case msgspec.Struct():
                return self._fit_fields(
                    value, value.__struct_fields__, msgspec.structs.replace, room, longest
                )
            case _ if is_dataclass(value):
                return self._fit_fields(value, value.__dataclass_fields__, replace, room, longest)
        return value, 8

    def _fit_text(self, text: str, room: int) -> str:
        if len(text) <= max(room, _WORD):
            return text
        return f"{text[: self._redactor.end_outside(text, room)]}… [cut: {len(text):,} characters]"

    def _fit_items(
        self, items: tuple[object, ...] | list[object], room: int, longest: int
    ) -> tuple[object, int]:
        kept: list[object] = []
        used = 0
        for item in items[:_ITEMS]:
            if used >= room:
                break
            fitting, size = self._fit(item, room - used, longest)
            kept.append(fitting)
            used += size
        if len(kept) == len(items) and all(map(_is, kept, items)):
            return items, used
        return tuple(kept), used

    def _fit_fields(
        self, value: Any, names: Any, replaced: Any, room: int, longest: int
    ) -> tuple[object, int]:
        changed: dict[str, object] = {}
        used = 0
        for name in names:
            each = getattr(value, name)
            fitting, size = self._fit(each, max(0, room - used), longest)
            used += size
            if fitting is not each:
                changed[name] = fitting
        return (replaced(value, **changed) if changed else value), used


def was_cut(text: str) -> bool:
    """Whether a text ends like one that was cut."""
    return _CUT.search(text) is not None


def _is(one: object, other: object) -> bool:
    return one is other
