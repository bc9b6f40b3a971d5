"""Finds a quote in a document: in the part that a citation names, or else near to it."""

from __future__ import annotations

from harlm.context.named_parts import Meant
from harlm.context.quotes import Span, Steps, Typeset, first_at, last_before
from harlm.types import Document

_PLAIN_KINDS = frozenset({"code", "csv", "json"})
"""Kinds of documents in which ``*`` and ``_`` are no emphasis."""


class QuoteFinder:
    """Looks for quotes in one document.

    Args:
        document: whose text is searched.
        typeset: finds quotes that are typeset in another way.
    """

    def __init__(self, document: Document, typeset: Typeset) -> None:
        self._text = document.text
        self._typeset = typeset
        self._is_marked = document.kind not in _PLAIN_KINDS

    def find(self, quote: str, meant: Meant) -> Steps[Span | None]:
        """The span of a quote.

        If the place can mean several parts, the quote must stand in one of them only; if it does not exist under its
        name, the quote must stand in the document once.
        """
        inside: list[Span] = []
        for start, end in meant.spans:
            span = yield from self._inside(quote, start, end)
            if span is not None:
                inside.append(span)
        if inside:
            return inside[0] if len(inside) == 1 else None
        start, end = meant.spans[0] if meant.spans else (0, 0)
        for look in (self._nearest, self.typeset, self._elided):
            span = yield from look(quote, start, end)
            if span is not None:
                is_doubtful = meant.is_wrong and (
                    yield from self._inside(quote, span[0] + 1, len(self._text))
                )
                return None if is_doubtful else span
        return None

    def exact(self, quote: str) -> Steps[Span | None]:
        """The span of the first occurrence of a quote as it is."""
        start = yield from first_at(self._text, quote)
        return None if start < 0 else (start, start + len(quote))

    def typeset(self, quote: str, start: int = 0, end: int = 0) -> Steps[Span | None]:
        """The span of a quote that may be typeset in another way, near to ``text[start:end]``."""
        return (
            yield from self._typeset.near(self._text, _bare(quote), start, end, is_marked=self._is_marked)
        )

    def _inside(self, quote: str, start: int, end: int) -> Steps[Span | None]:
        """The first occurrence that begins in ``text[start:end]``."""
        if (at := self._text.find(quote, start, min(len(self._text), end + len(quote) - 1))) >= 0:
            return at, at + len(quote)
        return (
            yield from self._typeset.within(self._text, _bare(quote), start, end, is_marked=self._is_marked)
        )

    def _nearest(self, quote: str, start: int, end: int) -> Steps[Span | None]:
        """The occurrence as it is that is nearest to ``text[start:end]``."""
        after = yield from first_at(self._text, quote, start)
        before = -1 if start <= after < end else (yield from last_before(self._text, quote, start))
        places = [at for at in (before, after) if at >= 0]
        if not places:
            return None
        nearest = min(places, key=lambda at: (not start <= at < end, abs(at - start)))
        return nearest, nearest + len(quote)

    def _elided(self, quote: str, start: int, end: int) -> Steps[Span | None]:
        """A quote in which dots stand for what was left out."""
        return (yield from self._typeset.elided(self._text, _bare(quote), start, is_marked=self._is_marked))


def _bare(quote: str) -> str:
    """A quote without the backticks around it."""
    bare = quote.strip("`").strip()
    return bare if bare and quote[0] == quote[-1] == "`" else quote
