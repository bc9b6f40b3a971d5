"""From what a model wrote in brackets to citations that hold. Knows the context and the notation; trusts nothing:
a citation is made only when its quote occurs verbatim at its place.

The notation: ``[source:place "quote"]``, where the place or the quote may be missing, the quote is written like a JSON
string, and a quoted sentence right before the bracket counts as the quote. What cannot be verified is removed from
the text and counted.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harlm.types import Citation, Context, Document

_BRACKET = re.compile(
    r"""\[\s*(?P<head>[^\[\]\n"“”]{0,300}?[^\[\]\s"“”])\s*
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
_UNIQUE = 24  # characters from which on a quote may be looked for in other documents
_LONGEST_LINE = 300
_MOST_WORDS = 120  # of a quote whose blanks may differ


@dataclass(frozen=True, slots=True)
class Cited:
    """A text whose brackets were checked.

    Attributes:
        text: the text, with ``[source:place]`` where a citation stands.
        citations: the citations in order of first use, each once.
        dropped: how many could not be verified and were removed.
    """

    text: str
    citations: tuple[Citation, ...]
    dropped: int


def cite(text: str, context: Context) -> Cited:
    """Check every citation in ``text`` against ``context``."""
    found: dict[tuple[str, int, int], Citation] = {}
    dropped = 0
    pieces: list[str] = []
    at = 0
    for match in _BRACKET.finditer(text):
        claim = _claim(match, text[at : match.start()], context)
        if claim is None:
            continue
        citation = _verify(claim, context)
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


@dataclass(frozen=True, slots=True)
class _Claim:
    """What one bracket says."""

    document: Document | None
    number: int | None
    quote: str | None
    strict: bool  # whether the quote was written inside the bracket, so that it must hold


def _claim(match: re.Match[str], before: str, context: Context) -> _Claim | None:
    """What a bracket claims, or None when it is not a citation at all."""
    head = match["head"].strip()
    quote = _unescape(match["quote"]) if match["quote"] is not None else match["curly"]
    document, number = _resolve(head, context)
    if document is None and not _LOOKS_LIKE_SOURCE.search(head) and len(quote or "") < _UNIQUE:
        return None  # a list, a footnote, an index: brackets have other uses
    if quote is not None:
        return _Claim(document, number, quote, strict=True)
    spoken = _BEFORE.search(before)
    return _Claim(document, number, spoken["quote"] if spoken else None, strict=False)


def _unescape(quote: str) -> str:
    try:
        return str(json.loads(f'"{quote}"', strict=False))
    except ValueError:
        return quote


def _resolve(head: str, context: Context) -> tuple[Document | None, int | None]:
    """The document and number that the head of a bracket names."""
    if document := _named(head, context):
        return document, None
    place = _PLACE.match(head)
    if place and (document := _named(place["name"].strip(), context)):
        return document, int(place["number"])
    name, colon, _ = head.rpartition(":")
    return (_named(name.strip(), context), None) if colon else (None, None)


def _named(name: str, context: Context) -> Document | None:
    """The document with this name, or the only one whose path ends with it."""
    name = name.removeprefix("./")
    if exact := context.by_name.get(name):
        return exact
    tail = "/" + name
    ending = [document for document in context.documents if name and document.name.endswith(tail)]
    return ending[0] if len(ending) == 1 else None


def _verify(claim: _Claim, context: Context) -> Citation | None:
    if claim.quote and claim.quote.strip():
        for document in _places_to_look(claim, context):
            if span := _find(document, claim.quote.strip(), claim.number):
                return _citation(document, *span)
        if claim.strict:
            return None
    if claim.document is None or claim.number is None:
        return None
    span = _first_line(claim.document, claim.number)
    return _citation(claim.document, *span) if span else None


def _places_to_look(claim: _Claim, context: Context) -> Iterator[Document]:
    """The document named; then, for a quote that is long enough to be told apart, all others."""
    if claim.document is not None:
        yield claim.document
    if claim.quote and len(claim.quote) >= _UNIQUE:
        yield from (document for document in context.documents if document is not claim.document)


def _find(document: Document, quote: str, number: int | None) -> tuple[int, int] | None:
    """Where the quote occurs: at the place named, else as near to it as possible. Blanks may differ."""
    start, end = (_extent(document, number) if number is not None else None) or (0, 0)
    spans = list(_occurrences(document.text, quote, start))
    return min(spans, key=lambda span: (not start <= span[0] < end, abs(span[0] - start)), default=None)


def _occurrences(text: str, quote: str, near: int) -> Iterator[tuple[int, int]]:
    """The last occurrence before ``near`` and the first one from there on."""
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


def _extent(document: Document, number: int) -> tuple[int, int] | None:
    """The characters of the line, page or row that a reader counts as ``number``; None where there is none."""
    marks = document.marks
    starts = document.line_starts if marks is None else marks.starts
    index = number - 1
    if marks is not None and marks.numbers:
        index = bisect_left(marks.numbers, number) if not marks.labels else _first(marks.numbers, number)
    if not 0 <= index < len(starts):
        return None
    return starts[index], starts[index + 1] if index + 1 < len(starts) else len(document.text)


def _first(numbers: Sequence[int], number: int) -> int:
    """The first part with this number; several sheets may count from 1."""
    return next((index for index, each in enumerate(numbers) if each == number), len(numbers))


def _first_line(document: Document, number: int) -> tuple[int, int] | None:
    """The first line of a place that is not blank, without outer blanks and of bounded length."""
    extent = _extent(document, number)
    whole = document.text[slice(*extent)] if extent else ""
    line = next((each for each in whole.split("\n") if each.strip()), "").strip()[:_LONGEST_LINE].rstrip()
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
