"""OpenDocument texts, sheets and presentations; places are paragraphs, rows or slides.

Comments and deleted text are left out and told; footnotes stand in the text where they are called.
"""

from __future__ import annotations

from collections.abc import Mapping

from harlm.context.document_names import shown_name
from harlm.context.readers.reading import Parts
from harlm.context.readers.zipped_xml import ZipPackage, parse_xml
from harlm.errors import ContextError
from harlm.patterns import lazy_pattern
from harlm.types import ReadResult, Skipped, Unit

_REFUSAL = "is not an OpenDocument file that can be opened; save it again with the program it came from"
_UNITS: Mapping[str, tuple[Unit, str]] = {
    "odt": ("paragraph", "\n"),
    "ods": ("row", "\n"),
    "odp": ("slide", "\n\n"),
}
_LEFT_OUT = {"annotation": "comments are left out", "tracked-changes": "deleted text is left out"}
_NOT_READ = frozenset(
    {*_LEFT_OUT, "note-citation", "styles", "master-styles", "automatic-styles", "forms", "ruby-text"}
)
_MOST_REPEATED = 1_000  # cells or rows that are the same
_MOST_EMPTY = 100  # cells between others
_LONGEST_TITLE = 100
_BLANKS = lazy_pattern(r"\s+")


def read(name: str, data: bytes) -> ReadResult:
    """One document of the text."""
    kind = name[-3:].lower()
    with ZipPackage(data, _REFUSAL) as package:
        text = _Text(kind)
        parse_xml(package.member("content.xml"), text.start, text.end, text.add)
    if text.parts.is_blank:
        raise ContextError("contains no text")
    return ReadResult(
        (text.parts.document(name, kind),),
        tuple(Skipped(name=name, reason=reason) for reason in text.left_out),
    )


class _Text:
    """The text as it grows.

    Attributes:
        parts: its parts.
        left_out: what was left out, in the order in which it came.
    """

    def __init__(self, kind: str) -> None:
        unit, separator = _UNITS[kind]
        self.parts = Parts(unit, separator=separator)
        self.left_out: dict[str, None] = {}
        self._kind = kind
        self._unread = 0
        self._open = 0  # paragraphs, one in another where there is a note
        self._letters: list[str] = []
        self._cells: list[list[str]] = []  # of the row that is open, each as its paragraphs
        self._rows = 0  # that are open, one in another
        self._cell: list[str] | None = None
        self._again = self._rows_again = 1
        self._row = 0
        self._title = ""
        self._slide: list[str] = []
        self._address = ""

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        if tag in _NOT_READ or self._unread:
            self._unread += 1
            if tag in _LEFT_OUT:
                self.left_out[_LEFT_OUT[tag]] = None
        elif tag in ("p", "h"):
            self._open += 1
            if tag == "h" and self._open == 1:
                self._letters.append("#" * min(_number(attributes.get("outline-level")), 6) + " ")
        elif tag == "s":
            self._letters.append(" " * min(_number(attributes.get("c")), _MOST_EMPTY))
        elif tag in ("tab", "line-break"):
            self._letters.append("\t" if tag == "tab" and not self._rows else " ")
        elif tag == "note":
            self._letters.append(" (")
        elif tag == "a":
            self._address = attributes.get("href", "")
        elif tag == "table" and self._kind == "ods":
            self._title, self._row = shown_name(attributes.get("name", "")[:_LONGEST_TITLE]), 0
        else:
            self._start_row(tag, attributes)

    def _start_row(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "table-row":
            self._rows += 1
            if self._rows == 1:
                self._cells = []
                self._rows_again = _number(attributes.get("number-rows-repeated"))
        elif tag in ("table-cell", "covered-table-cell") and self._rows == 1:
            self._cell = []
            self._again = _number(attributes.get("number-columns-repeated"))

    def end(self, tag: str) -> None:
        """An element ends."""
        if self._unread:
            self._unread -= 1
        elif tag in ("p", "h"):
            self._open -= 1
            if not self._open:
                self._end_paragraph()
        elif tag == "note":
            self._letters.append(")")
        elif tag == "a":
            if "://" in self._address and self._address not in "".join(self._letters[-3:]):
                self._letters.append(f" ({self._address})")
            self._address = ""
        elif tag in ("table-cell", "covered-table-cell") and self._cell is not None and self._rows == 1:
            self._cells += [self._cell] * min(self._again, _MOST_REPEATED if self._cell else _MOST_EMPTY)
            self._cell = None
        elif tag == "table-row":
            self._rows -= 1
            if not self._rows:
                self._end_row()
        elif tag == "page" and self._kind == "odp":
            self.parts.add("\n".join(self._slide))
            self._slide.clear()

    def add(self, text: str) -> None:
        """Text stands in an element."""
        if self._open and not self._unread:
            self._letters.append(_BLANKS.sub(" ", text))

    def _end_paragraph(self) -> None:
        text = "".join(self._letters).strip()
        self._letters.clear()
        if not text.strip("# "):
            return
        if self._cell is not None:
            self._cell.append(text)
        elif not self._rows:
            self._add_line(text)

    def _end_row(self) -> None:
        text = "\t".join(" ".join(cell) for cell in self._cells).rstrip("\t")
        if self._kind != "ods":
            if text.strip():
                self._add_line(text)
            return
        for number in range(
            self._row + 1, self._row + 1 + (min(self._rows_again, _MOST_REPEATED) if text.strip() else 0)
        ):
            self.parts.add(text, number=number, label=f"{self._title} row {number}")
        self._row += self._rows_again

    def _add_line(self, text: str) -> None:
        if self._kind == "odp":
            self._slide.append(text)
        elif self._kind == "odt":
            self.parts.add(text)


def _number(text: str | None) -> int:
    """A count of at least 1, which is also what a missing one means."""
    return max(1, int(text)) if text and text.isascii() and text.isdigit() and len(text) < 10 else 1
