"""Prints everything that a verb writes to stdout or stderr, so that no text from a document, a name or a
model can control the terminal.

Does not handle failing streams: ``harlm.cli.streams`` does.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from typing import TextIO

import msgspec

from harlm.cli.links import address_of, linked, links_of, takes_links, with_links
from harlm.types import Citation
from harlm.visible import harmless, harmless_json


def show(text: str = "", citations: Sequence[Citation] = ()) -> None:
    """Print one or more lines on stdout, for people. The places of citations become links where a terminal takes them."""
    _print(_linked(harmless(text), citations, sys.stdout))


def show_found(place: str, text: str, path: str, line: int | None) -> None:
    """Print what was found at a place, on stdout, for people. The place becomes a link to its file where a terminal takes it.

    Args:
        place: the place.
        text: what stands there.
        path: the absolute path of the file; empty if it is not from a file.
        line: of the place, if it has one.
    """
    shown = harmless(place)
    if path.startswith("/") and takes_links(sys.stdout):
        shown = linked(shown, address_of(path, line))
    _print(f"{shown}: {harmless(text)}")


def show_as_it_is(text: str, citations: Sequence[Citation] = ()) -> None:
    """Print text on stdout for a program: unchanged, unless stdout is a terminal."""
    _print(_linked(harmless(text), citations, sys.stdout) if sys.stdout.isatty() else text)


def show_json(value: object) -> None:
    """Print a value as JSON on stdout, in UTF-8 regardless of the locale."""
    _print_json(json_text(value))


def show_json_line(value: object) -> None:
    """Print a value as one line of JSON on stdout."""
    _print_json(_escaped(msgspec.json.encode(value)))


def json_text(value: object) -> str:
    """A value as indented JSON."""
    return _escaped(msgspec.json.format(msgspec.json.encode(value), indent=2))


def say(line: str, citations: Sequence[Citation] = ()) -> None:
    """Print a line on stderr: progress, notes and errors."""
    sys.stderr.write(f"{_linked(harmless(line), citations, sys.stderr)}\n")
    sys.stderr.flush()


def _linked(text: str, citations: Sequence[Citation], stream: TextIO) -> str:
    return with_links(text, links_of(citations)) if citations and takes_links(stream) else text


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _print_json(text: str) -> None:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    _print(text)


def _escaped(data: bytes) -> str:
    return harmless_json(data.decode())
