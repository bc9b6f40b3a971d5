"""What a reader returns, and how a text is put together from parts while noting where each begins."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

from harlm.types import Document, Marks, Skipped, Unit


@dataclass(frozen=True, slots=True)
class Reading:
    """The documents that came out of one file, and what was left out of them."""

    documents: tuple[Document, ...]
    skipped: tuple[Skipped, ...] = ()


@dataclass(slots=True)
class Parts:
    """Builds the text of a document part by part.

    Responsibilities: join the parts with a separator, remember where each begins and what it is called.
    """

    unit: Unit
    separator: str = "\n\n"
    _texts: list[str] = field(default_factory=list)
    _starts: array[int] = field(default_factory=lambda: array("Q"))
    _numbers: list[int] = field(default_factory=list)
    _labels: list[str] = field(default_factory=list)
    _length: int = 0

    def add(self, text: str, *, number: int | None = None, label: str | None = None) -> None:
        """One more part. ``number`` where parts are not simply counted, ``label`` where a number is not enough."""
        if self._texts:
            self._length += len(self.separator)
        self._starts.append(self._length)
        self._texts.append(text)
        self._length += len(text)
        if number is not None:
            self._numbers.append(number)
        if label is not None:
            self._labels.append(label)

    def document(self, name: str, kind: str) -> Document:
        """The document that the parts make."""
        marks = Marks(unit=self.unit, starts=self._starts, numbers=self._numbers, labels=self._labels)
        return Document(name=name, text=self.separator.join(self._texts), kind=kind, marks=marks)

    @property
    def is_blank(self) -> bool:
        """Whether no part holds anything but blanks."""
        return not any(text.strip() for text in self._texts)
