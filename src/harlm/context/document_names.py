"""What documents are called. Knows how to make a name that can be shown and sent, and tell it apart from the others;
refuses to know where names come from.
"""

from __future__ import annotations

import re
from collections import Counter

from harlm.types import without_surrogates

_UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\udc80-\udcff]")
"""What steers a terminal, ends a line, turns the direction of writing, or is a byte of a file name that is not UTF-8."""


def shown_name(name: str) -> str:
    """``name`` with ``%0A`` for a line end, ``%FF`` for a byte that is not UTF-8, and so on; most names stay as they are."""
    return name if name.isprintable() else without_surrogates(_UNSHOWN.sub(_percent, name))


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match.group().encode("utf-8", "surrogateescape"))


class OwnNames:
    """Gives every document a name of its own: ``a (2).txt`` to the second ``a.txt``."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._asked: Counter[str] = Counter()

    def __contains__(self, name: object) -> bool:
        return name in self._taken

    def own(self, name: str) -> str:
        """``name``, or what it becomes when it is taken. Takes it."""
        own = name
        while own in self._taken:
            self._asked[name] += 1
            own = _numbered(name, self._asked[name] + 1)
        self._taken.add(own)
        return own


def _numbered(name: str, number: int) -> str:
    """The number stands before the suffixes, which say what kind of document it is."""
    folder, slash, file = name.rpartition("/")
    stem, dot, suffixes = file.partition(".")
    return f"{folder}{slash}{stem} ({number}){dot}{suffixes}" if stem else f"{name} ({number})"
