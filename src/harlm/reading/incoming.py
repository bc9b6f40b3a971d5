"""Builds the result of one file from frames, and checks and counts them."""

from __future__ import annotations

from array import array

from harlm.context.document_names import shown_name
from harlm.context.readers.brought import brought_readers
from harlm.reading.frames import (
    BrokenFrames,
    DocumentHead,
    FileEnd,
    Frame,
    LeftOutPart,
    PartsPiece,
    TextPiece,
    UnreadFile,
)
from harlm.reading.limits import ReadingLimits
from harlm.types import Document, Marks, ReadResult, Skipped, Unread

_KINDS = frozenset(
    "text code markdown json log csv html pdf docx pptx xlsx notebook mail rtf odt ods odp epub".split()
)
_MOST_DOCUMENTS = 20_000  # of one archive, and as many parts that were left out
_LONGEST_NAME = 1000  # characters, as those of a label and of a reason
_OVERHEAD = 256  # bytes that a document or a part that was left out takes besides its text
_ADVICE = "convert the part you need to text first"


class TooMuch(Exception):
    """The file holds more than its limits allow. The message says what."""


class IncomingFile:
    """One file as it arrives.

    Attributes:
        result: what was read, once all of it has arrived.

    Args:
        name: the name of the file.
        limits: what may arrive.
    """

    def __init__(self, name: str, limits: ReadingLimits) -> None:
        self.result: ReadResult | Unread | None = None
        self._name = name
        self._limits = limits
        self._documents: list[Document] = []
        self._skipped: list[Skipped] = []
        self._current: _IncomingDocument | None = None
        self._size = self._parts = 0

    def take(self, frame: Frame) -> None:
        """Take the next frame.

        Raises:
            BrokenFrames: it cannot come at this point, or contradicts an earlier one.
            TooMuch: a limit is passed.
        """
        match frame:
            case DocumentHead():
                self._end_document()
                self._count(size=_OVERHEAD)
                self._current = _IncomingDocument(self._own_name(frame.name), frame)
            case TextPiece() if self._current is not None:
                self._count(size=len(frame.text) * _bytes_a_character(frame.text))
                self._current.texts.append(frame.text)
            case PartsPiece() if self._current is not None:
                parts = self._current.add_parts(frame)
                self._count(parts=parts, size=sum(map(len, frame.labels)))
            case LeftOutPart():
                self._end_document()
                self._count(size=_OVERHEAD + len(frame.name) + len(frame.reason))
                name, reason = self._own_name(frame.name), _in_one_line(frame.reason)
                self._skipped.append(Skipped(name=name, reason=reason, is_unread=frame.is_unread))
            case UnreadFile() if not self._documents and self._current is None:
                self.result = Unread(_in_one_line(frame.reason))
            case FileEnd():
                self._end_document()
                self.result = ReadResult(tuple(self._documents), tuple(self._skipped))
            case _:
                raise BrokenFrames

    def _own_name(self, name: str) -> str:
        """The name of a part of this file, which cannot be taken for that of another file."""
        shown = shown_name(name)[:_LONGEST_NAME]
        is_own = shown == self._name or shown.startswith((f"{self._name}/", f"{self._name}:"))
        return shown if is_own or f"{shown}.gz" == self._name else f"{self._name}/{shown}"

    def _count(self, *, size: int = 0, parts: int = 0) -> None:
        self._size += size
        self._parts += parts
        if max(len(self._documents), len(self._skipped)) >= _MOST_DOCUMENTS + 1:
            raise TooMuch(f"holds more than {_MOST_DOCUMENTS:,} documents; {_ADVICE}")
        if self._size > self._limits.output:
            raise TooMuch(f"holds more than {self._limits.output >> 20} MB of text; {_ADVICE}")
        if self._parts > self._limits.parts:
            raise TooMuch(f"holds more than {self._limits.parts:,} lines, rows or pages; {_ADVICE}")

    def _end_document(self) -> None:
        if self._current is not None:
            self._documents.append(self._current.document())
            self._current = None


class _IncomingDocument:
    """One document of the file."""

    def __init__(self, name: str, head: DocumentHead) -> None:
        if head.kind not in _KINDS and f".{head.kind}" not in brought_readers():
            raise BrokenFrames
        self._name = name
        self._head = head
        self.texts: list[str] = []
        self._starts, self._numbers = array("Q"), array("Q")
        self._labels: list[str] = []

    def add_parts(self, piece: PartsPiece) -> int:
        """Add parts; returns how many."""
        if self._head.unit is None or len(piece.starts) % 8 or len(piece.numbers) % 8:
            raise BrokenFrames
        self._starts.frombytes(piece.starts)
        self._numbers.frombytes(piece.numbers)
        self._labels += [shown_name(label)[:_LONGEST_NAME] for label in piece.labels]
        return len(piece.starts) // 8

    def document(self) -> Document:
        """The document of all that has arrived."""
        text = "".join(self.texts)
        return Document(name=self._name, text=text, kind=self._head.kind, marks=self._marks(len(text)))

    def _marks(self, length: int) -> Marks | None:
        if self._head.unit is None:
            return None
        starts, numbers = self._starts, self._numbers
        counts = {len(starts), len(numbers) or len(starts), len(self._labels) or len(starts)}
        if len(counts) > 1 or not starts or starts[0] != 0 or starts[-1] > length or not _is_sorted(starts):
            raise BrokenFrames
        if not self._labels and not _is_sorted(numbers):
            raise BrokenFrames
        return Marks(
            unit=self._head.unit,
            starts=starts,
            numbers=numbers,
            labels=self._labels,
            own_lines=self._head.own_lines,
        )


def _is_sorted(numbers: array[int]) -> bool:
    return numbers == array("Q", sorted(numbers))


def _bytes_a_character(text: str) -> int:
    """How many bytes this process keeps for each character of ``text``."""
    return 1 if text.isascii() or max(text) < "\u0100" else 2 if max(text) < "\U00010000" else 4


def _in_one_line(reason: str) -> str:
    return shown_name(" ".join(reason.split()))[:_LONGEST_NAME]
