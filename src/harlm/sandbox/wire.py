"""The host's end of the wire: frames as checked values. Everything that comes from a worker was chosen by a model, so
a frame that is too big, of an unknown kind or of the wrong shape is a violation, and nothing is ever unpickled.

A frame is a 32-bit little-endian length and a MessagePack map with an ``op``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import msgspec

from harlm.errors import SandboxFailure


class _Frame(msgspec.Struct, frozen=True, kw_only=True, tag_field="op"):
    """What all frames share."""


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """One text of the context: its length in bytes of UTF-8, and whether its places are lines."""

    name: str
    has_lines: bool
    size: int
    ascii: bool


class Setup(_Frame, frozen=True, kw_only=True, tag="setup"):
    """Host: what the worker is for. Sent once, first, when the texts are in the file that the worker inherited."""

    texts: Sequence[Text]
    functions: Sequence[str]
    shape: str
    seed: int | None
    head: int
    tail: int
    memory_bytes: int
    largest_frame: int
    file_bytes: int
    packages: Sequence[str]


class Ready(_Frame, frozen=True, kw_only=True, tag="ready"):
    """Worker: the context is read; cells may come."""


class Execute(_Frame, frozen=True, kw_only=True, tag="execute"):
    """Host: run this cell. ``cell`` is made up anew each time, and comes back with what is done."""

    cell: str
    code: str


class Reply(_Frame, frozen=True, kw_only=True, tag="reply"):
    """Host: the result of a call."""

    id: int
    value: object


class Refuse(_Frame, frozen=True, kw_only=True, tag="refuse"):
    """Host: a call failed; the message is raised in the cell."""

    id: int
    message: str


class Call(_Frame, frozen=True, kw_only=True, tag="call"):
    """Worker: a cell asks the host."""

    id: int
    function: str
    arguments: Mapping[str, object]


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """What a cell finished with, wrapped so that None can be told from nothing."""

    value: object


class Done(_Frame, frozen=True, kw_only=True, tag="done"):
    """Worker: the cell ended."""

    cell: str
    head: str
    tail: str
    chars: int
    error: str | None
    final: Value | None
    names: Sequence[tuple[str, str]]
    wall_s: float


_COPIED = 1 << 16  # bytes of a frame that are cheaper to copy than to send apart

_encode = msgspec.msgpack.Encoder().encode


def _no_extensions(code: int, data: memoryview) -> object:
    raise ValueError(f"extension type {code}")


_decoder: msgspec.msgpack.Decoder[Ready | Call | Done] = msgspec.msgpack.Decoder(
    Ready | Call | Done, ext_hook=_no_extensions
)


class Wire:
    """Frames over one socket.

    Args:
        reader, writer: asyncio's ends of the socket.
        largest: bytes; a worker's frame beyond it is a violation.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, largest: int) -> None:
        self._reader = reader
        self._writer = writer
        self._largest = largest

    async def send(self, frame: _Frame) -> None:
        """Write one frame; waits while the worker does not keep up.

        Raises:
            ConnectionError: the worker is gone.
        """
        data = _encode(frame)
        head = len(data).to_bytes(4, "little")
        if len(data) < _COPIED:
            self._writer.write(head + data)  # one system call instead of two
        else:
            self._writer.write(head)
            self._writer.write(data)
        await self._writer.drain()

    async def receive(self) -> Ready | Call | Done:
        """The next frame.

        Raises:
            EOFError: the worker is gone.
            SandboxFailure: the frame breaks the protocol.
        """
        try:
            size = int.from_bytes(await self._reader.readexactly(4), "little")
            if size > self._largest:
                raise SandboxFailure(
                    f"a cell made its worker send {size:,} bytes at once; {self._largest:,} are allowed"
                )
            data = await self._reader.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise EOFError from error
        try:
            return _decoder.decode(data)
        except (ValueError, RecursionError) as error:  # of msgspec, of text that is no UTF-8, of extensions
            raise SandboxFailure(
                f"a cell made its worker send a frame that breaks the protocol: {error}"
            ) from error

    def close(self) -> None:
        """Close the socket; the worker ends when it reads that."""
        self._writer.close()

    def abort(self) -> None:
        """Close the socket at once: whoever waits for a frame is told that the worker is gone."""
        self._writer.transport.abort()
