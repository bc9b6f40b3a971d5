"""The code in the body of a fenced block: without the marks of a quotation, the indent of the block, or the prompts of a console."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import replace

from harlm.engine.replies.fences import Fence
from harlm.patterns import lazy_pattern

_PROMPT = lazy_pattern(r"[ \t]*+(?:>>>(?:[ \t]|$)|In \[\d{0,9}\]:[ \t]?)")
_MORE = lazy_pattern(r"[ \t]*+(?:\.\.\.(?:[ \t]|$)|\.\.\.+:[ \t]?)")
_NOT_BLANK = lazy_pattern(r"\S")
_INDENT = lazy_pattern(r"[ \t]*+")
_FIRST_LINE = lazy_pattern(r"(?:[ \t]*+(?:#[^\n]*+)?\n)*+(?P<indent>[ \t]*+)(?=[^\s#])")
_QUOTED = lazy_pattern(r"^[ \t]*+>[ \t]?", re.MULTILINE)


def content_start(text: str, start: int, end: int, quotes: int) -> int:
    """Where a line begins after at most ``quotes`` marks of quotations."""
    at = start
    for _ in range(quotes):
        marked = _INDENT.match(text, at, end).end()  # type: ignore[union-attr] # it matches nothing as well
        if not text.startswith(">", marked, end):
            break
        at = marked + 2 if text.startswith((" ", "\t"), marked + 1, end) else marked + 1
    return at


def is_blank(text: str, start: int, end: int) -> bool:
    """Whether a part of a text is blank."""
    return _NOT_BLANK.search(text, start, end) is None


def code_of(fence: Fence, body: str) -> str:
    """The code of a whole block: what a ``BodyReader`` gives for its lines, but faster."""
    for _ in range(fence.quotes):
        body = _QUOTED.sub("", body)
    first = f"{fence.first}\n" if fence.first else ""
    start = _FIRST_LINE.match(body)
    if first or start is None:
        return first + body
    if _PROMPT.match(body, start.start("indent")):
        reader = BodyReader(replace(fence, quotes=0))
        lines = [each for line in io.StringIO(body, newline="\n") for each in reader.read(line)]
        return "".join([*lines, *reader.rest()])
    indent = start["indent"]
    return body.removeprefix(indent).replace(f"\n{indent}", "\n") if indent else body


class BodyReader:
    """Reads a body line by line, so that what a line becomes never depends on the lines after it.

    Comments before the first line of code are held back, since that line shows the indent.
    """

    def __init__(self, fence: Fence) -> None:
        self._quotes = fence.quotes
        self.first = (fence.first + "\n",) if fence.first else ()
        self._indent: str | None = "" if fence.first else None
        self._held: list[str] = []
        self._has_prompts = False
        self._is_input = False

    def read(self, line: str) -> Iterator[str]:
        """The lines of code that one more line of the body gives."""
        line = line[content_start(line, 0, len(line), self._quotes) :]
        if self._indent is None:
            yield from self._before(line)
        elif self._has_prompts:
            yield from self._typed(line)
        else:
            yield line.removeprefix(self._indent)

    def rest(self) -> list[str]:
        """The lines that are still held back when the body ends."""
        return self._held

    def _before(self, line: str) -> Iterator[str]:
        """Read a line before which there is no code."""
        words = line.strip()
        if not words or words.startswith("#"):
            self._held.append(line)
            return
        self._has_prompts = _PROMPT.match(line) is not None
        self._indent = _INDENT.match(line)[0]  # type: ignore[index] # it matches nothing as well
        held, self._held = self._held, []
        if self._has_prompts:
            yield from self._typed(line)
        else:
            yield from (each.removeprefix(self._indent) for each in (*held, line))

    def _typed(self, line: str) -> Iterator[str]:
        """What was typed after a prompt; output is dropped."""
        prompt = _PROMPT.match(line) or (_MORE.match(line) if self._is_input else None)
        self._is_input = prompt is not None
        if prompt is not None:
            yield line[prompt.end() :] or "\n"
