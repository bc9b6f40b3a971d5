"""The properties of an Outlook message: MAPI in an OLE2 file, whose streams ``olefile`` finds.

The file may be hostile: its tables are measured before they are followed, no stream is longer than the file or goes
in a circle, and all that is read is at most twice the file.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Protocol, cast

from harlm.errors import ContextError

_PROPERTIES = "__properties_version1.0"
_OF_MESSAGE, _OF_INNER, _OF_OTHERS = 32, 24, 8
"""The bytes before the properties of the message, of a message inside, of a recipient or an attachment."""

_INTEGER, _TIME, _UNICODE, _STRING, _BINARY, _OBJECT = 0x03, 0x40, 0x1F, 0x1E, 0x102, 0x0D
_FREE = 1 << 20  # bytes that may be read of any file
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_SECTOR, _SHORT_SECTOR = 512, 64
_DAMAGED = "is damaged ({}); save it again with Outlook, or as .eml"


class _Entry(Protocol):
    """A stream or a folder in the file, as ``olefile`` gives it."""

    size: int
    isectStart: int  # noqa: N815 - the name in olefile
    is_minifat: bool
    kids_dict: Mapping[str, _Entry]


class _Ole(Protocol):
    """What is used of ``olefile.OleFileIO``."""

    root: _Entry
    fat: Sequence[int]
    minifat: Sequence[int] | None
    minisectorcutoff: int
    sectorsize: int
    parsing_issues: Sequence[tuple[type, str]]

    def _open(self, start: int, size: int, /) -> io.BytesIO:
        """A stream by its first sector."""
        ...

    def loadminifat(self) -> None:
        """Load the table of the short streams."""
        ...


class MapiFile:
    """An open OLE2 file.

    Attributes:
        faults: what is wrong with parts that cannot be read, in the order in which it was found.

    Args:
        data: the file.

    Raises:
        ContextError: it is damaged, or its reader is not installed.
    """

    def __init__(self, data: bytes) -> None:
        self.faults: dict[str, None] = {}
        self._size = len(data)
        self._left = 2 * len(data) + _FREE
        _check_tables(data)
        file = _olefile().OleFileIO(io.BytesIO(data))
        self._ole = cast("_Ole", file)
        for _, issue in self._ole.parsing_issues:
            self.faults[str(issue)] = None
        if self._ole.root.size > self._size or self._goes_in_a_circle(self._ole.root):
            raise ContextError(_DAMAGED.format("its table of short parts"))
        self._ole.loadminifat()

    def message(self) -> Folder | None:
        """The message; ``None`` if the file holds something else."""
        return Folder(self, self._ole.root, _OF_MESSAGE) if _is_message(self._ole.root) else None

    def stream(self, entry: _Entry) -> bytes:
        """The bytes of a stream; none if it is damaged, which becomes one of ``faults``.

        Raises:
            ContextError: its streams together are longer than the file.
        """
        if entry.size == 0:
            return b""
        if entry.size > self._size:
            return self._fault("a part is longer than the file")
        self._left -= entry.size
        if self._left < 0:
            raise ContextError(_DAMAGED.format("its parts overlap"))
        if self._goes_in_a_circle(entry):
            return self._fault("a part goes in a circle")
        data = self._ole._open(entry.isectStart, entry.size).read()  # noqa: SLF001 - openstream compares all names
        return data if len(data) == entry.size else self._fault("a part is cut off")

    def _fault(self, what: str) -> bytes:
        self.faults[what] = None
        return b""

    def _goes_in_a_circle(self, entry: _Entry) -> bool:
        chain = (self._ole.minifat or ()) if entry.is_minifat else self._ole.fat
        left = -(-entry.size // (_SHORT_SECTOR if entry.is_minifat else self._ole.sectorsize))
        at, seen = entry.isectStart, set[int]()
        while left > 0 and 0 <= at < len(chain):
            if at in seen:
                return True
            seen.add(at)
            at, left = chain[at], left - 1
        return False


@dataclass(slots=True)
class Folder:
    """A message, a recipient or an attachment.

    Attributes:
        labels: the encodings of texts that are not Unicode: that of the body, and that of the others.
    """

    _file: MapiFile
    _entry: _Entry
    _header: int
    labels: tuple[str | None, str | None] = (None, None)
    _fixed: dict[int, tuple[int, bytes]] | None = field(default=None, init=False)

    def text(self, number: int) -> str | bytes | None:
        """A text: decoded if it is Unicode, else its bytes; ``None`` if it is missing."""
        data = self._stream(number, _UNICODE)
        if data is not None:
            return data.decode("utf-16-le", "replace").rstrip("\0")
        data = self._stream(number, _STRING)
        return None if data is None else data.rstrip(b"\0")

    def data(self, number: int) -> bytes | None:
        """Bytes; ``None`` if they are missing."""
        return self._stream(number, _BINARY)

    def number(self, number: int) -> int | None:
        """An integer; ``None`` if it is missing."""
        kind, value = self._properties().get(number, (0, b""))
        return int.from_bytes(value[:4], "little") if kind == _INTEGER else None

    def time(self, number: int) -> datetime | None:
        """A moment; ``None`` if it is missing or beyond the calendar."""
        kind, value = self._properties().get(number, (0, b""))
        ticks = int.from_bytes(value, "little")  # of 100 ns
        try:
            return _EPOCH + timedelta(seconds=ticks // 10_000_000) if kind == _TIME and ticks else None
        except OverflowError:
            return None

    def folders(self, prefix: str) -> list[Folder]:
        """The folders inside whose names begin so, in the order of their numbers."""
        names = sorted(name for name in self._entry.kids_dict if name.startswith(prefix))
        return [self._folder(self._entry.kids_dict[name], _OF_OTHERS) for name in names]

    def has_object(self, number: int) -> bool:
        """Whether a property is a folder: a message, or an object of another program."""
        return _stream_name(number, _OBJECT) in self._entry.kids_dict

    def message(self, number: int) -> Folder | None:
        """The message that a property holds; ``None`` if it holds something else."""
        entry = self._entry.kids_dict.get(_stream_name(number, _OBJECT))
        return self._folder(entry, _OF_INNER) if entry is not None and _is_message(entry) else None

    def _folder(self, entry: _Entry, header: int) -> Folder:
        return Folder(self._file, entry, header, self.labels)

    def _stream(self, number: int, kind: int) -> bytes | None:
        entry = self._entry.kids_dict.get(_stream_name(number, kind))
        return None if entry is None else self._file.stream(entry)

    def _properties(self) -> dict[int, tuple[int, bytes]]:
        """The type and the value of every property that is no longer than 8 bytes."""
        if self._fixed is None:
            entry = self._entry.kids_dict.get(_PROPERTIES)
            data = b"" if entry is None else self._file.stream(entry)
            self._fixed = {}
            for at in range(self._header, len(data) - 15, 16):
                kind, number = struct.unpack_from("<HH", data, at)
                self._fixed.setdefault(number, (kind, data[at + 8 : at + 16]))
        return self._fixed


def _stream_name(number: int, kind: int) -> str:
    return f"__substg1.0_{number:04x}{kind:04x}"  # in lower case, as olefile keeps them


def _is_message(entry: _Entry) -> bool:
    return _PROPERTIES in entry.kids_dict


def _olefile() -> ModuleType:
    try:
        import olefile
    except ImportError as error:
        raise ContextError(
            "is an Outlook message, whose reader is not installed; run pip install 'harlm[outlook]', "
            "or save the message as .eml"
        ) from error
    return cast("ModuleType", olefile)


def _check_tables(data: bytes) -> None:
    """Check the lengths of the tables in the header, which are followed without another limit.

    Raises:
        ContextError: they are longer than any file of this size needs.
    """
    if len(data) < _SECTOR:
        raise ContextError(_DAMAGED.format("it is cut off"))
    shift = 12 if data[30] == 12 else 9
    sectors = len(data) >> shift
    needed = 2 * (sectors >> (shift - 2)) + 8
    for at in (
        0x2C,
        0x40,
        0x48,
    ):  # the sectors of the table, of that of short streams, of the list of the first
        if int.from_bytes(data[at : at + 4], "little") > needed:
            raise ContextError(_DAMAGED.format("its tables are longer than the file"))
