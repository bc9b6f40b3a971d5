"""The format code of a cell, such as ``#,##0.00;[Red]-0``, split into its sections and their tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

LONGEST_CODE = 255  # characters; Excel's own limit
_QUOTE, _ESCAPE, _SPACE, _FILL = '"', "\\", "_", "*"
_NOON = ("am/pm", "a/p", "上午/下午")

Kind = Literal[
    "text", "digit", "point", "comma", "percent", "exponent", "slash", "cell", "general", "date", "elapsed"
]
"""What a token is; ``cell`` stands for a text value, ``elapsed`` for hours, minutes or seconds in all."""


@dataclass(frozen=True, slots=True)
class FormatToken:
    """A piece of a format code. The text of a date token is in lower case."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """One of the up to four sections of a format code.

    Attributes:
        tokens: what it shows, in order.
        condition: the operator and the number of ``[>=100]``; ``None`` without one.
    """

    tokens: tuple[FormatToken, ...]
    condition: tuple[str, float] | None = None

    def has(self, *kinds: Kind) -> bool:
        """Whether any of its tokens is of one of these kinds."""
        return any(token.kind in kinds for token in self.tokens)


def sections_of(code: str) -> tuple[Section, ...]:
    """The sections of a format code; what follows ``LONGEST_CODE`` characters does not count."""
    sections: list[Section] = []
    tokens: list[FormatToken] = []
    condition: tuple[str, float] | None = None
    code = code[:LONGEST_CODE]
    at = 0
    while at < len(code):
        letter = code[at]
        if letter == ";":
            sections.append(Section(tuple(tokens), condition))
            tokens, condition, at = [], None, at + 1
        elif letter == "[":
            end = code.find("]", at)
            inside = code[at + 1 : end if end >= 0 else len(code)]
            condition = _condition(inside) or condition
            if (token := _bracket(inside)) is not None:
                tokens.append(token)
            at = end + 1 if end >= 0 else len(code)
        else:
            token, at = _token(code, at)
            if token.text:
                tokens.append(token)
    return (*sections, Section(tuple(tokens), condition))


def _token(code: str, at: int) -> tuple[FormatToken, int]:
    """The token that begins at ``at``, and where it ends. Its text is empty for what only aligns the cell."""
    letter = code[at]
    low = code[at : at + len("general")].lower()
    if letter == _QUOTE:
        end = code.find(_QUOTE, at + 1)
        end = end if end >= 0 else len(code)
        return FormatToken("text", code[at + 1 : end]), end + 1
    if letter == _ESCAPE:
        return FormatToken("text", code[at + 1 : at + 2]), at + 2
    if letter in (_SPACE, _FILL):
        return FormatToken("text", ""), at + 2
    if low == "general":
        return FormatToken("general", low), at + len(low)
    for noon in _NOON:
        if low.startswith(noon):
            return FormatToken("date", "am/pm"), at + len(noon)
    if low[:1] == "e" and code[at + 1 : at + 2] in ("+", "-"):
        return FormatToken("exponent", code[at : at + 2]), at + 2
    if low[:1] in tuple("ymdhsbega"):
        end = at
        while end < len(code) and code[end].lower() == low[0]:
            end += 1
        return FormatToken("date", code[at:end].lower()), end
    return FormatToken(_KINDS.get(letter, "text"), letter), at + 1


_KINDS: dict[str, Kind] = {
    "0": "digit",
    "#": "digit",
    "?": "digit",
    ".": "point",
    ",": "comma",
    "%": "percent",
    "/": "slash",
    "@": "cell",
}


def _bracket(inside: str) -> FormatToken | None:
    """``[h]`` is elapsed time and ``[$€-407]`` a currency; colours, languages and digits show nothing."""
    low = inside.lower()
    if low and low[0] in "hms" and low.strip(low[0]) == "":
        return FormatToken("elapsed", low)
    if low.startswith("$") and (shown := inside[1:].partition("-")[0]):
        return FormatToken("text", shown)
    return None


def _condition(inside: str) -> tuple[str, float] | None:
    for operator in ("<=", ">=", "<>", "<", ">", "="):
        if inside.startswith(operator):
            try:
                return operator, float(inside[len(operator) :])
            except ValueError:
                return None
    return None
