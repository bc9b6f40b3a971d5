"""Verifies the citations that a model wrote in brackets: each quote must occur verbatim at its place.

The notation is ``[source:place "quote"]``. The place or the quote may be missing, the quote is written like a
JSON string, and a quoted sentence right before the bracket counts as the quote. A bracket that cannot be
verified is removed from the text and counted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from harlm.context.brackets import Bracket, brackets
from harlm.context.place_names import place_in
from harlm.context.quotes import Steps, first_at, last_before, with_other_blanks
from harlm.types import Citation, Context, Document

T = TypeVar("T")

_LOOKS_LIKE_SOURCE = re.compile(r"[\w)>]\.\w{1,5}(?::|$)|^<[^<>]+>(?::|$)")
_BEFORE = re.compile(r"""["“](?P<quote>[^"“”\n]{3,600})["”][\s,.;:]*$""")
_SPOKEN = 1_000  # characters before a bracket that may hold its quote
_UNIQUE = 24  # characters; a shorter quote is not searched for in other documents
_LONGEST_LINE = 300
_LINE = re.compile(r"\S[^\n]*+")
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
    """The claim that one bracket makes."""

    document: Document | None
    number: int | None  # of the line, page, row, …
    quote: str | None


class _Checker:
    """Checks the citations of one answer.

    Responsibilities: find the document that a name means, find the quote in it, limit the searches of all
    documents.
    """

    def __init__(self, context: Context, is_late: Callable[[], bool]) -> None:
        self._context = context
        self._is_late = is_late
        self._by_last_part: dict[str, list[Document]] | None = None
        self._resolved: dict[str, tuple[Document | None, int | None]] = {}
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
            claim = (
                None
                if bracket is None
                else self._claim(bracket, text[max(at, bracket.start - _SPOKEN) : bracket.start])
            )
            if bracket is None or claim is None:
                continue
            citation = yield from self._verify(claim)
            before = text[at : bracket.start]
            at = bracket.end
            if citation is None:
                dropped += 1
                pieces.append(before.rstrip(" "))
                continue
            found.setdefault((citation.source, citation.start, citation.end), citation)
            pieces.append(f"{before}[{citation.place}]")
        pieces.append(text[at:])
        return Cited("".join(pieces).strip(), tuple(found.values()), dropped)

    def _claim(self, bracket: Bracket, before: str) -> _Claim | None:
        """The claim of a bracket; ``None`` if the bracket is not a citation."""
        head, quote = bracket.head, bracket.quote
        if quote is not None and not bracket.is_curly:
            quote = _unescape(quote)
        document, number = self._resolve(head)
        if document is None and not _LOOKS_LIKE_SOURCE.search(head) and len(quote or "") < _UNIQUE:
            return None  # a list, a footnote or an index: brackets have other uses too
        if quote is None and (spoken := _BEFORE.search(before)):
            quote = spoken["quote"]
        return _Claim(document, number, quote)

    def _resolve(self, head: str) -> tuple[Document | None, int | None]:
        """The document and number that the head of a bracket names."""
        known = self._resolved.get(head)
        if known is None:
            is_read = len(head) <= _LONGEST_HEAD and len(self._resolved) < _MOST_PLACES
            known = self._place(head) if is_read else (self._named(head), None)
            if is_read:
                self._resolved[head] = known
        return known

    def _place(self, head: str) -> tuple[Document | None, int | None]:
        if document := self._named(head):
            return document, None
        place = place_in(head)
        if place is not None and (document := self._named(place[0].strip())):
            return document, place[1]
        name, colon, _ = head.rpartition(":")
        return (self._named(name.strip()), None) if colon else (None, None)

    def _named(self, name: str) -> Document | None:
        """The document with this name, or the only document whose path ends with it."""
        name = name.removeprefix("./")
        if exact := self._context.by_name.get(name):
            return exact
        if self._by_last_part is None:
            self._by_last_part = {}
            for document in self._context.documents:
                self._by_last_part.setdefault(document.name.rpartition("/")[2], []).append(document)
        alike = self._by_last_part.get(name.rpartition("/")[2], []) if name else []
        ending = [document for document in alike if document.name.endswith(f"/{name}")]
        return ending[0] if len(ending) == 1 else None

    def _verify(self, claim: _Claim) -> Steps[Citation | None]:
        if claim.quote and claim.quote.strip():
            span = yield from self._find(claim, claim.quote.strip())
            return _citation(*span) if span else None
        if claim.document is None or claim.number is None:
            return None
        line = _first_line(claim.document, claim.number)
        return _citation(claim.document, *line) if line else None

    def _find(self, claim: _Claim, quote: str) -> Steps[tuple[Document, int, int] | None]:
        """The document and the span of a quote.

        It is searched in the named document first, then in all documents if it is long enough to be unique.
        """
        if self._is_late():
            return None
        if claim.document is not None:
            span = yield from _find_near(claim.document, quote, claim.number)
            if span is not None:
                return claim.document, *span
        if len(quote) < _UNIQUE or not self._searches_left:
            return None
        self._searches_left -= 1
        for count, document in enumerate(self._context.documents, start=1):
            start = yield from first_at(document.text, quote)
            if start >= 0:
                return document, start, start + len(quote)
            if count % _AT_ONCE == 0:
                yield
                if self._is_late():
                    break
        return None


def _unescape(quote: str) -> str:
    try:
        return str(json.loads(f'"{quote}"', strict=False))
    except ValueError:
        return quote


def _find_near(document: Document, quote: str, number: int | None) -> Steps[tuple[int, int] | None]:
    """The span of the quote: at the named place, or else as near to it as possible. Whitespace may differ."""
    start, end = (document.extent(number) if number is not None else None) or (0, 0)
    text = document.text
    after = yield from first_at(text, quote, start)
    before = -1 if start <= after < end else (yield from last_before(text, quote, start))
    places = [at for at in (before, after) if at >= 0]
    if not places:
        return (yield from with_other_blanks(text, quote, max(0, start - len(quote))))
    nearest = min(places, key=lambda at: (not start <= at < end, abs(at - start)))
    return nearest, nearest + len(quote)


def _first_line(document: Document, number: int) -> tuple[int, int] | None:
    """The span of the first non-blank line of a place, without surrounding blanks and of bounded length."""
    extent = document.extent(number)
    line = _LINE.search(document.text, *extent) if extent else None
    if line is None:
        return None
    return line.start(), line.start() + len(line.group()[:_LONGEST_LINE].rstrip())


def _citation(document: Document, start: int, end: int) -> Citation:
    place = document.place(start)
    return Citation(
        source=document.name,
        start=start,
        end=end,
        line=place.line,
        page=place.page,
        place=f"{document.name}:{place.label}",
        quote=document.text[start:end],
    )
