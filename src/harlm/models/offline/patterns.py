"""Regular expressions that are compiled on first use. The offline model has a hundred of them and a question
needs few: compiling all of them takes longer than answering.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property


class Pattern:
    """A regular expression that is compiled on first use. Methods are those of ``re.Pattern``.

    Args:
        source: the pattern, as for ``re.compile``.
        flags: as for ``re.compile``.
    """

    def __init__(self, source: str, flags: int = 0) -> None:
        self._source = source
        self._flags = flags

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self._source, self._flags)

    def search(self, text: str) -> re.Match[str] | None:
        """The first match; None if there is none."""
        return self._compiled.search(text)

    def match(self, text: str, start: int = 0) -> re.Match[str] | None:
        """The match that begins at ``start``; None if there is none."""
        return self._compiled.match(text, start)

    def finditer(self, text: str, start: int = 0, end: int | None = None) -> Iterator[re.Match[str]]:
        """All matches between ``start`` and ``end``; they do not overlap."""
        return self._compiled.finditer(text, start, len(text) if end is None else end)

    def findall(self, text: str) -> list[str]:
        """The texts of all matches, of a pattern with at most one group."""
        return self._compiled.findall(text)

    def sub(self, replacement: str, text: str) -> str:
        """``text`` with every match replaced."""
        return self._compiled.sub(replacement, text)
