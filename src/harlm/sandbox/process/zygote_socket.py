"""The host's end of a zygote's control socket. No model-written code runs in a zygote; its messages are
checked nevertheless.
"""

from __future__ import annotations

import array
import asyncio
import contextlib
import errno
import os
import socket
import struct
from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from harlm.errors import SandboxFailure
from harlm.sandbox.process.close_on_fork import keep_to_this_process

_LARGEST = 1 << 20  # bytes of one message of a zygote
_CREDENTIALS = getattr(socket, "SCM_CREDENTIALS", -1)
_PASS_CREDENTIALS = getattr(socket, "SO_PASSCRED", None)
_ANCILLARY = socket.CMSG_SPACE(8 * 4) + socket.CMSG_SPACE(12)


class _News(msgspec.Struct, frozen=True, kw_only=True, tag_field="op"):
    """The base of all messages of a zygote.

    Attributes:
        handles: the number of descriptors that come with the message.
    """

    handles: Annotated[int, Meta(ge=0, le=4)] = 0


class Refused(_News, frozen=True, kw_only=True, tag="refused"):
    """A step of the confinement is not possible, and the zygote has ended.

    Attributes:
        step: the name of the step.
        why: the error.
        errno: its number; ``None`` if it has none.
    """

    step: str
    why: str
    errno: int | None = None

    @property
    def shortage(self) -> OSError | None:
        """The error, if the system has no more of something; ``None`` if the step is never possible here."""
        is_short = self.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN)
        return OSError(self.errno, self.why) if is_short else None


class Built(_News, frozen=True, kw_only=True, tag="built"):
    """A tier was built, and the escape attempts were made in it.

    Attributes:
        denied, reached: the names of the attempts that failed and of those that succeeded.
        note: what is weaker than it could be; empty for nothing.
    """

    denied: Sequence[str]
    reached: Sequence[str]
    note: str


class Up(_News, frozen=True, kw_only=True, tag="up"):
    """A run's zygote is confined and has read the context. The descriptor of its fork gate comes with it, if
    it has one.
    """


class Opened(_News, frozen=True, kw_only=True, tag="opened"):
    """A REPL was forked. A pidfd of its process comes with the message, if the system has pidfds.

    Attributes:
        id: of the order.
        pid: of the process, in the zygote's namespace.
        folder: the name of its work folder.
    """

    id: int
    pid: int
    folder: str


class RulesMade(_News, frozen=True, kw_only=True, tag="made"):
    """The rules for a fork of a REPL were made. Their descriptor comes with the message.

    Attributes:
        id: of the order.
    """

    id: int


class OrderFailed(_News, frozen=True, kw_only=True, tag="failed"):
    """A REPL could not be forked, or rules not made.

    Attributes:
        id: of the order.
        why: the error.
    """

    id: int
    why: str


class Gone(_News, frozen=True, kw_only=True, tag="gone"):
    """A process of the zygote has ended.

    Attributes:
        pid: its id in the zygote's namespace.
        status: its exit code, or minus the number of a signal.
        peak_kb: the most memory that it had at once, in KiB.
    """

    pid: int
    status: int
    peak_kb: int


News = Refused | Built | Up | Opened | RulesMade | OrderFailed | Gone

_decoder: msgspec.msgpack.Decoder[News] = msgspec.msgpack.Decoder(News)
_encode = msgspec.msgpack.Encoder().encode


def frame_of(order: dict[str, object]) -> bytes:
    """The bytes of an order, with their length."""
    data = _encode(order)
    return len(data).to_bytes(4, "little") + data


def next_news(received: bytearray) -> News | None:
    """Take the first whole message from received bytes; ``None`` if it has not arrived.

    Raises:
        SandboxFailure: the message breaks the protocol.
    """
    if len(received) < 4:
        return None
    size = int.from_bytes(received[:4], "little")
    if size > _LARGEST:
        raise SandboxFailure(
            f"a zygote announced a message of {size:,} bytes; {_LARGEST:,} are allowed. This is a bug in HARLM or an attack"
        )
    if len(received) < 4 + size:
        return None
    data = bytes(received[4 : 4 + size])
    del received[: 4 + size]
    try:
        return _decoder.decode(data)
    except ValueError as error:  # no message, or text that is not UTF-8
        raise SandboxFailure(f"a zygote broke the protocol: {error}") from error


def ask_for_sender(ours: socket.socket) -> None:
    """Have the kernel name the sending process with each message. Does nothing on systems without that."""
    if _PASS_CREDENTIALS is not None:
        ours.setsockopt(socket.SOL_SOCKET, _PASS_CREDENTIALS, 1)


def receive_with_sender(ours: socket.socket, size: int) -> tuple[bytes, list[int], int | None]:
    """Receive from a socket without blocking.

    Returns:
        at most ``size`` bytes, the descriptors that came with them, and the id of the process that sent them
        as the kernel names it (``None`` if it does not).

    Raises:
        BlockingIOError: nothing has arrived.
        OSError: the socket is broken.
    """
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
    """Wait until there are bytes to read, or the other end is closed."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(ours, _wake, ready)
    try:
        await ready
    finally:
        if ours.fileno() >= 0:  # else ``ZygoteSocket.close`` removed it
            loop.remove_reader(ours)


async def _writable(ours: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_writer(ours, _wake, ready)
    try:
        await ready
    finally:
        if ours.fileno() >= 0:
            loop.remove_writer(ours)


def _wake(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


class ZygoteSocket:
    """One socket to a zygote, which it owns and closes.

    Attributes:
        sender: the id of the zygote's process in the host's namespace; ``None`` before its first message, and
            on systems that do not name senders.
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
        """Send an order.

        Args:
            order: a map with an ``op``.
            descriptors: copies of them are sent with the order.

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
        """The next message of the zygote, and the descriptors that came with it.

        Raises:
            EOFError: the zygote is gone.
            SandboxFailure: the message breaks the protocol.
        """
        while (news := next_news(self._buffer)) is None:
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

    def close(self) -> None:
        """Close the socket, also while a task sends or receives. The zygote and every process that came from
        it end when they notice. Safe to call twice.
        """
        if self._socket.fileno() >= 0:
            with contextlib.suppress(RuntimeError):  # no event loop runs, so none watches the socket
                loop = asyncio.get_running_loop()
                loop.remove_reader(self._socket)
                loop.remove_writer(self._socket)
        with contextlib.suppress(OSError):
            self._socket.close()
        for each in self._descriptors:
            os.close(each)
        self._descriptors.clear()
