"""A reply that is still being written: which statements of one of its cells are whole, and which of its blocks are closed.

Both are asked whenever more of the reply arrives, so they look at what is new only. The scanner is that of whole replies.
"""

from __future__ import annotations

from harlm.engine.replies.blocks import CodeBlock
from harlm.engine.replies.body import BodyReader
from harlm.engine.replies.fences import Fence
from harlm.engine.replies.lines import Scanner
from harlm.engine.replies.python import parsed, scan_line, tokens_with
from harlm.scheduler.analysis import LONGEST_CELL

_LONGEST = 100_000  # characters of a reply; a longer one is not looked at while it is written
_IN_VAIN = 4_000  # characters that are parsed without result, in all
_CONTINUING = ("elif", "else", "except", "finally", "case", ")", "]", "}", '"', "'", "#", "@")
"""Beginnings of an unindented line that may still belong to the statement above it."""
_STRINGS = tokens_with("(?!)")


class ClosedBlocks:
    """Follows the closed blocks of one reply, and which reply it is.

    Attributes:
        begins_with_code: whether a fence comes before any word. Thoughts that no mark opens begin with words.
    """

    def __init__(self) -> None:
        self._text = ""
        self._scanner = Scanner()
        self.begins_with_code = False

    def take(self, text: str) -> tuple[str, ...] | None:
        """Take the reply so far.

        Returns:
            the cells of its blocks that are closed and have more text after them, in order. The whole reply begins
            with them, except that an end of thoughts may turn all of it into thoughts. ``None`` if this is not the
            reply that was taken before, or one that is too long to be followed.
        """
        if not text.startswith(self._text) or len(text) > _LONGEST:
            return None
        self._text = text
        lines = text if "\r" not in text else text.replace("\r\n", "\n").replace("\r", "\n")
        self.begins_with_code = lines.lstrip().startswith(("```", "~~~"))
        self._scanner.advance(lines, is_all=False)
        closed = [each for each in self._scanner.segments if each.cells and each.is_sure and each.is_closed]
        if closed and not lines[closed[-1].end :].strip():
            closed.pop()
        return tuple(cell for each in closed for cell in each.cells)


class ReplySoFar:
    """Follows one cell of one reply.

    Args:
        cell: its number in the reply, from 0.
    """

    def __init__(self, cell: int = 0) -> None:
        self._cell = cell
        self._text = ""
        self._scanner = Scanner()
        self._place: int | None = None  # where the block begins whose code is followed
        self._reader: BodyReader | None = None
        self._read = 0  # where the first line of the block is that was not read
        self._statements = _Statements()

    def begun_anew(self) -> ReplySoFar:
        """What follows the same cell of another reply."""
        return ReplySoFar(self._cell)

    @property
    def tail(self) -> str:
        """The whole lines that follow the whole statements of the cell."""
        return self._statements.pending

    def extends_to(self, text: str) -> bool:
        """Whether ``text`` is the reply that was taken so far, and perhaps more of it."""
        return text.startswith(self._text)

    def take(self, text: str) -> str:
        """Take the reply so far.

        Returns:
            the statements of the cell that stay as they are whatever the model writes next, except that an
            end of thoughts may turn all of it into thoughts. The last statement is held back while its block is
            open. Empty if there is no cell, or if the code so far is not Python.
        """
        if len(text) <= _LONGEST:
            self._text = text
            lines = text if "\r" not in text else text.replace("\r\n", "\n").replace("\r", "\n")
            self._scanner.advance(lines, is_all=False)
            self._follow(lines)
        return self._statements.code

    def _follow(self, text: str) -> None:
        before = 0
        for each in self._scanner.segments:
            if not each.is_sure:
                continue
            if before + len(each.cells) > self._cell:
                self._at(each.start, None)
                self._statements.complete(each.cells[self._cell - before])
                return
            before += len(each.cells)
        if before < self._cell:
            return
        block = self._scanner.region
        if type(block) is not CodeBlock or block.fence.kind != "python":
            self._at(None, None)
            return
        self._at(block.start, block.fence)
        if self._reader is None:
            return
        end = block.certain_end
        self._read_lines(text, max(self._read, block.body), self._scanner.at if end is None else end)

    def _read_lines(self, text: str, at: int, end: int) -> None:
        assert self._reader is not None
        while (stop := text.find("\n", at, end) + 1) > at:
            for line in self._reader.read(text[at:stop]):
                self._statements.add(line)
            at = stop
        self._read = at
        self._statements.settle()

    def _at(self, place: int | None, fence: Fence | None) -> None:
        """Follow the block at ``place``, from its beginning if it is another one."""
        if place == self._place:
            return
        self._place, self._read = place, 0
        self._statements = _Statements()
        self._reader = None if fence is None else BodyReader(fence)
        for line in () if self._reader is None else self._reader.first:
            self._statements.add(line)


class _Statements:
    """The whole statements of a cell that comes line by line."""

    def __init__(self) -> None:
        self.code = ""
        self._pending: list[str] = []  # lines after that code
        self._size = 0  # of these
        self._whole = 0  # how many of them are before the last statement
        self._quotes = ""  # of the string that is open
        self._in_vain = 0
        self._is_over = False

    @property
    def pending(self) -> str:
        """The lines after the whole statements; empty once no more are taken."""
        return "" if self._is_over else "".join(self._pending)

    def add(self, line: str) -> None:
        """Take one more line."""
        if self._is_over:
            return
        if not self._quotes and _begins_a_statement(line):
            self._whole = len(self._pending)
        self._quotes = scan_line(line, 0, len(line), self._quotes, _STRINGS).quotes
        self._pending.append(line)
        self._size += len(line)
        self._is_over = len(self.code) + self._size > LONGEST_CELL

    def settle(self) -> None:
        """Add the statements that are whole."""
        if self._whole and not self._is_over:
            self._take("".join(self._pending[: self._whole]), self._whole)
        self._whole = 0

    def complete(self, cell: str) -> None:
        """Take the whole cell."""
        if self._is_over or len(cell) > LONGEST_CELL or not cell.startswith(self.code):
            return
        self._take(cell[len(self.code) :], len(self._pending))
        self._is_over = True

    def _take(self, new: str, lines: int) -> None:
        if parsed(new) is None:
            self._in_vain += len(new)
            self._is_over = self._in_vain > _IN_VAIN
            return
        self.code += new
        del self._pending[:lines]
        self._size = sum(map(len, self._pending))


def _begins_a_statement(line: str) -> bool:
    return bool(line.strip()) and not line[0].isspace() and not line.startswith(_CONTINUING)
