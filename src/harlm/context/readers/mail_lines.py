"""Where the parts of a message stand in its file, and the text of a message with these lines."""

from __future__ import annotations

from array import array
from collections.abc import Container, Iterable, Sequence

from harlm.types import Document, Marks

_LONGEST_BLOCK = 1 << 20  # characters of headers that are looked through


class MailSource:
    """The source of a message, in which its parts are found one after another.

    Args:
        data: the message.
        first_line: the number of its first line in the file.
    """

    def __init__(self, data: bytes, first_line: int) -> None:
        self._text = data.decode("ascii", "surrogateescape")  # as the parser sees it
        self._at = self._counted = 0
        self._line = first_line
        self._is_lost = False

    def header_lines(self, names: Container[str]) -> dict[str, int]:
        """The line of the first of each of these headers, by name in lower case, in the next message or part.

        Args:
            names: the names in lower case.
        """
        found: dict[str, int] = {}
        at, line = self._at, self._line_of(self._at)
        most = at + _LONGEST_BLOCK
        while at < len(self._text) and at < most:
            end = self._text.find("\n", at) % (len(self._text) + 1)
            row = self._text[at:end]
            if found and not row.strip():
                break
            name = row.partition(":")[0].lower()
            if name in names:
                found.setdefault(name, line)
            at, line = end + 1, line + 1
        return found

    def find(self, body: str) -> int | None:
        """The line on which the body of the next part begins; ``None`` if it is not found as it was sent."""
        if self._is_lost or not body:
            return None
        starts = [self._text.find(blank + body, self._at) for blank in ("\n\n", "\n\r\n")]
        found = min((start + 2 for start in starts if start >= 0), default=-1)
        if found < 0:
            self._is_lost = True  # so that the rest is not searched again and again
            return None
        found += self._text.startswith("\n", found)
        line = self._line_of(found)
        self._at = found + len(body)
        return line

    @property
    def line(self) -> int:
        """The line up to which parts were found."""
        return self._line_of(self._at)

    def _line_of(self, at: int) -> int:
        self._line += self._text.count("\n", self._counted, at)
        self._counted = at
        return self._line


def lines_of_quoted(body: str) -> list[int]:
    """For each line of a text, the line of its quoted-printable form on which it begins, counted from 0."""
    lines, begins = [], True
    for number, row in enumerate(body.split("\n")):
        if begins:
            lines.append(number)
        begins = row.rstrip(" \t\r")[-1:] != "="
    return lines


class MailText:
    """The text of a message as it grows, each line with its place in the file."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._starts, self._numbers = array("Q"), array("Q")
        self._length = 0

    def add(self, text: str, line: int) -> None:
        """Add text that stands on one line of the file, or whose lines have no places of their own."""
        if not self._numbers or line > self._numbers[-1]:
            self._starts.append(self._length)
            self._numbers.append(line)
        self._texts.append(text)
        self._length += len(text)

    def add_lines(self, text: str, lines: Iterable[int]) -> None:
        """Add a text line by line.

        Args:
            text: the text.
            lines: the place of each of its lines; the last one holds for the rest.
        """
        numbers = iter(lines)
        number = 0
        for row in text.splitlines(keepends=True):
            number = next(numbers, number)
            self.add(row, number)

    def add_document(self, document: Document, lines: Sequence[int]) -> None:
        """Add a document whose places are lines of a part.

        Args:
            document: the document.
            lines: for each line of the part, its place in the file.
        """
        starts = [*(document.marks.starts if document.marks else [0]), len(document.text)]
        numbers = document.marks.numbers if document.marks else [1]
        for start, end, number in zip(starts, starts[1:], numbers, strict=False):
            self.add(document.text[start:end], lines[min(number, len(lines)) - 1])

    def end_block(self) -> None:
        """A blank line follows, if there is any text."""
        if self._texts:
            tail = "".join(self._texts[-2:])[-2:]
            self._texts.append("\n" * (2 - (len(tail) - len(tail.rstrip("\n")))))
            self._length += len(self._texts[-1])

    @property
    def is_blank(self) -> bool:
        """Whether nothing but blanks was added."""
        return not any(text.strip() for text in self._texts)

    def document(self, name: str) -> Document:
        """The document of all text."""
        text = "".join(self._texts).rstrip("\n")
        while self._starts and self._starts[-1] > len(text):
            self._starts.pop()
            self._numbers.pop()
        marks = Marks(unit="line", starts=self._starts, numbers=self._numbers)
        return Document(name=name, text=text, kind="mail", marks=marks)
