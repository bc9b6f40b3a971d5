"""What the reading process sends for each file: frames of MessagePack, each after its length.

A parser with a fault may have handed that process to the author of a document, so any frame may be a lie.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from harlm.types import Unit

LARGEST = 1 << 20  # bytes of one frame
PIECE = 1 << 15  # characters of one piece of text, and parts of one piece of a table
_Name = Annotated[str, Meta(max_length=8192)]
_Reason = Annotated[str, Meta(max_length=2048)]


class _Frame(msgspec.Struct, frozen=True, tag_field="op"):
    """The base of all frames."""


class DocumentHead(_Frame, frozen=True, tag="document"):
    """A document begins.

    Attributes:
        name, kind: those of the document.
        unit: the unit of its marks; ``None`` if it has none.
        own_lines: whether its text is that of the file.
    """

    name: _Name
    kind: Annotated[str, Meta(max_length=32)]
    unit: Unit | None = None
    own_lines: bool = False


class TextPiece(_Frame, frozen=True, tag="text"):
    """The next characters of the document."""

    text: str


class PartsPiece(_Frame, frozen=True, tag="parts"):
    """The next parts of the document.

    Attributes:
        starts, numbers: eight bytes for each part, little-endian; ``numbers`` may be empty.
        labels: a label for each part, or none at all.
    """

    starts: bytes
    numbers: bytes = b""
    labels: Annotated[list[_Name], Meta(max_length=PIECE)] = []


class LeftOutPart(_Frame, frozen=True, tag="left_out"):
    """A part of the file was left out. The attributes are those of ``Skipped``."""

    name: _Name
    reason: _Reason
    is_unread: bool = False


class UnreadFile(_Frame, frozen=True, tag="unread"):
    """The file cannot be read.

    Attributes:
        reason: why, and what the user can do.
    """

    reason: _Reason


class FileEnd(_Frame, frozen=True, tag="end"):
    """The file has been read."""


Frame = DocumentHead | TextPiece | PartsPiece | LeftOutPart | UnreadFile | FileEnd

encode = msgspec.msgpack.Encoder().encode
_decoder: msgspec.msgpack.Decoder[Frame] = msgspec.msgpack.Decoder(Frame)


class BrokenFrames(Exception):
    """The bytes are not what a reading process sends."""


class FrameBuffer:
    """Cuts received bytes into frames."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def add(self, data: bytes) -> None:
        """Add received bytes."""
        self._bytes += data

    def next(self) -> Frame | None:
        """The next whole frame; ``None`` if it has not arrived.

        Raises:
            BrokenFrames: there is no such frame.
        """
        if len(self._bytes) < 4:
            return None
        size = int.from_bytes(self._bytes[:4], "little")
        if size > LARGEST:
            raise BrokenFrames
        if len(self._bytes) < 4 + size:
            return None
        data = bytes(self._bytes[4 : 4 + size])
        del self._bytes[: 4 + size]
        try:
            return _decoder.decode(data)
        except ValueError as error:
            raise BrokenFrames from error


def with_length(frames: Sequence[Frame]) -> bytes:
    """The bytes of frames, each after its length."""
    return b"".join(part for data in map(encode, frames) for part in (len(data).to_bytes(4, "little"), data))
