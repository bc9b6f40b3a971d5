"""Parses a model's reply: its code blocks, and a ``FINAL(...)`` in its prose.

Accepts the notations that models were trained on. Never runs the code. The reply may be anything: time and memory
are linear in its length, since no pattern here can match the same text in two ways.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from harlm.scheduler.analysis import LONGEST_CELL

_OPENING = re.compile(
    r"^(?P<indent>[ \t]*+)(?P<ticks>`{3,100}+(?!`)|~{3,100}+(?!~))[ \t]*+(?P<tag>[\w+.-]*+)[^\n]*+\n",
    re.MULTILINE,
)
_CODE_TAGS = frozenset({"", "repl", "python", "py", "python3", "ipython", "tool_code"})
_FINAL = re.compile(r"^[ \t>*]*+(?P<name>FINAL_VAR|FINAL|SUBMIT)[ \t]*+\(", re.MULTILINE)
_CLOSED = re.compile(r"\)[ \t*.]*+$", re.MULTILINE)
_LAST_CLOSED = re.compile(r".*(?P<last>\))[ \t*.]*+$", re.MULTILINE | re.DOTALL)
_VARIABLE = re.compile(r"""\s*+["']?(\w++)["']?\s*+\Z""")
_NOT_FOUND = re.compile(
    r"""[\s*_"'#]*+NOT[ _]FOUND[*_"']*+(?:[.:;,–-][\s*_"'.:;,–-]*+|[^\S\n]*+(?:\n\s*+|\Z))"""
)
_MOST_BLOCKS = 500  # fenced blocks of one reply that are read
_MOST_CLOSINGS = 10_000  # lines that end with a parenthesis and may end a FINAL(...)


@dataclass(frozen=True, slots=True)
class ParsedReply:
    """A model's reply, taken apart.

    Attributes:
        cells: the code blocks in order.
        finish: code that finishes, made from a ``FINAL(...)`` in prose; ``None`` if there is none.
        prose: the reply without its code blocks.
        is_whole: whether all of it was read; not what follows ``_MOST_BLOCKS`` blocks.
    """

    cells: tuple[str, ...]
    finish: str | None
    prose: str
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Fence:
    """The opening fence of a block.

    Attributes:
        ticks: its backticks or tildes, which the closing fence repeats.
        indent: blanks before it, which the lines of the block have too.
        is_code: whether its tag says that the block is a cell.
    """

    ticks: str
    indent: str
    is_code: bool


def fence_in(line: str) -> Fence | None:
    """The opening fence that a line is, if it is one.

    Args:
        line: with its line end.
    """
    match = _OPENING.match(line)
    return None if match is None else _fence(match)


def _fence(opening: re.Match[str]) -> Fence:
    return Fence(opening["ticks"], opening["indent"], opening["tag"].lower() in _CODE_TAGS)


@dataclass(frozen=True, slots=True)
class _Block:
    """A fenced block of a reply, by offsets in it.

    Attributes:
        fence: its opening fence.
        start, end: the block with its fences; one without a closing fence extends to the end.
        body, body_end: its text.
    """

    fence: Fence
    start: int
    body: int
    body_end: int
    end: int

    def code(self, text: str) -> str:
        """The text of the block, without its indentation."""
        body, indent = text[self.body : self.body_end], self.fence.indent
        return body.removeprefix(indent).replace(f"\n{indent}", "\n") if indent else body


def _blocks(text: str) -> Iterator[_Block]:
    """The fenced blocks of a reply."""
    marks = [at for mark in ("```", "~~~") if (at := text.find(mark)) >= 0]
    if not marks:
        return
    at = text.rfind("\n", 0, min(marks)) + 1
    while (opening := _OPENING.search(text, at)) is not None:
        fence = _fence(opening)
        closing = _closing(fence.ticks).search(text, opening.end())
        at = len(text) if closing is None else closing.end()
        yield _Block(fence, opening.start(), opening.end(), at if closing is None else closing.start(), at)


@lru_cache(maxsize=16)
def _closing(ticks: str) -> re.Pattern[str]:
    return re.compile(rf"^[ \t]*+{ticks}[ \t]*+$", re.MULTILINE)


def parse_reply(text: str) -> ParsedReply:
    """Take a reply apart. Fences may be ``repl``, ``python`` or bare; an unclosed one extends to the end."""
    found = _blocks(text)
    read = list(islice(found, _MOST_BLOCKS))
    ends = [0, *(block.end for block in read)]
    unread = next(found, None)
    starts = [*(block.start for block in read), len(text) if unread is None else unread.start]
    prose = "".join(text[end:start] for end, start in zip(ends, starts, strict=True)).strip()
    cells = (block.code(text) for block in read if block.fence.is_code)
    return ParsedReply(
        tuple(cell for cell in cells if cell.strip()), _finish_in_prose(prose), prose, is_whole=unread is None
    )


def parse_not_found(text: str) -> str | None:
    """The text after ``NOT FOUND`` at the beginning of an answer; ``None`` if the answer does not begin with
    these words.

    Only in capitals and on their own, as the prompts ask for them: "Not Found" is also HTTP's status 404.
    """
    match = _NOT_FOUND.match(text)
    return text[match.end() :].strip() if match else None


def _finish_in_prose(prose: str) -> str | None:
    match = _FINAL.search(prose) if "FINAL" in prose or "SUBMIT" in prose else None
    body = _in_parentheses(prose, match.end()) if match else None
    if match is None or body is None:
        return None
    name = match["name"]
    if name == "FINAL_VAR" and (variable := _VARIABLE.match(body)):
        return f'FINAL_VAR("{variable[1]}")'
    return f"FINAL({_value(body)!r})"


def _value(body: str) -> object:
    """The Python value that is written in parentheses; the text itself if it is not one, or too long to tell."""
    if len(body) > LONGEST_CELL and not _is_one_string(body):
        return body
    try:
        value: object = ast.literal_eval(body)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return body
    return value


def _is_one_string(body: str) -> bool:
    """Whether a text is one string in quotes, which is parsed fast whatever its length."""
    quote = body[:3] if body[:3] in ('"""', "'''") else body[:1]
    return quote[:1] in ('"', "'") and body.endswith(quote) and body.count(quote) == 2


def _in_parentheses(text: str, start: int) -> str | None:
    """The text from ``start`` to the closing parenthesis: the first one at the end of a line with balanced
    parentheses before it, else the last one at the end of a line. ``None`` if no line ends with one.
    """
    at, depth = start, 0
    for closed in islice(_CLOSED.finditer(text, start), _MOST_CLOSINGS):
        depth += text.count("(", at, closed.start()) - text.count(")", at, closed.start())
        at = closed.start()
        if not depth:
            return text[start:at].strip()
    last = _LAST_CLOSED.match(text, at)
    return text[start : last.start("last")].strip() if last else None
