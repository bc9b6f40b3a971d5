"""The host's end of the wire: frames as checked values. Everything that comes from a worker was chosen by a model, so
a frame that is too big, of an unknown kind or of the wrong shape is a violation, and nothing is ever unpickled.

A frame is a 32-bit little-endian length and a MessagePack map with an ``op``.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from harlm.errors import SandboxFailure
from harlm.sandbox.own_sockets import keep_to_this_process


class _Frame(msgspec.Struct, frozen=True, kw_only=True, tag_field="op"):
    """What all frames share."""


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """One text of a context: its length in bytes of UTF-8 in the file that holds it, and whether its places are lines.

    Attributes:
        shared: its number among the texts of the run, where it is one of them; it is in no file then.
    """

    name: str
    has_lines: bool
    size: int
    ascii: bool
    shared: int | None = None


class Setup(_Frame, frozen=True, kw_only=True, tag="setup"):
    """Host: what the worker is for. Sent once, first.

    Attributes:
        texts: None for all texts of the run.
        folder: the path of the one in which cells may write, at ``s0``; elsewhere the zygote made it.
    """

    texts: Sequence[Text] | None
    functions: Sequence[str]
    shape: str
    seed: int | None
    head: int
    tail: int
    largest_frame: int
    folder: str | None


class Ready(_Frame, frozen=True, kw_only=True, tag="ready"):
    """Worker: the context is read; cells may come."""


class Given(_Frame, frozen=True, kw_only=True, tag="given"):
    """Host: descriptors come along, for what the next frame orders. Small, so that it is never sent in two pieces."""


class Execute(_Frame, frozen=True, kw_only=True, tag="execute"):
    """Host: run this cell. ``cell`` is made up anew each time, and comes back with what is done.

    Attributes:
        ahead: how far a scout may run ahead of it, ``safe`` or ``eager``; its wire and its output were given before. Nothing for none.
    """

    cell: str
    code: str
    ahead: str = ""


class Scout(_Frame, frozen=True, kw_only=True, tag="scout"):
    """Host: let a scout go ahead of the next cell, which is still being written; its wire and its output were given before."""

    ahead: str


class Follow(_Frame, frozen=True, kw_only=True, tag="follow"):
    """Host, to a fresh worker: be the scout of a cell in another one that cannot fork, with the copies that it sent."""

    copies: bytes
    ahead: str


class More(_Frame, frozen=True, kw_only=True, tag="more"):
    """Host, to a scout: the cell as far as it is known, in whole statements, and whether that is all of it."""

    code: str
    all: bool


class Fork(_Frame, frozen=True, kw_only=True, tag="fork"):
    """Host: start a second process in the state of this one, with the two descriptors that come along."""

    seed: int
    folder: str
    may_write: bool


class Forked(_Frame, frozen=True, kw_only=True, tag="forked"):
    """Worker: it was done."""


class Unforked(_Frame, frozen=True, kw_only=True, tag="unforked"):
    """Worker: it cannot be done."""

    why: str


class Copies(_Frame, frozen=True, kw_only=True, tag="copies"):
    """Worker: it has come to where its cell may have a scout, and cannot fork. What another needs to know to be that scout; the
    host hands it on, and reads nothing of it.
    """

    data: Annotated[bytes, Meta(max_length=8 << 20)]  # ``worker.copies`` sends no more


class Alive(_Frame, frozen=True, kw_only=True, tag="alive"):
    """Worker: the running cell prints."""


class Reply(_Frame, frozen=True, kw_only=True, tag="reply"):
    """Host: the result of a call."""

    id: int
    value: object


class Refuse(_Frame, frozen=True, kw_only=True, tag="refuse"):
    """Host: a call failed; the message is raised in the cell."""

    id: int
    message: str


_Short = Annotated[str, Meta(max_length=200)]


class Call(_Frame, frozen=True, kw_only=True, tag="call"):
    """Worker: a cell asks the host.

    Attributes:
        needs: of a scout's call, those of its earlier calls that it was made from.
        certain: of a scout's call, whether it is made whatever those under way reply.
    """

    id: int
    function: str
    arguments: Mapping[str, object]
    needs: Sequence[int] = ()
    certain: bool = True


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """What a cell finished with, wrapped so that None can be told from nothing."""

    value: object


_Kept = Annotated[str, Meta(max_length=100_000)]


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


class _RawCall(_Frame, frozen=True, kw_only=True, tag="call"):
    id: Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
    function: _Short
    arguments: Annotated[Mapping[_Short, msgspec.Raw], Meta(max_length=16)]
    needs: Annotated[Sequence[int], Meta(max_length=1024)] = ()
    certain: bool = True


class _RawValue(msgspec.Struct, frozen=True, kw_only=True):
    value: msgspec.Raw


class _RawDone(_Frame, frozen=True, kw_only=True, tag="done"):
    cell: str
    head: _Kept
    tail: _Kept
    chars: Annotated[int, Meta(ge=0, lt=1 << 50)]
    error: _Kept | None
    final: _RawValue | None
    names: Annotated[Sequence[tuple[_Short, _Short]], Meta(max_length=64)]
    wall_s: float


News = Ready | Call | Done | Forked | Unforked | Copies | Alive
"""What a worker may say."""

_PIECE = 1 << 16  # bytes read at once
_DEEPEST = 32
_SIMPLE = (str, int, float, bool, type(None))
_UNCOUNTED = 1 << 18  # bytes of a value that cannot hold too many parts
_MOST_PARTS = 1_000_000
_OWED = 4 << 20  # bytes sent and not read, from which on nothing more is read
_COPIED = 1 << 16  # bytes of a frame that are cheaper to copy than to send apart

_encode = msgspec.msgpack.Encoder().encode

READY = (lambda data: len(data).to_bytes(4, "little") + data)(_encode(Ready()))
"""The first thing that a worker sends, byte for byte."""


def _no_extensions(code: int, data: memoryview) -> object:
    raise ValueError(f"extension type {code}")


_RawNews = Ready | _RawCall | _RawDone | Forked | Unforked | Copies | Alive
_decoder: msgspec.msgpack.Decoder[_RawNews] = msgspec.msgpack.Decoder(_RawNews)
_value_decoder: msgspec.msgpack.Decoder[object] = msgspec.msgpack.Decoder(object, ext_hook=_no_extensions)


def decode(data: bytes | bytearray | memoryview) -> News:
    """The frame of a worker.

    Raises:
        SandboxFailure: it breaks the protocol.
    """
    try:
        frame = _decoder.decode(data)
        if isinstance(frame, _RawCall):
            arguments = {name: _plain(raw) for name, raw in frame.arguments.items()}
            return Call(
                id=frame.id, function=frame.function, arguments=arguments, needs=tuple(frame.needs), certain=frame.certain
            )  # fmt: skip
        if isinstance(frame, _RawDone):
            final = None if frame.final is None else Value(value=_plain(frame.final.value))
            return Done(
                cell=frame.cell, head=frame.head, tail=frame.tail, chars=frame.chars, error=frame.error, final=final,
                names=frame.names, wall_s=frame.wall_s,
            )  # fmt: skip
    # Of msgspec, whose errors are no ValueError before 0.21; of text that is not UTF-8; of extensions.
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise SandboxFailure(
            f"a cell made its worker send a frame that breaks the protocol: {error}"
        ) from error
    return frame


def _plain(raw: msgspec.Raw) -> object:
    """The value, if it is what JSON can hold and neither nested without end nor of very many parts.

    Raises:
        ValueError: it is not.
    """
    data = memoryview(raw)
    if len(data) > _UNCOUNTED and _parts(data, _MOST_PARTS) > _MOST_PARTS:
        raise ValueError(f"a value of more than {_MOST_PARTS:,} parts")
    value = _value_decoder.decode(data)
    _check(value)
    return value


def _parts(data: memoryview, most: int) -> int:
    """How many values MessagePack holds, counted until there are more than ``most``: an empty map takes one byte on the wire
    and 64 in memory.
    """
    at = count = 0
    end = len(data)
    while at < end and count <= most:
        head = data[at]
        count += 1
        at += 1
        if head <= 0x7F or head >= 0xE0 or head in (0xC0, 0xC2, 0xC3) or 0x80 <= head <= 0x9F:
            continue  # nothing follows but other values
        if 0xA0 <= head <= 0xBF:
            at += head & 0x1F
        elif head in _LENGTH_BYTES:
            width = _LENGTH_BYTES[head]
            at += width + (0 if head >= 0xDC else int.from_bytes(data[at : at + width], "big"))
        else:
            at += _WIDTHS.get(head, 0)
    return count


_LENGTH_BYTES = {
    0xC4: 1, 0xC5: 2, 0xC6: 4, 0xC7: 2, 0xC8: 3, 0xC9: 5, 0xD9: 1, 0xDA: 2, 0xDB: 4,
    0xDC: 2, 0xDD: 4, 0xDE: 2, 0xDF: 4,
}  # fmt: skip
_WIDTHS = {0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}


def _check(whole: object) -> None:
    level: list[object] = [whole]
    for _ in range(_DEEPEST):
        below: list[object] = []
        for value in level:
            if isinstance(value, dict):
                if not all(isinstance(key, str) for key in value):
                    raise ValueError("a key that is no text")
                below += value.values()
            elif isinstance(value, list):
                below += value
            elif not isinstance(value, _SIMPLE):
                raise ValueError(f"a value of type {type(value).__name__}")
        if not below:
            return
        level = below
    raise ValueError(f"values nested more than {_DEEPEST} deep")


class Wire(asyncio.BufferedProtocol):
    """Frames over one socket, each handed to ``on_frame`` as it comes.

    A worker that does not read is not read either: what it is owed stays within a bound.

    Args:
        largest: bytes; a worker's frame beyond it is a violation.
        on_frame: told of each frame and its size. What it raises is a violation too.
        on_end: told once that there will be none any more: None when the worker is gone, else the violation.
    """

    def __init__(
        self,
        largest: int,
        on_frame: Callable[[News, int], None],
        on_end: Callable[[SandboxFailure | None], None],
    ) -> None:
        self._largest = largest
        self._on_frame = on_frame
        self._on_end = on_end
        self._piece = memoryview(bytearray(_PIECE))
        self._unread = bytearray()
        self._transport: asyncio.Transport | None = None
        self._socket: socket.socket | None = None
        self._is_over = False
        self._pauses = 0

    @classmethod
    async def over(
        cls,
        ours: socket.socket,
        largest: int,
        on_frame: Callable[[News, int], None],
        on_end: Callable[[SandboxFailure | None], None],
    ) -> Wire:
        """The wire over a connected socket, which it takes over."""
        self = cls(largest, on_frame, on_end)
        self._socket = ours
        keep_to_this_process(ours)
        loop = asyncio.get_running_loop()
        connecting = loop.create_task(loop.create_unix_connection(lambda: self, sock=ours))
        try:
            await asyncio.shield(connecting)
        except (
            asyncio.CancelledError
        ):  # half made it would go on reading from a number that is another socket's by then
            await asyncio.wait([connecting])
            self.abort()
            raise
        return self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See ``asyncio.BufferedProtocol``."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=_OWED)

    def pause_writing(self) -> None:
        """See ``asyncio.BufferedProtocol``."""
        self.pause()

    def resume_writing(self) -> None:
        """See ``asyncio.BufferedProtocol``."""
        self.resume()

    def get_buffer(self, sizehint: int) -> memoryview:
        """See ``asyncio.BufferedProtocol``."""
        return self._piece

    def buffer_updated(self, nbytes: int) -> None:
        """See ``asyncio.BufferedProtocol``."""
        try:
            if self._unread:
                self._unread += self._piece[:nbytes]
                with memoryview(self._unread) as unread:
                    taken = self._take_frames(unread)
                del self._unread[:taken]
            else:
                piece = self._piece[:nbytes]
                self._unread += piece[self._take_frames(piece) :]
        except SandboxFailure as violation:
            self._finish(violation)

    def _take_frames(self, data: memoryview) -> int:
        """Hand on every whole frame; how many bytes they were."""
        at, end = 0, len(data)
        while end - at >= 4 and not self._is_over:
            size = int.from_bytes(data[at : at + 4], "little")
            if size > self._largest:
                raise SandboxFailure(
                    f"a cell made its worker send {size:,} bytes at once; {self._largest:,} are allowed"
                )
            if end - at < 4 + size:
                break
            frame = decode(bytes(data[at + 4 : at + 4 + size]))
            at += 4 + size
            self._on_frame(frame, size)
        return at

    def connection_lost(self, exc: Exception | None) -> None:
        """See ``asyncio.BufferedProtocol``."""
        self._finish(None)

    def _finish(self, violation: SandboxFailure | None) -> None:
        if not self._is_over:
            self._is_over = True
            self._on_end(violation)
        self.abort()

    def send(self, frame: _Frame) -> None:
        """Send one frame; what the worker does not read yet is kept."""
        if self._transport is None or self._transport.is_closing():
            return  # the worker is gone; whoever waits for it is told
        data = _encode(frame)
        head = len(data).to_bytes(4, "little")
        if len(data) < _COPIED:
            self._transport.write(head + data)  # one system call instead of two
        else:
            self._transport.write(head)
            self._transport.write(data)

    async def send_with(self, frame: _Frame, descriptors: Sequence[int]) -> None:
        """Send one frame and, with its first byte, descriptors. Waits until nothing else is on the way.

        Raises:
            ConnectionError: the worker is gone.
        """
        assert self._socket is not None
        while self._transport is not None and self._transport.get_write_buffer_size():  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.001)
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError("the worker is gone")
        data = _encode(frame)
        sent = socket.send_fds(self._socket, [len(data).to_bytes(4, "little") + data], list(descriptors))
        if sent != 4 + len(data):
            raise ConnectionResetError("the worker's socket is full")

    def pause(self) -> None:
        """Read nothing more, until ``resume`` was called as often."""
        self._pauses += 1
        if self._pauses == 1 and self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        self._pauses -= 1
        if not self._pauses and self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def abort(self) -> None:
        """Close the socket at once; the worker ends when it reads that."""
        if self._transport is not None:
            self._transport.abort()
