"""``context`` as model-written code sees it: a real ``str`` or a real ``list`` of ``str``, with search added.
Works on texts and offsets; the host ranks passages and names the places that are not lines.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from typing import Any

from ..arguments import HITS, OFFSETS, PART, QUERY, TOKENS, as_number, as_text
from ..tables import DataTable, TableAnswer, ask, tables_in

Call = Callable[[str, dict[str, Any]], Any]
"""Calls a host function with its arguments, and returns the reply."""

_IN_PLACE = 32 << 20  # bytes; an ASCII text of at least this size is read in place
_PIECE = 1 << 20
_CHARACTERS = 4  # per token
_SHOWN = 200  # characters of a name that no text has
_LINES = re.compile(r"^(?P<first>\d+)(?:-(?P<last>\d+))?$")
_OUTLINE = re.compile(
    r"^(?:#{1,6} .+|[ \t]*(?:async def|def|class) \w+.*|[^\s].{0,80}\n[=~\-]{4,}[ \t]*)$", re.MULTILINE
)


class Document(str):
    """One text of the context: a ``str`` with a name. The guest's side of ``harlm.types.Document``, with the
    same text and name.

    ``.name``, ``.search(question, k)``, ``.grep(pattern)``, ``.read(place)``, ``.near(hit)``, ``.outline()``.

    Attributes:
        name: the document's name, as citations use it.
        has_lines: whether its places are its own lines, and not pages, rows or the like.
        number: its position in the context, by which the host knows it.
        library: the texts that it belongs to.
    """

    __slots__ = ("has_lines", "library", "name", "number")
    name: str
    has_lines: bool
    number: int
    library: Library

    def search(self, question: str, k: int = 10) -> Hits:
        """The ``k`` passages of this text that fit a question best."""
        return self.library.search(question, k, self)

    def grep(self, pattern: str | re.Pattern[str], k: int = 200, flags: int = 0) -> Hits:
        """The first ``k`` lines of this text in which a regular expression matches."""
        return self.library.grep(pattern, k, flags, [self])

    def read(self, place: Any, max_tokens: int | None = None) -> str:
        """The text at ``(start, end)``, at lines ``"10-20"``, or of a hit; at most ``max_tokens`` of it."""
        if isinstance(place, str) and place.replace("-", "").isdigit():
            place = f"{self.name}:{place}"
        if isinstance(place, tuple):
            return cut(str(self[place[0] : place[1]]), max_tokens)
        return self.library.read(place, max_tokens)

    def near(self, hit: Any, max_tokens: int = 800) -> str:
        """The text around a hit or an offset, in about ``max_tokens`` tokens."""
        return self.library.near(hit, max_tokens, self)

    def tables(self) -> list[DataTable]:
        """The tables of this text: each has ``.name``, ``.columns`` and ``.rows``."""
        return self.library.tables([self])

    def outline(self, k: int = 200, max_tokens: int | None = None) -> str:
        """The first ``k`` headings and definitions with their lines."""
        found = list(_OUTLINE.finditer(self))
        lines = [
            f"{line}: {match.group().splitlines()[0].rstrip()}"
            for match, line in zip(found[:k], _lines_of(self, [m.start() for m in found[:k]]), strict=True)
        ]
        more = [f"… and {len(found) - k} more"] if len(found) > k else []
        return cut("\n".join([*lines, *more]), max_tokens)


class Documents(list[Document]):
    """All texts of the context: a ``list`` of ``str``, each with a ``.name``.

    ``.search(question, k)``, ``.grep(pattern)``, ``.read(place)``, ``.near(hit)``, ``.outline()``.
    """

    library: Library

    def search(self, question: str, k: int = 10) -> Hits:
        """The ``k`` passages of all texts that fit a question best."""
        return self.library.search(question, k, None)

    def grep(self, pattern: str | re.Pattern[str], k: int = 200, flags: int = 0) -> Hits:
        """The first ``k`` lines of all texts in which a regular expression matches."""
        return self.library.grep(pattern, k, flags, self.library.documents)

    def read(self, place: Any, max_tokens: int | None = None) -> str:
        """The text at ``"name:10-20"``, of a hit, or of a named document; at most ``max_tokens`` of it."""
        return self.library.read(place, max_tokens)

    def near(self, hit: Any, max_tokens: int = 800) -> str:
        """The text around a hit, in about ``max_tokens`` tokens."""
        return self.library.near(hit, max_tokens, None)

    def tables(self) -> list[DataTable]:
        """The tables of all texts: each has ``.name``, ``.columns`` and ``.rows``."""
        return self.library.tables(self.library.documents)

    def outline(self, k: int = 200, max_tokens: int | None = None) -> str:
        """Names and sizes of the first ``k`` texts."""
        texts = self.library.documents
        lines = [f"{text.name}: {len(text):,} characters" for text in texts[:k]]
        more = [f"… and {len(texts) - k} more"] if len(texts) > k else []
        return cut("\n".join([*lines, *more]), max_tokens)


class Hit:
    """A place that a search found. The guest's side of ``harlm.types.Hit``, with the same span and score.

    ``.place`` (``docs/tls.md:41``, as a citation names it), ``.source``, ``.line`` (``None`` if the text has
    no lines), ``.text``, ``.quote`` (the best sentence or line), ``.start``, ``.end`` (offsets),
    ``.document`` (the whole text), ``.score``.
    """

    __slots__ = ("document", "end", "line", "place", "quote", "score", "start")

    def __init__(
        self, document: Document, start: int, end: int, place: str, line: int | None, quote: str, score: float
    ) -> None:
        self.document = document
        self.start = start
        self.end = end
        self.place = place
        self.line = line
        self.quote = quote
        self.score = score

    @property
    def source(self) -> str:
        """The name of the text."""
        return self.document.name

    @property
    def text(self) -> str:
        """The whole passage; for ``grep``, the line."""
        return str(self.document[self.start : self.end])

    def __getitem__(self, key: str) -> Any:
        return getattr(self, key)

    def __repr__(self) -> str:
        return f"{self.place}: {self.quote}"


class Hits(list[Hit]):
    """Hits, printed one a line, with a note if some were cut off.

    Attributes:
        cut: whether ``grep`` found more than ``k`` lines.
        weights: for a search, how distinctive each word of the question is in the context: stem to share.
    """

    cut = False
    weights: dict[str, float] = {}  # noqa: RUF012 - replaced, never changed

    def __repr__(self) -> str:
        lines = [repr(hit) for hit in self] or ["(nothing found)"]
        if self.cut:
            lines.append(f"(only the first {len(self)} are shown; raise k for more)")
        return "\n".join(lines)


class Library:
    """The texts behind ``context``.

    Responsibilities: read the texts that the host wrote, search them, and name the place of each hit.

    Args:
        call: calls the host; may be set later with ``connect``.
    """

    def __init__(self, call: Call | None = None) -> None:
        self._call: Call = call or _not_connected
        self.documents = Documents()
        self.documents.library = self
        self._named: dict[str, Document] | None = None

    def connect(self, call: Call) -> None:
        """Set the function that calls the host."""
        self._call = call

    def add(self, name: str, has_lines: bool, text: str) -> None:
        """Add a text; ``has_lines`` says whether its places are its own lines."""
        self._adopt(Document(text), name, has_lines)

    def read_texts(self, descriptor: int, texts: list[dict[str, Any]]) -> None:
        """Add all texts of the file that the host wrote, one after another, and close the file.

        Args:
            descriptor: of the file, which holds the UTF-8 of all texts without separators.
            texts: for each text its ``name``, ``has_lines``, ``size`` in bytes, and whether it is ``ascii``.

        Raises:
            EOFError: the file is shorter than the sizes say.
        """
        offset = 0
        for text in texts:
            self._adopt(_read(descriptor, offset, text), text["name"], text["has_lines"])
            offset += text["size"]
        os.close(descriptor)

    def take(self, texts: list[dict[str, Any]], shared: Documents, descriptor: int | None) -> None:
        """Add texts, each either from ``shared`` by its number or from the file that the host wrote; the file
        is closed.

        Args:
            texts: as in ``read_texts``; ``shared`` holds a number, or ``None`` for a text from the file.
            shared: the texts of the run.
            descriptor: of the file; ``None`` if all texts are shared.
        """
        offset = 0
        for text in texts:
            if text["shared"] is None:
                assert descriptor is not None
                self._adopt(_read(descriptor, offset, text), text["name"], text["has_lines"])
                offset += text["size"]
            else:
                document = shared[text["shared"]]
                self._adopt(document, document.name, document.has_lines)
        if descriptor is not None:
            os.close(descriptor)

    def _adopt(self, document: Document, name: str, has_lines: bool) -> None:
        document.name, document.has_lines = name, has_lines
        document.number, document.library = len(self.documents), self
        self.documents.append(document)

    def context(self, shape: str) -> Document | Documents:
        """The value of the name ``context``: one text if ``shape`` is ``text``, else the list."""
        return self.documents[0] if shape == "text" else self.documents

    def search(self, question: str, k: int, within: Document | None) -> Hits:
        """The ``k`` passages that fit a question best, ranked by the host, which keeps the index."""
        arguments = {
            "query": as_text(question, "the question of search", QUERY),
            "k": as_number(k, "k of search", HITS),
            "document": None if within is None else within.number,
        }
        reply = self._call("search", arguments)
        hits = Hits(
            Hit(
                document := self.documents[found["document"]],
                found["start"],
                found["end"],
                found["place"],
                found["line"],
                str(document[found["best"][0] : found["best"][1]]),
                found["score"],
            )
            for found in reply["hits"]
        )
        hits.weights = reply["weights"]
        return hits

    def grep(self, pattern: str | re.Pattern[str], k: int, flags: int, texts: list[Document]) -> Hits:
        """The first ``k`` lines in which a pattern matches, in the order of the texts."""
        compiled = re.compile(pattern, flags | re.MULTILINE) if isinstance(pattern, str) else pattern
        hits = Hits()
        for text in texts:
            spans: list[tuple[int, int]] = []
            for start, end in _matching_lines(compiled, text):
                if len(hits) + len(spans) == k:
                    hits.cut = True
                    break
                spans.append((start, end))
            hits.extend(self._hits(text, spans))
            if hits.cut:
                break
        return hits

    def tables(self, texts: list[Document]) -> list[DataTable]:
        """The tables of some texts, in order."""
        return [table for text in texts for table in tables_in(text, self._label_in(text))]

    def ask_tables(self, question: str) -> TableAnswer:
        """What the tables of all texts say to a question for a computation, or why they do not."""
        texts = self.documents
        return ask(as_text(question, "the question", QUERY), self.tables(texts), len(texts))

    def _label_in(self, text: Document) -> Callable[[int], str] | None:
        return None if text.has_lines else lambda start: self._places(text, [start])[0][0]

    def near(self, hit: Any, max_tokens: int, within: Document | None) -> str:
        """The text around a hit or an offset, cut at line ends if they are close.

        Raises:
            TypeError: ``hit`` is neither a hit nor an offset into ``within``.
        """
        if isinstance(hit, Hit):
            text, start, end = hit.document, hit.start, hit.end
        elif within is not None and isinstance(hit, int):
            text, start, end = within, max(0, min(hit, len(within))), hit
        else:
            raise TypeError(f"near() takes a hit of search() or grep(), not {type(hit).__name__}")
        spare = max(0, _tokens(max_tokens) * _CHARACTERS - (end - start)) // 2
        first, last = max(0, start - spare), min(len(text), end + spare)
        if first and (line := text.find("\n", first, start)) >= 0:
            first = line + 1
        if last < len(text) and (line := text.rfind("\n", end, last)) >= 0:
            last = line
        before, after = "… " if first else "", " …" if last < len(text) else ""
        return cut(f"{before}{text[first:last]}{after}", max_tokens)

    def read(self, place: Any, max_tokens: int | None = None) -> str:
        """The text of a hit, at ``name:10-20``, or of a document by its name.

        Raises:
            KeyError: no text has that name.
        """
        return cut(self._read(place), max_tokens)

    def _read(self, place: Any) -> str:
        if isinstance(place, Hit):
            return place.text
        if self._named is None:
            self._named = {text.name: text for text in reversed(self.documents)}
        if place in self._named:
            return str(self._named[place])
        name, _, part = str(place).rpartition(":")
        if name not in self._named:
            raise KeyError(
                f"no text is named {repr(place)[:_SHOWN]}; use the .name of a text, 'name:10-20', "
                "or a hit of search() or grep()"
            )
        return self._part(self._named[name], part.strip())

    def _part(self, document: Document, part: str) -> str:
        """Some lines, or a page, a row or the like by the label that hits use."""
        lines = _LINES.match(part)
        if not document.has_lines or lines is None:
            arguments = {"document": document.number, "part": as_text(part, "the name of a part", PART)}
            start, end = self._call("extent", arguments)
            return str(document[start:end]).rstrip("\n")
        first = int(lines["first"])
        return "\n".join(document.split("\n")[first - 1 : int(lines["last"] or first)])

    def _hits(self, text: Document, spans: list[tuple[int, int]]) -> Iterator[Hit]:
        starts = [start for start, _ in spans]
        places = self._places(text, starts)
        for (start, end), (label, line) in zip(spans, places, strict=True):
            quote = str(text[start:end]).strip()
            yield Hit(text, start, end, f"{text.name}:{label}", line, quote, 0.0)

    def _places(self, document: Document, starts: list[int]) -> list[tuple[str, int | None]]:
        if document.has_lines:
            return [(str(line), line) for line in _lines_of(document, starts)]
        return [
            (label, line)
            for at in range(0, len(starts), OFFSETS.most)
            for label, line in self._call(
                "places", {"document": document.number, "offsets": starts[at : at + OFFSETS.most]}
            )
        ]


def cut(text: str, max_tokens: int | None) -> str:
    """``text``, cut to ``max_tokens`` with a note that says how much was cut; a token counts as four
    characters.

    Raises:
        TypeError, ValueError: ``max_tokens`` is not a positive integer or ``None``.
    """
    if max_tokens is None or len(text) <= _tokens(max_tokens) * _CHARACTERS:
        return text
    room = max_tokens * _CHARACTERS
    left_out = f"[cut: about {max_tokens:,} of {len(text) // _CHARACTERS:,} tokens; {len(text) - room:,} characters more]"
    return f"{text[:room]} …\n{left_out}"


def _tokens(limit: Any) -> int:
    return as_number(limit, "max_tokens", TOKENS, least=1)


def _not_connected(function: str, arguments: dict[str, Any]) -> Any:
    raise RuntimeError(f"{function}: this library is not connected to a host; call connect() first")


def _read(descriptor: int, offset: int, text: dict[str, Any]) -> Document:
    """One text of the file that the host wrote."""
    in_place = text["ascii"] and text["size"] >= _IN_PLACE
    return (_read_in_place if in_place else _read_whole)(descriptor, offset, text["size"])


def _read_whole(descriptor: int, offset: int, size: int) -> Document:
    data = b"".join(_pieces(descriptor, offset, size))
    return Document(data.decode("utf-8", "surrogatepass"))


def _read_in_place(descriptor: int, offset: int, size: int) -> Document:
    """A big ASCII text, read directly into the string that ``context`` will be.

    ``Document(text)`` copies, and for 100 MB that second copy would exceed the memory limit. So the Document
    is made from an ASCII string that was never written to, whose pages are not in memory yet, and is filled
    before any other code can see it or hash it.
    """
    import ctypes

    new = ctypes.pythonapi.PyUnicode_New
    new.restype, new.argtypes = ctypes.py_object, [ctypes.c_ssize_t, ctypes.c_uint32]
    address = ctypes.pythonapi.PyUnicode_AsUTF8
    address.restype, address.argtypes = ctypes.c_void_p, [ctypes.py_object]
    document = Document(new(size, 127))
    at = address(document)
    for piece in _pieces(descriptor, offset, size):
        ctypes.memmove(at, piece, len(piece))
        at += len(piece)
    return document


def _pieces(descriptor: int, offset: int, size: int) -> Iterator[bytes]:
    """The bytes of one text. Read, not mapped: a mapped file would count as memory of this process too."""
    while size:
        piece = os.pread(descriptor, min(size, _PIECE), offset)
        if not piece:
            raise EOFError("the file of texts is shorter than announced")
        yield piece
        offset += len(piece)
        size -= len(piece)


def _matching_lines(pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
    """The spans of the lines in which a pattern matches, each line once."""
    line_end = -1
    for match in pattern.finditer(text):
        if match.start() <= line_end:
            continue
        start = text.rfind("\n", 0, match.start()) + 1
        end = text.find("\n", max(match.end() - 1, match.start()))
        line_end = len(text) if end < 0 else end
        yield start, line_end


def _lines_of(text: str, starts: list[int]) -> Iterator[int]:
    """The line numbers of ascending offsets, counted from 1."""
    line, at = 1, 0
    for start in starts:
        line += text.count("\n", at, start)
        at = start
        yield line
