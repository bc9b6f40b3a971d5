"""``context`` as model-written code sees it: real ``str`` and real ``list``, with search on top. Knows texts and
offsets; asks the host for ranking and for places that are not lines.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from typing import Any

Call = Callable[[str, dict[str, Any]], Any]

_IN_PLACE = 32 << 20  # bytes from which on an ASCII text is filled in place
_PIECE = 1 << 20
_CHARACTERS = 4  # of a token
_LINES = re.compile(r"^(?P<first>\d+)(?:-(?P<last>\d+))?$")
_OUTLINE = re.compile(
    r"^(?:#{1,6} .+|[ \t]*(?:async def|def|class) \w+.*|[^\s].{0,80}\n[=~\-]{4,}[ \t]*)$", re.MULTILINE
)


class Document(str):
    """One text of the context: a ``str`` with a name.

    ``.name``, ``.search(question, k)``, ``.grep(pattern)``, ``.read(place)``, ``.near(hit)``, ``.outline()``.
    """

    __slots__ = ("has_lines", "library", "name", "number")
    name: str
    has_lines: bool
    number: int
    library: Library

    def search(self, question: str, k: int = 10) -> Hits:
        """The passages of this text that fit a question best."""
        return self.library.search(question, k, self)

    def grep(self, pattern: str | re.Pattern[str], k: int = 200, flags: int = 0) -> Hits:
        """The lines of this text in which a regular expression matches."""
        return self.library.grep(pattern, k, flags, [self])

    def read(self, place: Any, max_tokens: int | None = None) -> str:
        """The text at ``(start, end)``, at lines ``"10-20"``, or of a hit; at most ``max_tokens`` of it."""
        if isinstance(place, str) and place.replace("-", "").isdigit():
            place = f"{self.name}:{place}"
        if isinstance(place, tuple):
            return cut(str(self[place[0] : place[1]]), max_tokens)
        return self.library.read(place, max_tokens)

    def near(self, hit: Any, max_tokens: int = 800) -> str:
        """What stands around a hit, or around an offset, in about ``max_tokens``."""
        return self.library.near(hit, max_tokens, self)

    def outline(self, k: int = 200, max_tokens: int | None = None) -> str:
        """Headings and definitions with their lines."""
        found = list(_OUTLINE.finditer(self))
        lines = [
            f"{line}: {match.group().splitlines()[0].rstrip()}"
            for match, line in zip(found[:k], _lines_of(self, [m.start() for m in found[:k]]), strict=True)
        ]
        more = [f"… and {len(found) - k} more"] if len(found) > k else []
        return cut("\n".join([*lines, *more]), max_tokens)


class Documents(list[Document]):
    """All texts of the context: a ``list`` of ``str``.

    ``.search(question, k)``, ``.grep(pattern)``, ``.read(place)``, ``.near(hit)``, ``.outline()``; each text has a ``.name``.
    """

    library: Library

    def search(self, question: str, k: int = 10) -> Hits:
        """The passages of all texts that fit a question best."""
        return self.library.search(question, k, None)

    def grep(self, pattern: str | re.Pattern[str], k: int = 200, flags: int = 0) -> Hits:
        """The lines of all texts in which a regular expression matches."""
        return self.library.grep(pattern, k, flags, self.library.documents)

    def read(self, place: Any, max_tokens: int | None = None) -> str:
        """The text at ``"name:10-20"``, of a hit, or of the document called so; at most ``max_tokens`` of it."""
        return self.library.read(place, max_tokens)

    def near(self, hit: Any, max_tokens: int = 800) -> str:
        """What stands around a hit, in about ``max_tokens``."""
        return self.library.near(hit, max_tokens, None)

    def outline(self, k: int = 200, max_tokens: int | None = None) -> str:
        """Names and sizes of the texts."""
        texts = self.library.documents
        lines = [f"{text.name}: {len(text):,} characters" for text in texts[:k]]
        more = [f"… and {len(texts) - k} more"] if len(texts) > k else []
        return cut("\n".join([*lines, *more]), max_tokens)


class Hit:
    """A place in the context that was found.

    ``.place`` (``docs/tls.md:41``, to be cited), ``.source``, ``.line`` (None where there are no lines), ``.text``,
    ``.quote`` (the sentence or line itself), ``.start``, ``.end``, ``.document`` (the whole text), ``.score``.
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
    """Hits that print one on a line, and say when some were cut off.

    ``.weights`` says of a search how telling each word of the question is here: its stem to its share.
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

    Responsibilities: read the texts that the host wrote, find in them, and say where a find stands.
    """

    def __init__(self, call: Call | None = None) -> None:
        self._call: Call = call or _nobody
        self.documents = Documents()
        self.documents.library = self
        self._named: dict[str, Document] | None = None

    def connect(self, call: Call) -> None:
        """Whom to ask from now on."""
        self._call = call

    def add(self, name: str, has_lines: bool, text: str) -> None:
        """One more text, sent whole; ``has_lines`` says that its places are its own lines."""
        self._adopt(Document(text), name, has_lines)

    def read_texts(self, descriptor: int, texts: list[dict[str, Any]]) -> None:
        """All texts of the file that the host wrote, one after another; the file is closed."""
        offset = 0
        for text in texts:
            self._adopt(_read(descriptor, offset, text), text["name"], text["has_lines"])
            offset += text["size"]
        os.close(descriptor)

    def take(self, texts: list[dict[str, Any]], shared: Documents, descriptor: int | None) -> None:
        """Texts that stand in ``shared`` already, by number, and others, from the file that the host wrote."""
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
        """What the name ``context`` stands for."""
        return self.documents[0] if shape == "text" else self.documents

    def search(self, question: str, k: int, within: Document | None) -> Hits:
        """Ranked by the host, which keeps the index."""
        arguments = {
            "query": str(question),
            "k": int(k),
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
        """The lines in which a pattern matches, in order, at most ``k``."""
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

    def near(self, hit: Any, max_tokens: int, within: Document | None) -> str:
        """What stands around a hit, from line to line where that is not far."""
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
        """The text of a hit, at ``name:10-20``, or of the document called so."""
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
                f"no text is called {place!r}; use a name, 'name:10-20', or a hit of search() or grep()"
            )
        return self._part(self._named[name], part.strip())

    def _part(self, text: Document, part: str) -> str:
        """Some lines, or a page, row, … by the name that a hit gives it."""
        lines = _LINES.match(part)
        if not text.has_lines or lines is None:
            start, end = self._call("extent", {"document": text.number, "part": part})
            return str(text[start:end]).rstrip("\n")
        first = int(lines["first"])
        return "\n".join(text.split("\n")[first - 1 : int(lines["last"] or first)])

    def _hits(self, text: Document, spans: list[tuple[int, int]]) -> Iterator[Hit]:
        starts = [start for start, _ in spans]
        places = self._places(text, starts)
        for (start, end), (label, line) in zip(spans, places, strict=True):
            quote = str(text[start:end]).strip()
            yield Hit(text, start, end, f"{text.name}:{label}", line, quote, 0.0)

    def _places(self, text: Document, starts: list[int]) -> list[tuple[str, int | None]]:
        if not starts:
            return []
        if text.has_lines:
            return [(str(line), line) for line in _lines_of(text, starts)]
        return [
            (label, line)
            for label, line in self._call("places", {"document": text.number, "offsets": starts})
        ]


def cut(text: str, max_tokens: int | None) -> str:
    """``text``, or its beginning and what of it was cut; a token is counted as four characters."""
    if max_tokens is None or len(text) <= _tokens(max_tokens) * _CHARACTERS:
        return text
    room = max_tokens * _CHARACTERS
    left_out = f"[cut: about {max_tokens:,} of {len(text) // _CHARACTERS:,} tokens; {len(text) - room:,} characters more]"
    return f"{text[:room]} …\n{left_out}"


def _tokens(most: Any) -> int:
    if not isinstance(most, int) or isinstance(most, bool) or most < 1:
        raise ValueError(f"max_tokens must be a number of tokens from 1 on, not {most!r}")
    return most


def _nobody(function: str, arguments: dict[str, Any]) -> Any:
    raise RuntimeError(f"{function}: nobody is there to be asked")


def _read(descriptor: int, offset: int, text: dict[str, Any]) -> Document:
    """One text of the file that the host wrote."""
    in_place = text["ascii"] and text["size"] >= _IN_PLACE
    return (_read_in_place if in_place else _read_whole)(descriptor, offset, text["size"])


def _read_whole(descriptor: int, offset: int, size: int) -> Document:
    data = b"".join(_pieces(descriptor, offset, size))
    return Document(data.decode("utf-8", "surrogatepass"))


def _read_in_place(descriptor: int, offset: int, size: int) -> Document:
    """A big ASCII text, read straight into the string that ``context`` will be.

    ``Document(text)`` copies, and for 100 MB that second copy is what breaks the memory bound. So the Document is made
    from an ASCII string that was never written to (its pages are not in memory yet), and filled before anyone has
    seen it, hashed it or taken its length for anything.
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
    """The bytes of one text. Read, not mapped: a mapped file would count as memory of this process as well."""
    while size:
        piece = os.pread(descriptor, min(size, _PIECE), offset)
        if not piece:
            raise EOFError("the file of texts is shorter than was announced")
        yield piece
        offset += len(piece)
        size -= len(piece)


def _matching_lines(pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
    """The spans of the lines in which a pattern matches, each line once."""
    past = -1
    for match in pattern.finditer(text):
        if match.start() <= past:
            continue
        start = text.rfind("\n", 0, match.start()) + 1
        end = text.find("\n", max(match.end() - 1, match.start()))
        past = len(text) if end < 0 else end
        yield start, past


def _lines_of(text: str, starts: list[int]) -> Iterator[int]:
    """The lines of ascending offsets, counted from 1."""
    line, at = 1, 0
    for start in starts:
        line += text.count("\n", at, start)
        at = start
        yield line
