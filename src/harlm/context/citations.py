"""Verifies the citations that a model wrote in brackets: each quote must occur verbatim at its place.

The notation is ``[source:place "quote"]``. The place or the quote may be missing, the quote is written like a
JSON string, and a quoted sentence right before the bracket counts as the quote. A bracket that cannot be
verified is removed from the text and counted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from harlm.types import Citation, Context, Document

_BRACKET = re.compile(
    r"""\[\s*(?P<head>(?:[^\[\]\n"“”]|\[[^\[\]\n"“”]*\]){0,300}?[^\[\s"“”])\s*
        (?:(?:"(?P<quote>(?:[^"\\]|\\.)*)"|“(?P<curly>[^”]*)”)\s*)?\](?!\()""",
    re.VERBOSE | re.DOTALL,
)
_PLACE = re.compile(
    r"""^(?P<name>.+?)(?::|,|\s)\s*(?P<unit>lines?|l\.?|p\.?|pages?|rows?|slides?|cells?|paragraphs?|[^:]*?\srow)?\s*
        (?P<number>\d+)(?:\s*[-–]\s*\d+)?$""",
    re.VERBOSE | re.IGNORECASE,
)
_LOOKS_LIKE_SOURCE = re.compile(r"[\w)>]\.\w{1,5}(?::|$)|^<[^<>]+>(?::|$)")
_BEFORE = re.compile(r"""["“](?P<quote>[^"“”\n]{3,600})["”][\s,.;:]*$""")
_UNIQUE = 24  # characters; a shorter quote is not searched for in other documents
_LONGEST_LINE = 300
_MOST_WORDS = 120  # words of a quote that is also found if its whitespace differs
_MOST_SEARCHES = 50  # in one answer, of all documents, for quotes that are not in the named one


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
    return _Checker(context).checked(text)


def cite_value(value: object, context: Context) -> tuple[object, Cited]:
    """Check every citation in the texts of a JSON-like value.

    Returns:
        the value with its texts checked, and the citations of all its texts (the ``text`` of these is empty).
    """
    checker = _Checker(context)
    citations: dict[tuple[str, int, int], Citation] = {}
    dropped = 0

    def check(part: object) -> object:
        nonlocal dropped
        if isinstance(part, str):
            cited = checker.checked(part)
            dropped += cited.dropped
            citations.update({(found.source, found.start, found.end): found for found in cited.citations})
            return cited.text
        if isinstance(part, dict):
            return {key: check(item) for key, item in part.items()}
        return [check(item) for item in part] if isinstance(part, list | tuple) else part

    checked = check(value)
    return checked, Cited("", tuple(citations.values()), dropped)


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

    def __init__(self, context: Context) -> None:
        self._context = context
        self._by_last_part: dict[str, list[Document]] | None = None
        self._searches_left = _MOST_SEARCHES

    def checked(self, text: str) -> Cited:
        """One text with its brackets checked."""
        found: dict[tuple[str, int, int], Citation] = {}
        dropped = 0
        pieces: list[str] = []
        at = 0
        for match in _BRACKET.finditer(text):
            claim = self._claim(match, text[at : match.start()])
            if claim is None:
                continue
            citation = self._verify(claim)
            before = text[at : match.start()]
            at = match.end()
            if citation is None:
                dropped += 1
                pieces.append(before.rstrip(" "))
                continue
            found.setdefault((citation.source, citation.start, citation.end), citation)
            pieces.append(f"{before}[{citation.place}]")
        pieces.append(text[at:])
        return Cited("".join(pieces).strip(), tuple(found.values()), dropped)

    def _claim(self, match: re.Match[str], before: str) -> _Claim | None:
        """The claim of a bracket; ``None`` if the bracket is not a citation."""
        head = match["head"].strip()
        quote = _unescape(match["quote"]) if match["quote"] is not None else match["curly"]
        document, number = self._resolve(head)
        if document is None and not _LOOKS_LIKE_SOURCE.search(head) and len(quote or "") < _UNIQUE:
            return None  # a list, a footnote or an index: brackets have other uses too
        if quote is None and (spoken := _BEFORE.search(before)):
            quote = spoken["quote"]
        return _Claim(document, number, quote)

    def _resolve(self, head: str) -> tuple[Document | None, int | None]:
        """The document and number that the head of a bracket names."""
        if document := self._named(head):
            return document, None
        place = _PLACE.match(head)
        if place and (document := self._named(place["name"].strip())):
            return document, int(place["number"])
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

    def _verify(self, claim: _Claim) -> Citation | None:
        if claim.quote and claim.quote.strip():
            span = self._find(claim, claim.quote.strip())
            return _citation(*span) if span else None
        if claim.document is None or claim.number is None:
            return None
        line = _first_line(claim.document, claim.number)
        return _citation(claim.document, *line) if line else None

    def _find(self, claim: _Claim, quote: str) -> tuple[Document, int, int] | None:
        """The document and the span of a quote.

        It is searched in the named document first, then in all documents if it is long enough to be unique.
        """
        if claim.document is not None and (span := _find_near(claim.document, quote, claim.number)):
            return claim.document, *span
        if len(quote) < _UNIQUE or not self._searches_left:
            return None
        self._searches_left -= 1
        for document in self._context.documents:
            if (start := document.text.find(quote)) >= 0:
                return document, start, start + len(quote)
        return None


def _unescape(quote: str) -> str:
    try:
        return str(json.loads(f'"{quote}"', strict=False))
    except ValueError:
        return quote


def _find_near(document: Document, quote: str, number: int | None) -> tuple[int, int] | None:
    """The span of the quote: at the named place, or else as near to it as possible. Whitespace may differ."""
    start, end = (document.extent(number) if number is not None else None) or (0, 0)
    spans = list(_occurrences(document.text, quote, start))
    return min(spans, key=lambda span: (not start <= span[0] < end, abs(span[0] - start)), default=None)


def _occurrences(text: str, quote: str, near: int) -> Iterator[tuple[int, int]]:
    """The last occurrence before ``near`` and the first one at or after it."""
    before, after = text.rfind(quote, 0, near + len(quote)), text.find(quote, near)
    if before >= 0 or after >= 0:
        yield from ((at, at + len(quote)) for at in (before, after) if at >= 0)
        return
    words = quote.split()
    if not 2 <= len(words) <= _MOST_WORDS or words[0] not in text:
        return
    pattern = re.compile(r"\s+".join(map(re.escape, words)))
    match = pattern.search(text, max(0, near - len(quote))) or pattern.search(text)
    if match:
        yield match.span()


def _first_line(document: Document, number: int) -> tuple[int, int] | None:
    """The span of the first non-blank line of a place, without surrounding blanks and of bounded length."""
    extent = document.extent(number)
    whole = document.text[slice(*extent)] if extent else ""
    line = next(filter(str.strip, whole.split("\n")), "").strip()[:_LONGEST_LINE].rstrip()
    if not extent or not line:
        return None
    start = extent[0] + whole.index(line)
    return start, start + len(line)


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
