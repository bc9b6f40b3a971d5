"""Reads the events of a stored run line by line, also while the run writes them. Long texts are left where they are, and damage is
counted instead of raised.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import msgspec

from harlm.errors import TraceError
from harlm.events import FORMAT, AnyEvent, Event
from harlm.open_flags import BINARY, NOFOLLOW, NONBLOCK
from harlm.patterns import lazy_pattern

_PIECE = 1 << 20  # bytes that are read at once
_LONGEST = 8 << 20  # bytes of a line; HARLM writes none that comes near
_LARGEST_BLOB = 64 << 20  # bytes
_TEXTS: Mapping[str, object] = {
    "messages": [],
    "text": "",
    "thoughts": "",
    "code": "",
    "output": "",
    "arguments": "",
    "value": "",
}
"""Fields of events that are read only when they are looked at, each with what stands for it until then."""

_BLOB = lazy_pattern(r"[0-9a-f]{32}")
_RESUMED = b'{"kind":"resumed"'
_IN_BLOB = b'"blob":'
_decode = msgspec.json.Decoder(AnyEvent).decode


class _VersionOnly(msgspec.Struct):
    v: int = FORMAT


@dataclass(frozen=True, slots=True)
class StoredLine:
    """One event, and where its line begins in the file.

    Attributes:
        event: the event, without texts that are kept in blobs.
        at: the offset of the line in bytes.
        blobs: the size in bytes of each field that is kept in a blob and was not read.
    """

    event: Event
    at: int
    blobs: Mapping[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Damage:
    """What could not be read of a run.

    Attributes:
        lines: damaged lines.
        unknown: events of a kind that this version does not know.
        newer: the version of the format, if it is newer than ours; else 0.
        first: what is wrong with the first damaged line.
    """

    lines: int = 0
    unknown: int = 0
    newer: int = 0
    first: str = ""


class LineReader:
    """Follows the file of events of one run.

    Args:
        folder: of the run.

    Attributes:
        damage: what could not be read so far.
        number: lines so far.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "events.jsonl"
        self.begin_again()

    def begin_again(self) -> None:
        """Read from the beginning of the file again."""
        self.damage = Damage()
        self.number = 0
        self._at = 0

    def size(self) -> int:
        """Bytes of the file now; 0 if there is none."""
        try:
            return self._path.stat().st_size
        except OSError:
            return 0

    @property
    def read_to(self) -> int:
        """Up to which byte the file was read."""
        return self._at

    def lines(self) -> Iterator[StoredLine]:
        """The events whose lines are complete and were not read yet. The end of a file that is cut off waits for its rest.

        Raises:
            TraceError: the file cannot be opened.
        """
        with _opened(self._path) as file:
            file.seek(self._at)
            rest = b""
            while piece := file.read(_PIECE):
                *whole, rest = (rest + piece).split(b"\n")
                for line in whole:
                    at, self._at = self._at, self._at + len(line) + 1
                    self.number += 1
                    if (stored := self._stored(line, at)) is not None:
                        yield stored
                if len(rest) > _LONGEST:
                    self._damaged("it is longer than any event")
                    return

    def _stored(self, line: bytes, at: int) -> StoredLine | None:
        blobs: dict[str, int] = {}
        try:
            event: Event = self._with_blobs(line, blobs) if _IN_BLOB in line else _decode(line)
        except msgspec.ValidationError as error:
            self._note_version(line)
            if "Invalid value" in str(error) and "$.kind" in str(error):
                self.damage.unknown += 1
            else:
                self._damaged(str(error))
        except (msgspec.MsgspecError, OSError, RecursionError, UnicodeDecodeError, TraceError) as error:
            self._damaged(str(error))
        else:
            self._newer(event.v)
            return StoredLine(event, at, blobs)
        return None

    def _with_blobs(self, line: bytes, blobs: dict[str, int]) -> Event:
        fields = msgspec.json.decode(line, type=dict[str, object])
        whole = {name: self._here(name, value, blobs) for name, value in fields.items()}
        event: Event = msgspec.convert(whole, AnyEvent)
        return event

    def _note_version(self, line: bytes) -> None:
        with suppress(msgspec.MsgspecError):
            self._newer(msgspec.json.decode(line, type=_VersionOnly).v)

    def _newer(self, version: int) -> None:
        if version > FORMAT:
            self.damage.newer = max(self.damage.newer, version)

    def _damaged(self, reason: str) -> None:
        self.damage.lines += 1
        self.damage.first = self.damage.first or f"line {self.number}: {reason[:200]}"

    def _here(self, name: str, value: object, blobs: dict[str, int]) -> object:
        blob = blob_of(value)
        if blob is None:
            return value
        if name in _TEXTS:
            blobs[name] = blob[1]
            return _TEXTS[name]
        return read_blob(self._folder, blob[0])


def stored_fields(folder: Path, offsets: Mapping[int, int]) -> Iterator[tuple[int, dict[str, object]]]:
    """The events whose lines begin at some offsets, by their ``seq``: all fields, with references to blobs as they are stored. Those
    that cannot be read are left out.

    Raises:
        TraceError: the file cannot be opened.
    """
    with _opened(folder / "events.jsonl") as file:
        for seq, at in offsets.items():
            file.seek(at)
            line = file.readline(_LONGEST)
            with suppress(msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
                yield seq, msgspec.json.decode(line, type=dict[str, object])


def latest_attempt(folder: Path) -> tuple[int, int]:
    """Where the events of the latest attempt at a run begin, and how many attempts there were before it."""
    found = at = attempts = 0
    try:
        with _opened(folder / "events.jsonl") as lines:
            for line in lines:
                if line.startswith(_RESUMED):
                    found, attempts = at, attempts + 1
                at += len(line)
    except TraceError:
        pass  # raised again where the events are read
    return found, attempts


def blob_of(value: object) -> tuple[str, int] | None:
    """The name and the size of the blob that stands for a value; ``None`` if the value itself is there."""
    if not isinstance(value, dict) or value.keys() != {"blob", "bytes"}:
        return None
    name, size = value["blob"], value["bytes"]
    if not isinstance(name, str) or not isinstance(size, int) or not _BLOB.fullmatch(name):
        return None
    return name, size


def read_blob(folder: Path, name: str) -> object:
    """The value of a blob of a run.

    Raises:
        TraceError: there is no such blob, or it is damaged.
    """
    if not _BLOB.fullmatch(name):
        raise TraceError(f"{name[:80]!r} is no name of a blob")
    with _opened(folder / "blobs" / name) as file:
        data = file.read(_LARGEST_BLOB + 1)
    if len(data) > _LARGEST_BLOB:
        raise TraceError(f"blob {name} is larger than {_LARGEST_BLOB >> 20} MB")
    try:
        value: object = msgspec.json.decode(data)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise TraceError(f"blob {name} is damaged: {error}") from error
    return value


def _opened(path: Path) -> BinaryIO:
    """A regular file, opened for reading; never what a link in its place leads to.

    Raises:
        TraceError: it cannot be opened.
    """
    try:
        opened = os.open(path, os.O_RDONLY | NOFOLLOW | NONBLOCK | BINARY)
    except OSError as error:
        raise TraceError(f"{str(path)!r} cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise TraceError(f"{str(path)!r} is no regular file")
    return os.fdopen(opened, "rb")
