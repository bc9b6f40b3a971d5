"""The host's end of a zygote's control socket. No model-written code runs in a zygote; what it says is checked all the
same. Knows frames and descriptors; refuses to know orders.
"""

from __future__ import annotations

import array
import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from harlm.errors import SandboxFailure
from harlm.sandbox.own_sockets import keep_to_this_process

_LARGEST = 1 << 20  # bytes of one message of a zygote
_CREDENTIALS = getattr(socket, "SCM_CREDENTIALS", -1)
_PASS_CREDENTIALS = getattr(socket, "SO_PASSCRED", None)
_ANCILLARY = socket.CMSG_SPACE(8 * 4) + socket.CMSG_SPACE(12)


class _News(msgspec.Struct, frozen=True, kw_only=True, tag_field="op"):
    """What all that a zygote says shares: how many descriptors came along."""

    handles: Annotated[int, Meta(ge=0, le=4)] = 0


class Refused(_News, frozen=True, kw_only=True, tag="refused"):
    """A step of the confinement is not possible; the zygote ended."""

    step: str
    why: str


class Built(_News, frozen=True, kw_only=True, tag="built"):
    """A tier was built and tried."""

    denied: Sequence[str]
    reached: Sequence[str]
    note: str


class Up(_News, frozen=True, kw_only=True, tag="up"):
    """A run's zygote is confined and has read the context; the descriptor of its gate came along."""


class Opened(_News, frozen=True, kw_only=True, tag="opened"):
    """A REPL was forked; a handle of its process came along where the system has such."""

    id: int
    pid: int
    folder: str


class Failed(_News, frozen=True, kw_only=True, tag="failed"):
    """A REPL could not be forked."""

    id: int
    why: str


class Gone(_News, frozen=True, kw_only=True, tag="gone"):
    """A process of the zygote ended: its exit code, or minus a signal."""

    pid: int
    status: int
    peak_kb: int


News = Refused | Built | Up | Opened | Failed | Gone

_decoder: msgspec.msgpack.Decoder[News] = msgspec.msgpack.Decoder(News)
_encode = msgspec.msgpack.Encoder().encode


def frame_of(order: dict[str, object]) -> bytes:
    """An order as it is sent."""
    data = _encode(order)
    return len(data).to_bytes(4, "little") + data


def ask_for_sender(ours: socket.socket) -> None:
    """Let the kernel say with each message which process sent it."""
    if _PASS_CREDENTIALS is not None:
        ours.setsockopt(socket.SOL_SOCKET, _PASS_CREDENTIALS, 1)


def receive_with_sender(ours: socket.socket, size: int) -> tuple[bytes, list[int], int | None]:
    """Bytes, the descriptors that came along, and the process that sent them, as the kernel says."""
    data, ancillary, _, _ = ours.recvmsg(size, _ANCILLARY)
    descriptors: list[int] = []
    sender = None
    for level, kind, content in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            numbers = array.array("i")
            numbers.frombytes(content[: len(content) - len(content) % numbers.itemsize])
            descriptors += numbers
        elif (level, kind) == (socket.SOL_SOCKET, _CREDENTIALS):
            sender = struct.unpack("3i", content[:12])[0] or None
    for each in descriptors:
        os.set_inheritable(each, False)
    return data, descriptors, sender


async def readable(ours: socket.socket) -> None:
    """Wait until there is something to read, or the other end is gone."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(ours, _wake, ready)
    try:
        await ready
    finally:
        loop.remove_reader(ours)


async def _writable(ours: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_writer(ours, _wake, ready)
    try:
        await ready
    finally:
        loop.remove_writer(ours)


def _wake(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


class Control:
    """One socket to a zygote.

    Attributes:
        sender: the zygote's process as this process sees it; None until it has said something, or where nobody tells.
    """

    def __init__(self, ours: socket.socket) -> None:
        self._socket = ours
        self._buffer = bytearray()
        self._descriptors: list[int] = []
        self.sender: int | None = None
        self._sending = asyncio.Lock()
        ours.setblocking(False)
        ask_for_sender(ours)
        keep_to_this_process(ours)

    async def send(self, order: dict[str, object], descriptors: Sequence[int] = ()) -> None:
        """Give an order.

        Raises:
            OSError: the zygote is gone.
        """
        data = frame_of(order)
        async with self._sending:
            while True:
                try:
                    sent = socket.send_fds(self._socket, [data], list(descriptors))
                    break
                except BlockingIOError:
                    await _writable(self._socket)
            if sent < len(data):
                await asyncio.get_running_loop().sock_sendall(self._socket, data[sent:])

    async def receive(self) -> tuple[News, list[int]]:
        """The next thing that the zygote says, and the descriptors that came along.

        Raises:
            EOFError: the zygote is gone.
            SandboxFailure: it says what no zygote says.
        """
        while (news := self._next()) is None:
            await readable(self._socket)
            try:
                data, descriptors, sender = receive_with_sender(self._socket, 1 << 16)
            except BlockingIOError:
                continue
            except OSError as error:
                raise EOFError from error
            if not data:
                raise EOFError
            self.sender = sender or self.sender
            self._descriptors += descriptors
            self._buffer += data
        taken, self._descriptors = self._descriptors[: news.handles], self._descriptors[news.handles :]
        return news, taken

    def _next(self) -> News | None:
        if len(self._buffer) < 4:
            return None
        size = int.from_bytes(self._buffer[:4], "little")
        if size > _LARGEST:
            raise SandboxFailure(
                f"a zygote announced {size:,} bytes at once; this is a fault of ours or an attack"
            )
        if len(self._buffer) < 4 + size:
            return None
        data = bytes(self._buffer[4 : 4 + size])
        del self._buffer[: 4 + size]
        try:
            return _decoder.decode(data)
        except (msgspec.DecodeError, ValueError) as error:  # text that is not UTF-8 is a ValueError
            raise SandboxFailure(f"a zygote broke the protocol: {error}") from error

    def close(self) -> None:
        """Close the socket; the zygote and all that came from it end when they read that."""
        with contextlib.suppress(OSError):
            self._socket.close()
        for each in self._descriptors:
            os.close(each)
        self._descriptors.clear()
