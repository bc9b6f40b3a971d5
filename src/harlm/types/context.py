"""The context: documents, the places in them, and what is known of them as a whole."""

from __future__ import annotations

import hashlib
import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate, islice
from typing import Literal

Shape = Literal["text", "documents"]
"""What ``context`` is inside the REPL: one ``str``, or a ``list`` of ``str``."""

Unit = Literal["line", "page", "row", "slide", "cell", "paragraph"]
"""What a place inside a document is counted in."""

_PLACE_PREFIX: Mapping[Unit, str] = {
    "line": "",
    "page": "p",
    "row": "row ",
    "slide": "slide ",
    "cell": "cell ",
    "paragraph": "paragraph ",
}

_SURROGATE = re.compile("[\ud800-\udfff]")

_PIECE = 1 << 20  # characters handled at once, so that no second copy of a huge text is ever made


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a character stands, as a reader would say it.

    Attributes:
        label: ``41`` for a line, else ``p12``, ``row 88``, ``slide 3``, ``cell 4``.
        line: the line of the file, counted from 1; None where the text has no lines of a file (PDF, Office).
        page: the page or slide, counted from 1, where the document has such; else None.
    """

    label: str
    line: int | None = None
    page: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Where the parts of a document begin, for documents that are not counted in lines of their own text.

    Attributes:
        unit: what the parts are.
        starts: the first character of each part, ascending; the first is 0.
        numbers: the number of each part as the reader counts it; 1, 2, 3, … when empty.
        labels: a full label for each part (``Prices row 5``), for parts that a number alone cannot name.
        own_lines: whether the text is that of the file, so that its lines can be named too.
    """

    unit: Unit
    starts: Sequence[int]
    numbers: Sequence[int] = ()
    labels: Sequence[str] = ()
    own_lines: bool = False

    def index_of(self, number: int) -> int:
        """The first part that the reader counts as ``number``, or one beyond the last; several sheets may count from 1."""
        if not self.numbers:
            return number - 1
        if not self.labels:
            at = bisect_left(self.numbers, number)
            return at if at < len(self.numbers) and self.numbers[at] == number else len(self.numbers)
        return next((at for at, each in enumerate(self.numbers) if each == number), len(self.numbers))

    def place(self, offset: int) -> Place:
        """The part that holds the character at ``offset``, in O(log n)."""
        part = max(bisect_right(self.starts, offset) - 1, 0)
        number = self.numbers[part] if self.numbers else part + 1
        return Place(
            label=self.labels[part] if self.labels else f"{_PLACE_PREFIX[self.unit]}{number}",
            line=number if self.unit == "line" else None,
            page=number if self.unit in ("page", "slide") else None,
        )


@dataclass(frozen=True, kw_only=True)
class Document:
    """One text of the context, decoded once.

    Attributes:
        name: what a citation calls it: a path below the folder that was given, ``<stdin>``, a dict key.
        text: the whole text, with a newline for every line end.
        kind: the reader that made it, such as ``text``, ``code``, ``pdf``, ``csv``.
        marks: where its parts begin, for kinds that are not counted in lines.
    """

    name: str
    text: str = field(repr=False)
    kind: str = "text"
    marks: Marks | None = field(default=None, repr=False)

    @cached_property
    def digest(self) -> str:
        """The first half of the SHA-256 of the UTF-8 text, in hexadecimal: the document's address by content. Processors have
        instructions for it, with which it takes less than half the time of BLAKE2b.
        """
        state = hashlib.sha256()
        for piece in pieces(self.text):
            state.update(piece.encode("utf-8", "surrogatepass"))
        return state.hexdigest()[:32]

    @cached_property
    def line_starts(self) -> array[int]:
        """The first character of every line. Built on first use: 8 bytes a line."""
        starts = array("Q", [0])
        base = 0
        for piece in pieces(self.text):
            lengths = (len(line) + 1 for line in piece.split("\n")[:-1])
            starts.extend(islice(accumulate(lengths, initial=base), 1, None))
            base += len(piece)
        return starts

    def line_of(self, offset: int) -> int:
        """The line, counted from 1, of the character at ``offset``, in O(log n)."""
        return bisect_right(self.line_starts, offset)

    def place(self, offset: int) -> Place:
        """Where the character at ``offset`` stands, in the unit that this document is counted in."""
        if self.marks is None:
            line = self.line_of(offset)
            return Place(label=str(line), line=line)
        place = self.marks.place(offset)
        return replace(place, line=self.line_of(offset)) if self.marks.own_lines else place

    def extent(self, number: int) -> tuple[int, int] | None:
        """The characters of the line, page, row, … that a reader counts as ``number``; None where there is none."""
        starts: Sequence[int] = self.line_starts if self.marks is None else self.marks.starts
        index = number - 1 if self.marks is None else self.marks.index_of(number)
        if not 0 <= index < len(starts):
            return None
        return starts[index], starts[index + 1] if index + 1 < len(starts) else len(self.text)


def pieces(text: str, size: int = _PIECE) -> Iterator[str]:
    """``text`` in slices of ``size`` characters: for work that must not copy a huge text whole."""
    if len(text) <= size:
        yield text
        return
    for start in range(0, len(text), size):
        yield text[start : start + size]


def without_surrogates(text: str) -> str:
    """``text`` with U+FFFD for every lone surrogate, which no file, prompt or JSON can hold. Offsets stay what they are."""
    if text.isascii():
        return text
    try:
        for piece in pieces(text):
            piece.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", text)
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Something that was named or met while loading and is not in the context, and why."""

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Context:
    """The huge input of a task: documents, what they look like in the REPL, and what was left out.

    Attributes:
        documents: in a deterministic order.
        shape: one text, or a list of them.
        skipped: what was not read, each with its reason.
    """

    documents: tuple[Document, ...]
    shape: Shape = "documents"
    skipped: tuple[Skipped, ...] = ()

    @classmethod
    def of_text(cls, text: str, *, name: str = "<text>") -> Context:
        """A context of one text."""
        return cls(documents=(Document(name=name, text=text),), shape="text")

    @cached_property
    def characters(self) -> int:
        """Characters in all documents together."""
        return sum(len(document.text) for document in self.documents)

    @cached_property
    def digest(self) -> str:
        """The same over the digests of the documents in order: the address of this content."""
        state = hashlib.sha256()
        for document in self.documents:
            state.update(document.digest.encode())
        return state.hexdigest()[:32]

    @cached_property
    def by_name(self) -> Mapping[str, Document]:
        """The documents by name; the first one wins where two have the same."""
        return {document.name: document for document in reversed(self.documents)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What can be said about a context without reading it all.

    Attributes:
        tokens: estimated from a stratified sample; see ``harlm.tokens.estimate`` for the error.
        characters: exact.
        documents: how many.
        kinds: documents of each kind, most frequent first.
        structure: what most of the text looks like.
        largest: the biggest documents as (name, characters).
    """

    tokens: int
    characters: int
    documents: int
    kinds: tuple[tuple[str, int], ...]
    structure: Literal["prose", "code", "records", "mixed"]
    largest: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One passage that search found.

    Attributes:
        document: the index of the document in its context.
        start, end: the passage, in characters of that document.
        score: higher is better; comparable within one search only.
        best: the sentence of the passage that answers best, in characters of the document.
    """

    document: int
    start: int
    end: int
    score: float
    best: tuple[int, int]
