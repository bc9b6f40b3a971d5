"""The context: its documents, the places in them, and its profile."""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate, islice
from typing import Literal

from harlm.patterns import lazy_pattern

Shape = Literal["text", "documents"]
"""The type of ``context`` inside the REPL: one ``str``, or a ``list`` of ``str``."""

Unit = Literal["line", "page", "row", "slide", "cell", "paragraph"]
"""The unit in which places inside a document are counted."""

_PLACE_PREFIX: Mapping[Unit, str] = {
    "line": "",
    "page": "p",
    "row": "row ",
    "slide": "slide ",
    "cell": "cell ",
    "paragraph": "paragraph ",
}

_SURROGATE = lazy_pattern("[\ud800-\udfff]")

_PIECE = 1 << 20  # characters handled at once, so that a huge text is never copied whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The position of a character, in the unit that a reader of the document uses.

    Attributes:
        label: ``41`` for a line, else ``p12``, ``row 88``, ``slide 3``, ``cell 4``.
        line: the line of the file, counted from 1; ``None`` if the file has no lines (PDF, Office).
        page: the page or slide, counted from 1; ``None`` if the document has neither.
    """

    label: str
    line: int | None = None
    page: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Where the parts of a document begin, for documents whose places are not lines of their own text.

    Attributes:
        unit: the kind of part.
        starts: the offset of the first character of each part, ascending; the first is 0.
        numbers: the number of each part as the reader counts it; if empty, 1, 2, 3, …
        labels: a full label for each part (``Prices row 5``), for parts that a number alone cannot name.
        own_lines: whether the text is that of the file, so that places have a line number as well.
    """

    unit: Unit
    starts: Sequence[int]
    numbers: Sequence[int] = ()
    labels: Sequence[str] = ()
    own_lines: bool = False

    def index_of(self, number: int) -> int:
        """The index of the first part that the reader counts as ``number``; out of range if there is none.

        Several parts can have the same number, since every sheet of a workbook counts from 1.
        """
        if not self.numbers:
            return number - 1
        if not self.labels:
            at = bisect_left(self.numbers, number)
            return at if at < len(self.numbers) and self.numbers[at] == number else len(self.numbers)
        return next((at for at, other in enumerate(self.numbers) if other == number), len(self.numbers))

    def place(self, offset: int) -> Place:
        """The part that contains the character at ``offset``, in O(log n)."""
        part = max(bisect_right(self.starts, offset) - 1, 0)
        number = self.numbers[part] if self.numbers else part + 1
        return Place(
            label=self.labels[part] if self.labels else f"{_PLACE_PREFIX[self.unit]}{number}",
            line=number if self.unit == "line" else None,
            page=number if self.unit in ("page", "slide") else None,
        )


@dataclass(frozen=True, kw_only=True)
class Document:
    """One text of the context. A cell sees it as a ``str``, ``harlm.guest.worker.context.Document``.

    Attributes:
        name: the name that citations use: a path below the folder that was given, ``<stdin>``, a dict key.
        text: the whole text, with a newline for every line end.
        kind: the format it was read from, such as ``text``, ``code``, ``pdf``, ``csv``.
        marks: where its parts begin; ``None`` for kinds whose places are lines.
        cited_as: the path that citations show, which opens from where the user stands; the name if it is empty.
        path: the absolute path of the file that it was read from; empty if it is not from a file.
    """

    name: str
    text: str = field(repr=False)
    kind: str = "text"
    marks: Marks | None = field(default=None, repr=False)
    cited_as: str = ""
    path: str = ""

    @cached_property
    def digest(self) -> str:
        """The first half of the SHA-256 of the UTF-8 text, in hexadecimal: the document's content address.

        Processors have instructions for SHA-256, with which it takes less than half the time of BLAKE2b.
        """
        state = hashlib.sha256()
        for piece in pieces(self.text):
            state.update(piece.encode("utf-8", "surrogatepass"))
        return state.hexdigest()[:32]

    @cached_property
    def line_starts(self) -> array[int]:
        """The offset of the first character of every line.

        Built on first use; takes 8 bytes for each line.
        """
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
        """The place of the character at ``offset``, in the unit of this document."""
        if self.marks is None:
            line = self.line_of(offset)
            return Place(label=str(line), line=line)
        place = self.marks.place(offset)
        return replace(place, line=self.line_of(offset)) if self.marks.own_lines else place

    def extent(self, number: int) -> tuple[int, int] | None:
        """The span (start, end) of the line, page, row, … that a reader counts as ``number``, in characters.

        ``None`` if there is no such part.
        """
        starts: Sequence[int] = self.line_starts if self.marks is None else self.marks.starts
        index = number - 1 if self.marks is None else self.marks.index_of(number)
        if not 0 <= index < len(starts):
            return None
        return starts[index], starts[index + 1] if index + 1 < len(starts) else len(self.text)

    def line_extent(self, number: int) -> tuple[int, int] | None:
        """The span (start, end) of the line ``number`` of the text; ``None`` if there is no such line."""
        starts = self.line_starts
        if not 0 < number <= len(starts):
            return None
        return starts[number - 1], starts[number] if number < len(starts) else len(self.text)


def pieces(text: str, size: int = _PIECE) -> Iterator[str]:
    """``text`` in slices of ``size`` characters, for work that must not copy a huge text whole."""
    if len(text) <= size:
        yield text
        return
    for start in range(0, len(text), size):
        yield text[start : start + size]


def without_surrogates(text: str) -> str:
    """``text`` with U+FFFD for every lone surrogate, which cannot be encoded in UTF-8.

    Offsets do not change.
    """
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
    """A file, or a part of one, that was left out of the context, and the reason.

    Attributes:
        name: the name that its document would have.
        reason: why.
        is_unread: whether it should have been read and could not be; else it was left out on purpose.
    """

    name: str
    reason: str
    is_unread: bool = False


@dataclass(frozen=True, slots=True)
class RawFile:
    """A file as it was read from disk: the name that its document will have, and its bytes."""

    name: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReadResult:
    """The documents of one file, and what was left out."""

    documents: tuple[Document, ...]
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True, slots=True)
class Unread:
    """The reason why a file could not be read, and what the user can do. It follows the name of the file."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Context:
    """The huge input of a task: its documents, their shape in the REPL, and what was left out.

    Attributes:
        documents: the documents, in a deterministic order.
        shape: whether the REPL has one text or a list of texts.
        skipped: what was left out, each with its reason.
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
        """The number of characters in all documents."""
        return sum(len(document.text) for document in self.documents)

    @cached_property
    def digest(self) -> str:
        """The content address of this context: a digest of the digests of its documents, in order."""
        state = hashlib.sha256()
        for document in self.documents:
            state.update(document.digest.encode())
        return state.hexdigest()[:32]

    @cached_property
    def by_name(self) -> Mapping[str, Document]:
        """The documents by name; of documents with the same name, the first."""
        return {document.name: document for document in reversed(self.documents)}


def corpus_of(context: Context) -> str:
    """Names a corpus: equal for the same documents by name, also after their texts have changed."""
    names = sorted(document.name for document in context.documents[:_NAMED])
    told = names if len(names) > 1 or context.shape != "text" else [context.documents[0].text[:_TOLD]]
    return hashlib.sha256("\0".join(told).encode("utf-8", "replace")).hexdigest()[:16]


_NAMED, _TOLD = 200, 1_000  # documents, and characters of a text without a name, that name a corpus


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A summary of a context: sizes, kinds and structure. It is computed without reading all of the text.

    Attributes:
        tokens: estimated from a stratified sample; ``harlm.tokens.estimate`` states the error.
        characters: the exact number of characters.
        documents: the number of documents.
        kinds: the number of documents of each kind, most frequent first.
        structure: the structure of most of the text.
        largest: the largest documents as (name, characters).
    """

    tokens: int
    characters: int
    documents: int
    kinds: tuple[tuple[str, int], ...]
    structure: Literal["prose", "code", "records", "mixed"]
    largest: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One passage that search found. A cell sees it as ``harlm.guest.worker.context.Hit``.

    Attributes:
        document: the index of the document in its context.
        start, end: the span of the passage, in characters of that document.
        score: higher is better; comparable within one search only.
        best: the span of the passage's best sentence, in characters of the document.
    """

    document: int
    start: int
    end: int
    score: float
    best: tuple[int, int]
