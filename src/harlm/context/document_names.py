"""Names of documents: safe to show and to send, and unique. Does not depend on where the names come from."""

from __future__ import annotations

from collections import Counter

from harlm.patterns import lazy_pattern
from harlm.types import without_surrogates
from harlm.visible import made_visible

_UNSHOWN = lazy_pattern("[\n\t\udc80-\udcff]")
"""What a name may not hold besides what is hidden in any text: line ends, tabs, bytes that are not UTF-8."""


def shown_name(name: str) -> str:
    """``name`` with its unsafe characters percent-encoded; most names do not change.

    For example ``%0A`` stands for a line end, and ``%FF`` for a byte that is not UTF-8.
    """
    if name.isprintable():
        return name
    visible = made_visible(name, _percent)
    return without_surrogates(_UNSHOWN.sub(lambda found: _percent(found[0]), visible))


def _percent(letter: str) -> str:
    return "".join(f"%{byte:02X}" for byte in letter.encode("utf-8", "surrogateescape"))


class OwnNames:
    """Gives every document a unique name: the second ``a.txt`` becomes ``a (2).txt``."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._asked: Counter[str] = Counter()

    def __contains__(self, name: object) -> bool:
        return name in self._taken

    def own(self, name: str) -> str:
        """``name``, or ``name`` with a number if it is taken. The result counts as taken from now on."""
        own = name
        while own in self._taken:
            self._asked[name] += 1
            own = _numbered(name, self._asked[name] + 1)
        self._taken.add(own)
        return own


def _numbered(name: str, number: int) -> str:
    """``name`` with a number before its suffixes, which tell the kind of the document."""
    folder, slash, file = name.rpartition("/")
    stem, dot, suffixes = file.partition(".")
    return f"{folder}{slash}{stem} ({number}){dot}{suffixes}" if stem else f"{name} ({number})"
