"""The reply of a scripted root model as a stream: its tokens, and how each dialect of replies writes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

TOKENS_PER_S = 60.0

Dialect = Literal["repl", "dspy"]

_TOKEN = re.compile(r"\n *| ?[A-Za-z]{1,8}| ?\d{1,3}| ?[^\sA-Za-z\d]{1,3}| +")
_BLOCK = re.compile(r"```repl\n(?P<code>.*?)\n```", re.DOTALL)
_DONE = {
    "repl": '```repl\nFINAL("done")\n```',
    "dspy": '[[ ## reasoning ## ]]\nDone.\n\n[[ ## code ## ]]\n```python\nSUBMIT("done")\n```\n\n[[ ## completed ## ]]',
}
_DSPY_CODE = "\n\n[[ ## code ## ]]\n```python\n"
_DSPY_END = "\n```\n\n[[ ## completed ## ]]\n"


class Piece(NamedTuple):
    """A part of a reply that is sent at once.

    Attributes:
        text: what is sent.
        at: when, in seconds after the request.
        tokens: how many tokens have then been written.
    """

    text: str
    at: float
    tokens: int


class Cell(NamedTuple):
    """A block of code in a reply, with the character at which it begins."""

    code: str
    start: int


def tokens_of(text: str) -> list[str]:
    """A text in tokens: words of up to eight letters with the blank before, numbers, marks, line ends with the indent."""
    return _TOKEN.findall(text)


def cells_of(reply: str) -> tuple[Cell, ...]:
    """The blocks of code of a reply."""
    return tuple(Cell(found["code"], found.start("code")) for found in _BLOCK.finditer(reply))


def tokens_up_to(reply: str, character: int) -> int:
    """How many tokens are written once a character of a reply is."""
    end = 0
    for number, token in enumerate(tokens_of(reply), 1):
        end += len(token)
        if end > character:
            return number
    raise ValueError(f"a reply of {len(reply)} characters has no character {character}")


def written_s(reply: str) -> float:
    """The seconds in which a reply is written."""
    return len(tokens_of(reply)) / TOKENS_PER_S


def pieces_of(reply: str, dialect: Dialect) -> list[Piece]:
    """A reply in its tokens, as a dialect writes it. Marks that only the dialect has take no time.

    DSPy takes one block a reply, after its reasoning: blocks become one, and prose between them becomes comments.
    """
    if dialect == "repl":
        parts: Iterator[tuple[str, bool]] = ((token, True) for token in tokens_of(reply))
    else:
        parts = _for_dspy(reply)
    pieces: list[Piece] = []
    tokens = 0
    for text, is_token in parts:
        tokens += is_token
        if pieces and not is_token:
            pieces[-1] = pieces[-1]._replace(text=pieces[-1].text + text)
        else:
            pieces.append(Piece(text, tokens / TOKENS_PER_S, tokens))
    return pieces


def last_reply(dialect: Dialect) -> str:
    """The reply that ends a run."""
    return _DONE[dialect]


def _for_dspy(reply: str) -> Iterator[tuple[str, bool]]:
    """(text, whether it is a token of the reply) of a reply for DSPy."""
    cells = cells_of(reply)
    begin, end = cells[0].start, cells[-1].start + len(cells[-1].code)
    inside = [range(cell.start, cell.start + len(cell.code)) for cell in cells]
    yield "[[ ## reasoning ## ]]\n", False
    at = 0
    was_code = False
    for token in tokens_of(reply):
        is_code = any(at in cell for cell in inside)
        if at == begin:
            yield _DSPY_CODE, False
        elif begin < at < end and is_code != was_code:
            yield "\n" if is_code else "\n# ", False
        is_mark = not is_code and token.strip() in ("```", "repl")
        is_comment = begin < at < end and not is_code
        yield "" if is_mark else token.replace("\n", " ") if is_comment else token, True
        at += len(token)
        was_code = is_code
        if at == end:
            yield _DSPY_END, False
