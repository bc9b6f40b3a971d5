"""Cuts a line of a prompt into the pieces that may be items: without numbers, bullets, quotes and escapes, and by sentences.

Works in time linear in the line, and knows no item.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_NUMBER = re.compile(
    r"[\s>*•\-\"'`]*(?:(?:line|item|row|entry|text|question|message|doc|document|q|no\.?)\s*)?#?"
    r"(?:\[(?P<boxed>\d{1,9})\][:.]?|\(?(?P<plain>\d{1,9})\)?\s*(?:[:.)|\t]|->|[-–=](?!\d)))\s*",
    re.IGNORECASE,
)
_INNER = (": ", ". ", "? ", "! ", '"', "'", "\\")
_CLOSING = "\"'`”’,;"
_BULLETS = " \t>*•-"
_AROUND = " \t\r\"'`“”‘’«»,;[](){}<>*•-–"
_LISTED = ('", "', "', '", '","', "','", "\\n")
_LABELS = 3  # of the kind ``Text:`` that may stand before an item in its line
_LEAST_FIELD = 12  # characters of a field of an item that is known by itself
_SEPARATORS = (" || ", " | ", "||", "\t", " ; ")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)")
_END = re.compile(r"(?<=[?!])\s+")
_PLAIN = {"n": "\n", "t": "\t", "r": "\r"}


class Piece(NamedTuple):
    """What a piece of a line may be.

    Attributes:
        text: without some of what stands around it.
        number: the number before it; empty if there is none.
    """

    text: str
    number: str


def has_more(line: str) -> bool:
    """Whether there is anything in a line, without blanks around it, that an item in it could be told from."""
    if not line:
        return False
    if not (line[0].isalpha() or line[0] == "_") or line[-1] in _CLOSING:
        return True
    return next((True for mark in _INNER if mark in line), False)


def pieces(line: str) -> Iterator[tuple[str, int]]:
    """The pieces of a line, each with its place: one, unless the line is a list as JSON or Python write it."""
    mark = next((each for each in _LISTED if each in line), None)
    if mark is None:
        yield line, 0
        return
    at = 0
    for part in line.split(mark):
        if part:
            for piece, offset in pieces(part):
                yield piece, at + offset
        at += len(part) + len(mark)


def readings(piece: str) -> Iterator[Piece]:
    """What a piece may be: itself without its number, its quotation marks, the label before it, its escapes."""
    found = _NUMBER.match(piece)
    number, begin = (found["boxed"] or found["plain"], found.end()) if found else ("", 0)
    yield Piece(piece.strip(), number)
    if piece[:1] in _BULLETS:
        yield Piece(piece.strip().lstrip(_BULLETS), "")
    if begin:
        yield Piece(piece[begin:].strip(), number)
    rest = piece[begin:].strip(_AROUND)
    yield Piece(rest, number)
    yield Piece(piece.strip(" \t\r,").strip("\"'"), number)
    for _ in range(_LABELS):
        _, mark, rest = rest.partition(": ")
        if not mark:
            break
        yield Piece(rest.strip(), number)
        yield Piece(rest.strip(_AROUND), number)
    if "\\" in piece:
        yield Piece(_ESCAPE.sub(_unescaped, piece[begin:].strip(_AROUND)), number)


def sentences_of(text: str) -> list[str]:
    """The sentences of a text."""
    if ". " not in text and "? " not in text and "! " not in text:
        return [text]
    parts = text.split(". ")
    sentences = [f"{part}." for part in parts[:-1]]
    sentences.append(parts[-1])
    if "? " in text or "! " in text:
        sentences = [part for each in sentences for part in _END.split(each)]
    return [stripped for each in sentences if (stripped := each.strip())]


def fields(text: str) -> list[str]:
    """The long fields of an item of several fields, which may be shown without the others."""
    mark = next((each for each in _SEPARATORS if each in text), None)
    if mark is None:
        return []
    parts = [part.strip() for part in text.split(mark)]
    named = [part.partition(": ")[2] for part in parts]
    return [each for each in (*parts, *named) if len(each) >= _LEAST_FIELD and each.count(" ") >= 2]


def _unescaped(found: re.Match[str]) -> str:
    code = found[1]
    if len(code) == 5:
        return chr(int(code[1:], 16))
    return _PLAIN.get(code, code)
