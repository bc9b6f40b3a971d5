"""Splits a reply into events as browsers do (``text/event-stream``, WHATWG HTML section 9.2), and reads what servers and
the gateways before them make of that form. Nothing is known here of what an event means.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from harlm.models.lenient import UNREADABLE, decoded, whole_number
from harlm.patterns import lazy_pattern

_LINE_END = lazy_pattern(rb"\r\n|\n|\r")
_MARK = b"\xef\xbb\xbf"  # a byte order mark
_ENDS = (b"[DONE]", b"[done]", b"DONE", b'"[DONE]"')
_ERROR = lazy_pattern(rb"\[?error\]?\s*+:?\s*+", re.IGNORECASE)
_LONGEST_WORDS = 2_000  # bytes of an event that is not JSON and is shown


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event.

    Attributes:
        name: of its ``event`` field; empty if it has none.
        lines: of its ``data`` fields.
    """

    name: str
    lines: tuple[bytes, ...]

    @property
    def is_end(self) -> bool:
        """Whether the event says that the reply is whole."""
        return any(line.strip() in _ENDS for line in self.lines) or self.name == "done"

    @property
    def is_error(self) -> bool:
        """Whether the event says by its name or its first word that the reply failed."""
        return self.name == "error" or bool(
            self.lines and _ERROR.match(self.lines[0]) and self.lines[0].strip()[:1] != b"{"
        )

    @property
    def words(self) -> str:
        """The data as text, cut to what is worth showing."""
        return b"\n".join(self.lines)[:_LONGEST_WORDS].decode("utf-8", "replace").strip()

    def values(self) -> Iterator[Any]:
        """The JSON values of its data: one, or one a line. Nothing for data that is not JSON, such as a sign of life.

        Raises:
            msgspec.DecodeError: the data looks like JSON and is not.
        """
        lines = [each for line in self.lines if (each := _plain(line)).strip() not in _ENDS]
        if len(lines) > 1:
            try:
                yield decoded(b"\n".join(lines))
            except UNREADABLE:
                pass
            else:
                return
        for line in lines:
            if line[:1] == b"{" or (line[:1] == b"[" and not _ERROR.match(line)):
                yield from _values(line)


def _is_whole(line: bytes) -> bool:
    """Whether a line of data looks like a whole JSON object."""
    line = line.strip()
    return line[:1] == b"{" and line[-1:] == b"}"


def _plain(line: bytes) -> bytes:
    """A line of data without what relays put before it: blanks, a byte order mark, a second field name."""
    return line.strip().removeprefix(_MARK).removeprefix(b"data:").lstrip()


def _values(line: bytes) -> Iterator[Any]:
    """The values in a line: one, or several without anything between them."""
    try:
        yield decoded(line)
    except RecursionError as error:
        raise msgspec.DecodeError("nested too deep") from error
    except msgspec.DecodeError:
        yield from glued(line)


def glued(data: bytes) -> Iterator[Any]:
    """The JSON values that stand in ``data`` one after another.

    Raises:
        msgspec.DecodeError: something else stands there.
    """
    text, at = data.decode("utf-8", "replace"), 0
    decoder = json.JSONDecoder(parse_int=whole_number)
    while at < len(text):
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            raise msgspec.DecodeError(str(error)) from error
        yield value
        while at < len(text) and (text[at] in " \t\r\n," or text.startswith("data:", at)):
            at += 5 if text[at] == "d" else 1
        if text[at:].strip() in ("[DONE]", "DONE"):
            return


class EventStream:
    """Takes the bytes of a stream, cut anywhere, and gives its events. Time is linear in their number.

    Line ends may be LF, CRLF or CR. A line that holds JSON and no field name is data.
    """

    def __init__(self) -> None:
        self._rest: list[bytes] = []  # of the line that has no end yet
        self._is_first = True
        self._skips_newline = False  # after a CR, which may be half of a CRLF
        self._name = ""
        self._lines: list[bytes] = []

    def take(self, data: bytes) -> Iterator[ServerEvent]:
        """The events that end in ``data``."""
        if self._skips_newline and data:
            data = data.removeprefix(b"\n")
            self._skips_newline = False
        if b"\n" not in data and b"\r" not in data:
            self._rest.append(data)
            return
        self._skips_newline = data.endswith(b"\r")
        self._rest.append(data)
        *lines, rest = _LINE_END.split(b"".join(self._rest))
        self._rest = [rest]
        for line in lines:
            yield from self._line(line)

    def end(self) -> Iterator[ServerEvent]:
        """The events that the end of the stream ends."""
        rest, self._rest = b"".join(self._rest), []
        if rest:
            yield from self._line(rest)
        yield from self._dispatched()

    def _line(self, line: bytes) -> Iterator[ServerEvent]:
        if self._is_first:
            line = line.removeprefix(_MARK)
            self._is_first = not line  # a mark may stand alone in its line
        if not line:
            yield from self._dispatched()
            return
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        match name.strip().lower():
            case b"data":
                if self._lines and _is_whole(self._lines[-1]):
                    yield from self._dispatched()  # one event a line, without blank lines between them
                self._lines.append(value)
            case b"error":
                self._name = "error"
                self._lines.append(value)
            case b"event":
                if self._name:
                    yield from self._dispatched()  # a new event without a blank line before it
                self._name = value.decode("utf-8", "replace").strip()
            case _ if line[:1] in (b"{", b"["):
                self._lines.append(line)

    def _dispatched(self) -> Iterator[ServerEvent]:
        name, lines = self._name, tuple(self._lines)
        self._name, self._lines = "", []
        if lines:
            yield ServerEvent(name, lines)
