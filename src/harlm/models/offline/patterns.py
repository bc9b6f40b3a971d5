"""Regular expressions that are compiled when they are first used. This model has a hundred of them and a question meets few:
compiling all takes longer than answering.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property


class Pattern:
    """What ``re.compile`` gives, later.

    Args:
        source, flags: as of ``re.compile``.
    """

    def __init__(self, source: str, flags: int = 0) -> None:
        self._source = source
        self._flags = flags

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self._source, self._flags)

    def search(self, text: str) -> re.Match[str] | None:
        """The first match."""
        return self._compiled.search(text)

    def match(self, text: str, start: int = 0) -> re.Match[str] | None:
        """The match that begins at ``start``."""
        return self._compiled.match(text, start)

    def finditer(self, text: str, start: int = 0, end: int | None = None) -> Iterator[re.Match[str]]:
        """All matches that do not overlap."""
        return self._compiled.finditer(text, start, len(text) if end is None else end)

    def findall(self, text: str) -> list[str]:
        """The texts of all matches, of a pattern with at most one group."""
        return self._compiled.findall(text)

    def sub(self, replacement: str, text: str) -> str:
        """``text`` with every match replaced."""
        return self._compiled.sub(replacement, text)
