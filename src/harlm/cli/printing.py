"""Printing: everything that a verb writes to stdout or stderr goes through here, so that nothing out of a document, a name
or a model can command the terminal. Knows nothing of how a stream fails.
"""

from __future__ import annotations

import io
import sys

import msgspec

from harlm.tracing.console import harmless

_JSON_ESCAPES = {code: f"\\u{code:04x}" for code in range(0x7F, 0xA0)}
"""DEL and C1: JSON allows them as they are, and terminals obey them. (C0 is escaped in all JSON.)"""


def show(text: str = "") -> None:
    """A line, or several, on stdout, for people."""
    _print(harmless(text))


def show_as_it_is(text: str) -> None:
    """Text on stdout, for a program: only where stdout is a terminal is it made harmless."""
    _print(harmless(text) if sys.stdout.isatty() else text)


def show_json(value: object) -> None:
    """A value as JSON on stdout, in UTF-8 whatever the locale is."""
    _print_json(json_text(value))


def show_json_line(value: object) -> None:
    """A value as one line of JSON on stdout."""
    _print_json(_escaped(msgspec.json.encode(value)))


def json_text(value: object) -> str:
    """A value as JSON to be read by people as well."""
    return _escaped(msgspec.json.format(msgspec.json.encode(value), indent=2))


def say(line: str) -> None:
    """A line on stderr: progress, notes, what went wrong."""
    sys.stderr.write(f"{harmless(line)}\n")
    sys.stderr.flush()


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _print_json(text: str) -> None:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    _print(text)


def _escaped(data: bytes) -> str:
    return data.decode().translate(_JSON_ESCAPES)
