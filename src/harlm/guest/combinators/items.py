"""Cuts a context into items: lines, sentences, paragraphs, documents, or parts that one call can hold. Nothing is dropped
but blank items.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..arguments import TOKENS, WORD, as_number_or_none, as_text

KINDS = ("auto", "line", "sentence", "paragraph", "document", "part")

_CHARACTERS = 4  # per token
_TOKENS = 2_000  # of a part
_SENTENCE = re.compile(r"(?<=[.!?])(?P<end>[\"')\]]*+)\s++(?=[\"'(\[]?[A-Z0-9])|(?<=[。！？])")
_PARAGRAPH = re.compile(r"\n[ \t]*\n\s*")
_LINES = 3  # a text of at least so many lines of about one length is a list of lines
_LONG = 2_000  # characters of a line that is no item of a list


def texts_of(context: Any) -> list[str]:
    """The texts of a context: a ``str``, or a list, a tuple or a dict of them.

    Raises:
        TypeError: it is something else.
    """
    if isinstance(context, str):
        return [context]
    if isinstance(context, dict):
        context = list(context.values())
    if isinstance(context, list | tuple) and all(isinstance(each, str) for each in context):
        return list(context)
    raise TypeError(f"split takes a str or a list of str, not {type(context).__name__}")


def split(context: Any, by: str = "auto", tokens: int | None = None) -> list[str]:
    """The items of a context, in order, as a list of str.

    Args:
        context: a text, or several.
        by: ``line``, ``sentence``, ``paragraph``, ``document``, ``part`` (of at most ``tokens`` tokens, cut between
            paragraphs, lines, sentences or words, in this order of preference), or ``auto``: lines if the text is a list of
            lines, else paragraphs.
        tokens: the size of a part; 2,000 by default.

    Raises:
        TypeError, ValueError: an argument is of no such kind.
    """
    kind = as_text(by, "`by` of split", WORD).casefold().removesuffix("s")
    if kind not in KINDS:
        raise ValueError(f"split by {by!r} does not exist; use one of {', '.join(KINDS)}")
    size = as_number_or_none(tokens, "tokens of split", TOKENS, least=1) or _TOKENS
    texts = texts_of(context)
    if kind == "part":
        return [part for text in texts for part in parts_of(text, _CHARACTERS * size)]
    found: list[str] = []
    for text in texts:
        found += _CUTS[_kind(text) if kind == "auto" else kind](text)
    return [each for each in (item.strip() for item in found) if each]


def parts_of(text: str, characters: int) -> Iterator[str]:
    """The text in parts of at most so many characters, cut at the largest seam that a part has in its second half."""
    start = 0
    while start < len(text):
        end = min(len(text), start + characters)
        if end < len(text):
            end = _seam(text, start + characters // 2, end)
        if part := text[start:end].strip():
            yield part
        start = end


def _seam(text: str, first: int, last: int) -> int:
    for seam in ("\n\n", "\n", ". ", " "):
        at = text.rfind(seam, first, last)
        if at >= 0:
            return at + len(seam)
    return last


def _kind(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < _LINES or "\n\n" in text.strip() or max(map(len, lines)) > _LONG:
        return "paragraph" if "\n" in text.strip() else "sentence"
    return "line"


def _sentences(text: str) -> Sequence[str]:
    found: list[str] = []
    for part in _PARAGRAPH.split(text):
        start = 0
        for seam in _SENTENCE.finditer(part):
            found.append(part[start : seam.start() + len(seam["end"] or "")])
            start = seam.end()
        found.append(part[start:])
    return found


_CUTS: dict[str, Callable[[str], Sequence[str]]] = {
    "line": str.splitlines,
    "sentence": _sentences,
    "paragraph": _PARAGRAPH.split,
    "document": lambda text: [text],
}
