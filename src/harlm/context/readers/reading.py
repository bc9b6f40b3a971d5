"""What readers share: a builder of texts from parts that records where each part begins, and errors in words."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

from harlm.context.document_names import shown_name
from harlm.errors import ContextError
from harlm.types import Document, Marks, Unit

MOST_TEXT = 64 << 20  # characters
MOST_PARTS = 2_000_000
_LONGEST_ERROR = 200  # characters


def shown_error(error: Exception) -> str:
    """The error of a parser on one line.

    It is made safe to show, since it may quote the contents of a file.
    """
    said = shown_name(" ".join(str(error).split()))
    return f"{type(error).__name__}: {said[:_LONGEST_ERROR]}" if said else type(error).__name__


@dataclass(slots=True)
class Parts:
    """Builds the text of a document part by part.

    Responsibilities: join the parts with a separator, record where each begins and its number or label,
    reject a text that grows beyond a limit.

    Attributes:
        unit: the kind of part.
        separator: the text between two parts.
        longest: the most characters, which with ``MOST_PARTS`` stops a small file that is made to fill the
            memory; ``None`` for formats whose text is never longer than their file.
    """

    unit: Unit
    separator: str = "\n\n"
    longest: int | None = MOST_TEXT
    _texts: list[str] = field(default_factory=list)
    _starts: array[int] = field(default_factory=lambda: array("Q"))
    _numbers: list[int] = field(default_factory=list)
    _labels: list[str] = field(default_factory=list)
    _length: int = 0

    def add(self, text: str, *, number: int | None = None, label: str | None = None) -> None:
        """Add a part.

        Args:
            text: its text.
            number: its number, for parts that are not numbered 1, 2, 3, …
            label: its full label, for parts that a number alone cannot name.

        Raises:
            ContextError: the text grows beyond its limit.
        """
        if self._texts:
            self._length += len(self.separator)
        self._starts.append(self._length)
        self._texts.append(text)
        self._length += len(text)
        if self.longest is not None and (self._length > self.longest or len(self._texts) > MOST_PARTS):
            raise ContextError(
                f"contains more than {self.longest:,} characters or {MOST_PARTS:,} {self.unit}s of text; "
                "save the part you need as a text or CSV file"
            )
        if number is not None:
            self._numbers.append(number)
        if label is not None:
            self._labels.append(label)

    def document(self, name: str, kind: str) -> Document:
        """The document of all parts."""
        marks = Marks(unit=self.unit, starts=self._starts, numbers=self._numbers, labels=self._labels)
        return Document(name=name, text=self.separator.join(self._texts), kind=kind, marks=marks)

    @property
    def is_blank(self) -> bool:
        """Whether all parts are blank."""
        return not any(text.strip() for text in self._texts)
