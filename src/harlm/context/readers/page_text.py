"""Builds the visible text of a page, as a browser lays it out, with a mark wherever the line of the source changes."""

from __future__ import annotations

from array import array

from harlm.types import Document, Marks

_LONGEST_ROW = 300  # characters of a table row, after which blocks inside a cell are lines of their own


class PageText:
    """The text of a page as it grows.

    Responsibilities: collapse blanks, break lines between blocks, put tabs between cells, note the line of the source.
    """

    def __init__(self) -> None:
        self._out: list[str] = []
        self._length = 0
        self._line_start = 0
        self._starts, self._numbers = array("Q"), array("Q")
        self._prefix = ""
        self._owed = ""  # blanks before the next word: a space, tabs, or line ends
        self._rows: list[bool] = [False]  # for each table that is open, whether a row is
        self._cells = self._spanned = 0
        self._is_fresh, self._before = (
            False,
            "",
        )  # whether nothing verbatim has come yet, and what was owed until then

    def words(self, text: str, line: int) -> None:
        """Text whose blanks and line ends are blanks between words.

        Args:
            text: the text.
            line: the line of the source on which it begins.
        """
        for number, piece in enumerate(text.split("\n"), start=line):
            if number > line or piece[:1].isspace():
                self.space()
            if words := piece.split():
                self._write(" ".join(words), number)
                if piece[-1].isspace():
                    self.space()

    def verbatim(self, text: str, line: int) -> None:
        """Text whose blanks and line ends are kept, except blank lines at its ends."""
        for number, piece in enumerate(text.split("\n"), start=line):
            if number > line:
                self._owed = self._before if self._is_fresh else self._owed + "\n"
            if piece.strip():
                self._write(piece, number)
            else:
                self._owed += piece

    def start_verbatim(self) -> None:
        """Text follows of which blanks are kept."""
        self.end_block()
        self._is_fresh, self._before = True, self._owed

    def space(self) -> None:
        """A blank, if words stand before it on its line."""
        if self._has_line and not self._owed:
            self._owed = " "

    def end_block(self) -> None:
        """The end of a block: of a line, or of a blank where the block is part of a short table row."""
        if self._rows[-1] and self._length - self._line_start < _LONGEST_ROW:
            self.space()
        else:
            self._end_line()

    def begin_with(self, prefix: str) -> None:
        """What the next block begins with, if it has any text."""
        self._prefix = prefix

    def start_table(self) -> None:
        """A table begins, perhaps in a cell of another."""
        self._end_line()
        self._rows.append(False)

    def end_table(self) -> None:
        """The innermost table ends."""
        self._end_line()
        if len(self._rows) > 1:
            self._rows.pop()

    def start_row(self) -> None:
        """A row of the innermost table begins."""
        self._end_line()
        self._rows[-1] = True
        self._cells = self._spanned = 0

    def end_row(self) -> None:
        """A row ends."""
        self._end_line()
        self._rows[-1] = False

    def start_cell(self) -> None:
        """A cell begins."""
        if not self._rows[-1]:
            self.start_row()
        if self._cells:
            self._owed = self._owed.strip(" ") + "\t" * (1 + self._spanned)
        self._cells += 1
        self._spanned = 0

    def span(self, cells: int) -> None:
        """The cell that began is as wide as it and so many more."""
        self._spanned = cells

    def aside(self, text: str, line: int) -> None:
        """A word that stands between the last one and the blank after it."""
        owed, self._owed = self._owed, " "
        self._write(text, line)
        self._owed = owed

    @property
    def is_empty(self) -> bool:
        """Whether nothing was added."""
        return not self._out

    def document(self, name: str, kind: str) -> Document:
        """The document of all text."""
        marks = Marks(unit="line", starts=self._starts, numbers=self._numbers)
        return Document(name=name, text="".join(self._out), kind=kind, marks=marks if self._out else None)

    @property
    def _has_line(self) -> bool:
        return self._length > self._line_start

    def _end_line(self) -> None:
        if self._has_line:
            self._owed = "\n"
        elif self._out:
            self._owed = self._owed.strip(" \t")

    def _write(self, text: str, number: int) -> None:
        """Write text that belongs to one line of the source, after what is owed before it."""
        begins = self._length
        if self._owed:
            begins += self._owed.rfind("\n") + 1
            if "\n" in self._owed:
                self._line_start = begins
            else:
                begins += len(self._owed)
            self._append(self._owed)
            self._owed = ""
        if not self._numbers or number > self._numbers[-1]:
            self._starts.append(begins if self._starts else 0)
            self._numbers.append(number)
        self._is_fresh = False
        if self._prefix:
            self._append(self._prefix)
            self._prefix = ""
        self._append(text)

    def _append(self, text: str) -> None:
        self._out.append(text)
        self._length += len(text)
