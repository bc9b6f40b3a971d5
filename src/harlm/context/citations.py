"""Verifies the citations that a model wrote in brackets: each quote must occur in the text, at its place if it names one.

The notation is ``[source:place "quote"]``. The place or the quote may be missing, the quote is written like a
JSON string, and a quoted sentence right before the bracket counts as the quote. A quote may be typeset in another way
than the text, which is what the citation then shows. A bracket that cannot be verified is removed and counted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from harlm.context.brackets import Bracket, brackets
from harlm.context.named_documents import DocumentsByName
from harlm.context.named_parts import NOWHERE, Meant, NamedParts
from harlm.context.place_names import Where, splits, where
from harlm.context.quote_finder import QuoteFinder
from harlm.context.quotes import Span, Steps, Typeset
from harlm.patterns import lazy_pattern
from harlm.types import Citation, Context, Document

T = TypeVar("T")

_LOOKS_LIKE_SOURCE = lazy_pattern(
    r"""[\w)>]\.\w{1,5}(?:[:：#]|,?\s(?:lines?|l\.|pp?\.|pages?|rows?|§)\s?\d|$)|^<[^<>]+>(?::|$)""",
    re.IGNORECASE,
)
_BEFORE = lazy_pattern(r"""["“„«「](?P<quote>[^"“”„«»「」\n]{3,600})["”“»」][\s,.;:]*$""")
_SINGLE = lazy_pattern(r"(?<=[\s:,\d])['‘`]")
_LEAD = lazy_pattern(r"(?:see|cf\.?|source|quelle|file|from|in)(?:\s*:\s*|\s+)", re.IGNORECASE)
_SEVERAL = lazy_pattern(r"[;,]\s++|[；、]|(?<=\s)(?:and|und|et|&)\s++")
_MOST_IN_ONE = 20  # places that one bracket names
_UNMARKED = str.maketrans("", "", "*`")
_TRAIL = " \t:,;.–—-|："
_SPOKEN = 1_000  # characters before a bracket that may hold its quote
_UNIQUE = 24  # characters; a shorter quote is not searched for in other documents
_LONGEST_LINE = 300
_LINE = lazy_pattern(r"\S[^\n]*+")
_LONGEST_HEAD = 400  # characters of a head that may name a place
_MOST_PLACES = 2_000  # heads of one answer that are read as places
_MOST_SEARCHES = 50  # in one answer, of all documents, for quotes that are not in the named one
_AT_ONCE = 64  # brackets that are looked at in one step


@dataclass(frozen=True, slots=True)
class Cited:
    """A text whose brackets were checked.

    Attributes:
        text: the text, with ``[source:place]`` for each verified citation.
        citations: the verified citations in order of first use, each once.
        dropped: the number of citations that could not be verified and were removed.
    """

    text: str
    citations: tuple[Citation, ...]
    dropped: int


def cite(text: str, context: Context) -> Cited:
    """Check every citation in ``text`` against ``context``."""
    return _at_once(citing(text, context))[1]


def cite_value(value: object, context: Context) -> tuple[object, Cited]:
    """Check every citation in the texts of a JSON-like value.

    Returns:
        the value with its texts checked, and the citations of all its texts (the ``text`` of these is that of a
        value which is one text, and empty otherwise).
    """
    return _at_once(citing(value, context))


def citing(
    value: object, context: Context, is_late: Callable[[], bool] = lambda: False
) -> Steps[tuple[object, Cited]]:
    """``cite_value`` in steps of about a millisecond, for a caller that has other work to do.

    Args:
        value: a JSON-like value.
        context: whose documents are cited.
        is_late: whether no time is left. From then on nothing is searched, so that quotes are not verified.
    """
    checker = _Checker(context, is_late)
    if isinstance(value, str):
        cited = yield from checker.checked(value)
        return cited.text, cited
    citations: dict[tuple[str, int, int], Citation] = {}
    dropped = 0

    def check(part: object) -> Steps[object]:
        nonlocal dropped
        if isinstance(part, str):
            cited = yield from checker.checked(part)
            dropped += cited.dropped
            citations.update({(found.source, found.start, found.end): found for found in cited.citations})
            return cited.text
        if isinstance(part, dict):
            values: dict[object, object] = {}
            for key, item in part.items():
                values[key] = yield from check(item)
            return values
        if isinstance(part, list | tuple):
            items: list[object] = []
            for item in part:
                items.append((yield from check(item)))  # noqa: PERF401 - a comprehension cannot yield
            return items
        return part

    checked = yield from check(value)
    return checked, Cited("", tuple(citations.values()), dropped)


def _at_once(steps: Steps[T]) -> T:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result


@dataclass(frozen=True, slots=True)
class _Claim:
    """The claim that a bracket makes."""

    document: Document | None
    where: Where | None
    quote: str | None


class _Checker:
    """Checks the citations of one answer.

    Responsibilities: find the document and the part that a head means, find the quote in it, limit the searches of all
    documents.
    """

    def __init__(self, context: Context, is_late: Callable[[], bool]) -> None:
        self._context = context
        self._is_late = is_late
        self._names = DocumentsByName(context)
        self._parts = NamedParts()
        self._typeset = Typeset()
        self._resolved: dict[str, tuple[Document | None, Where | None]] = {}
        self._searches_left = _MOST_SEARCHES

    def checked(self, text: str) -> Steps[Cited]:
        """One text with its brackets checked."""
        found: dict[tuple[str, int, int], Citation] = {}
        dropped = 0
        pieces: list[str] = []
        at = 0
        for count, bracket in enumerate(brackets(text), start=1):
            if count % _AT_ONCE == 0:
                yield
            claims = (
                []
                if bracket is None
                else self._claims(bracket, text[max(at, bracket.start - _SPOKEN) : bracket.start])
            )
            if bracket is None or not claims:
                continue
            places: list[str] = []
            for claim in claims:
                citation = yield from self._verify(claim)
                if citation is None:
                    dropped += 1
                else:
                    found.setdefault((citation.source, citation.start, citation.end), citation)
                    places.append(f"[{citation.place}]")
            before = text[at : bracket.start]
            at = bracket.end
            pieces.append(f"{before}{''.join(places)}" if places else before.rstrip(" "))
        pieces.append(text[at:])
        return Cited("".join(pieces).strip(), tuple(found.values()), dropped)

    def _claims(self, bracket: Bracket, before: str) -> list[_Claim]:
        """The claims of a bracket, which may name several places; empty if the bracket is not a citation."""
        head, quote = bracket.head.rstrip(_TRAIL), bracket.quote
        if quote is not None and not bracket.is_curly:
            quote = _unescape(quote)
        document, place = self._resolve(head)
        if quote is None and head.endswith(("'", "’", "`")) and (document is None or place is not None):
            single = _SINGLE.search(head, 1, len(head) - 1)
            named = (None, None) if single is None else self._resolve(head[: single.start()].rstrip(_TRAIL))
            if single is not None and named[0] is not None and single.end() < len(head) - 1:
                return [_Claim(*named, head[single.end() : -1])]
        if quote is None:
            several = [self._resolve(each.strip()) for each in _SEVERAL.split(head, _MOST_IN_ONE)]
            if len(several) > 1 and all(each[0] is not None for each in several):
                return [_Claim(*each, None) for each in several]
        if document is None and not _LOOKS_LIKE_SOURCE.search(head) and len(quote or "") < _UNIQUE:
            return []  # a list, a footnote or an index: brackets have other uses too
        if quote is None and (spoken := _BEFORE.search(before)):
            quote = spoken["quote"]
        return [_Claim(document, place, quote)]

    def _resolve(self, head: str) -> tuple[Document | None, Where | None]:
        """The document and the place that the head of a bracket names."""
        known = self._resolved.get(head)
        if known is None:
            is_read = len(head) <= _LONGEST_HEAD and len(self._resolved) < _MOST_PLACES
            known = self._place(head) if is_read else (self._names.get(head), None)
            if is_read:
                self._resolved[head] = known
        return known

    def _place(self, head: str) -> tuple[Document | None, Where | None]:
        for said in dict.fromkeys((head, head.translate(_UNMARKED).strip(), _LEAD.sub("", head, count=1))):
            if document := self._names.get(said):
                return document, None
            for name, rest in splits(said):
                if document := self._names.get(name):
                    return document, where(rest)
        return None, None

    def _verify(self, claim: _Claim) -> Steps[Citation | None]:
        document, meant = claim.document, NOWHERE
        if document is not None and claim.where is not None:
            meant = yield from self._parts.meant(document, claim.where)
        if claim.quote and claim.quote.strip():
            span = yield from self._find(document, meant, claim.quote.strip())
            return _citation(*span) if span else None
        if document is None or not meant.is_sure:
            return None
        line = _first_line(document, *meant.spans[0])
        return _citation(document, *line) if line else None

    def _find(
        self, document: Document | None, meant: Meant, quote: str
    ) -> Steps[tuple[Document, int, int] | None]:
        """The document and the span of a quote.

        It is searched in the named document first, then in all documents if it is long enough to be unique.
        """
        if self._is_late():
            return None
        if document is not None:
            span = yield from QuoteFinder(document, self._typeset).find(quote, meant)
            if span is not None:
                return document, *span
        if len(quote) < _UNIQUE or not self._searches_left:
            return None
        self._searches_left -= 1
        for is_typeset in (False, True):
            for count, each in enumerate(self._context.documents, start=1):
                finder = QuoteFinder(each, self._typeset)
                span = yield from (finder.typeset(quote) if is_typeset else finder.exact(quote))
                if span is not None:
                    return each, *span
                if count % _AT_ONCE == 0:
                    yield
                    if self._is_late():
                        return None
        return None


def _unescape(quote: str) -> str:
    try:
        return str(json.loads(f'"{quote}"', strict=False))
    except ValueError:
        return quote.replace('\\"', '"')


def _first_line(document: Document, start: int, end: int) -> Span | None:
    """The span of the first non-blank line of a part, without surrounding blanks and of bounded length."""
    line = _LINE.search(document.text, start, end)
    if line is None:
        return None
    return line.start(), line.start() + len(line.group()[:_LONGEST_LINE].rstrip())


def _citation(document: Document, start: int, end: int) -> Citation:
    place = document.place(start)
    has_lines = document.marks is None or document.marks.own_lines
    return Citation(
        source=document.name,
        start=start,
        end=end,
        line=place.line,
        page=place.page,
        place=f"{document.cited_as or document.name}:{place.label}",
        quote=document.text[start:end],
        column=start - document.line_starts[document.line_of(start) - 1] + 1 if has_lines else None,
        path=document.path or None,
    )
