"""Frames to and from the host over one socket, with many calls under way and no thread of our own: whoever waits
reads the socket, and hands others the replies that are theirs. Refuses to know what calls mean.

A frame is a 32-bit little-endian length and a MessagePack map with an ``op``.
"""

from __future__ import annotations

import os
import select
import socket
import threading
from collections import deque
from typing import Any

from .msgpack import pack, unpack
from .zygote_socket import fork

Frame = dict[str, Any]  # the wire is where types end

_PIECE = 1 << 16
_ROOM = socket.CMSG_SPACE(4 * 4)  # for descriptors that come along
_PATIENCE_MS = 50
_LARGEST_VALUE = 2_000_000  # bytes of a list or a dict that a cell finishes with
_UNDER_WAY = 1024  # calls of one batch that are posted before the first reply is read


class CallRefused(RuntimeError):
    """A call that the host refused or that failed there.

    Attributes:
        results: for a batch, the results in order, with None where a call failed; else empty.
    """

    def __init__(self, message: str, results: list[Any] | None = None) -> None:
        super().__init__(message)
        self.results = results or []


class FrameTooLarge(ValueError):
    """Something is too long to be sent to the host in one piece."""


class HostGone(BaseException):
    """The host closed the socket: there is nobody left to work for."""


class Channel:
    """The worker's end of the wire.

    Responsibilities: send frames whole, match replies to calls, queue commands, keep signals out of half a frame.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._socket = socket.socket(fileno=descriptor)  # for descriptors that come with a frame
        self._piece = memoryview(bytearray(_PIECE))
        self._unread = bytearray()
        self._received: list[int] = []
        self._branching = False
        self._owner = os.getpid()
        self._largest = 1 << 24
        self._sending = threading.Lock()
        self._state = threading.Lock()  # held for moments only, never while reading
        self._turn = threading.Condition(self._state)
        self._waiting = 0
        self._someone_reads = False
        self._commands: deque[Frame] = deque()
        self._replies: dict[int, Frame] = {}
        self._last_id = 0
        self._shield = _Shield()

    @property
    def is_orphan(self) -> bool:
        """Whether this is a process that a cell forked: the host does not know it."""
        return os.getpid() != self._owner

    def hold(self, largest: int) -> None:
        """Keep the socket to this process, and frames to ``largest`` bytes."""
        self._largest = largest
        os.set_inheritable(self._descriptor, False)
        os.register_at_fork(after_in_child=self._let_go)

    def _let_go(self) -> None:
        if not self._branching:
            self._socket.close()

    def fork(self) -> int:
        """``os.fork``, of which the child will speak for itself as soon as it has a socket in the place of this one.

        Raises:
            OSError: the host did not order it, or the machine cannot.
        """
        self._branching = True
        try:
            pid = fork()
        finally:
            self._branching = False
        if pid == 0:
            self._owner = os.getpid()
            self._commands.clear()
            self._replies.clear()
            self._unread.clear()
            self._last_id = 0
        return pid

    def take_descriptors(self) -> list[int]:
        """The descriptors that came with the last command."""
        taken, self._received = self._received, []
        return taken

    def send_done(self, cell: str, done: Frame) -> None:
        """Say that a cell ended.

        Raises:
            FrameTooLarge: what it finished with is larger than the host takes.
        """
        final = done["final"]
        if final is not None and not isinstance(final["value"], str):
            size = len(pack(final["value"]))
            if size > _LARGEST_VALUE:
                raise FrameTooLarge(
                    f"{size:,} bytes are too many for a value that is no text; {_LARGEST_VALUE:,} can be sent"
                )
        self.send({"op": "done", "cell": cell, **done})

    def send(self, frame: Frame) -> None:
        """Write one frame.

        Raises:
            FrameTooLarge: it is larger than the host takes.
        """
        data = pack(frame)
        if len(data) > self._largest:
            raise FrameTooLarge(
                f"{len(data):,} bytes are too many to be sent at once; {self._largest:,} can be. Cut it into parts"
            )
        data = len(data).to_bytes(4, "little") + data
        with self._shield, self._sending:
            rest = memoryview(data)
            while rest:
                try:
                    rest = rest[self._socket.send(rest, socket.MSG_DONTWAIT) :]
                except BlockingIOError:
                    self._make_way()

    def command(self) -> Frame:
        """The next frame that is not a reply."""
        with self._shield:
            return self._wait(None)

    def call(self, function: str, arguments: Frame) -> Any:
        """Ask the host, and wait for its reply.

        Raises:
            CallRefused: with the host's message.
        """
        reply = self._reply(self._post(function, arguments))
        if reply["op"] == "refuse":
            raise CallRefused(reply["message"])
        return reply["value"]

    def call_many(self, function: str, all_arguments: list[Frame]) -> list[Any]:
        """Ask the host many things at once; the results are in the order of the arguments.

        Raises:
            CallRefused: some failed; the results of the others are in ``results``.
        """
        ids: list[int] = []
        replies: list[Frame] = []
        for arguments in all_arguments:
            if len(ids) - len(replies) >= _UNDER_WAY:  # both sides would wait for the other to read
                replies.append(self._reply(ids[len(replies)]))
            ids.append(self._post(function, arguments))
        replies += [self._reply(each) for each in ids[len(replies) :]]
        failures = [reply["message"] for reply in replies if reply["op"] == "refuse"]
        results = [reply.get("value") for reply in replies]
        if failures:
            raise CallRefused(
                f"{len(failures)} of {len(replies)} calls failed; the first: {failures[0]}\n"
                "(the other results are in the exception's .results, with None where a call failed)",
                results,
            )
        return results

    def interrupt(self, error: BaseException) -> None:
        """Called by a signal handler: raise ``error`` here, or as soon as no frame is under way."""
        self._shield.hit(error)

    def post(self, function: str, arguments: Frame, needs: list[int], *, is_certain: bool) -> int:
        """Ask the host, and do not wait; ``anything`` gives the reply, which has the number that this returns.

        Args:
            needs: the numbers of the calls that this one was made from.
            is_certain: whether it will be made whatever those under way reply.
        """
        with self._turn:
            self._last_id += 1
            call_id = self._last_id
        call = {"op": "call", "id": call_id, "function": function, "arguments": arguments}
        self.send({**call, "needs": needs, "certain": is_certain})
        return call_id

    def anything(self, *, wait: bool) -> Frame | None:
        """A reply to any call, or a command; None where nothing is there and nothing is waited for."""
        with self._state:
            while not self._replies and not self._commands:
                if not wait and not self._is_readable():
                    return None
                self._take_one()
            if self._commands:
                return self._commands.popleft()
            return self._replies.pop(next(iter(self._replies)))

    def _is_readable(self) -> bool:
        ready = select.poll()
        ready.register(self._descriptor, select.POLLIN)
        return bool(self._unread) or bool(ready.poll(0))

    def _post(self, function: str, arguments: Frame) -> int:
        if self.is_orphan:
            raise CallRefused(f"{function} works in the cell's own process only, not in one that it forked")
        with self._turn:
            self._last_id += 1
            call_id = self._last_id
        self.send({"op": "call", "id": call_id, "function": function, "arguments": arguments})
        return call_id

    def _reply(self, call_id: int) -> Frame:
        with self._shield:
            return self._wait(call_id)

    def _wait(self, call_id: int | None) -> Frame:
        """The reply to a call, or for None the next command; reads the socket when nobody else does."""
        with self._state:
            while True:
                if call_id is None:
                    if self._commands:
                        return self._commands.popleft()
                elif call_id in self._replies:
                    return self._replies.pop(call_id)
                if self._someone_reads:
                    self._waiting += 1
                    self._turn.wait()
                    self._waiting -= 1
                else:
                    self._take_one()

    def _take_one(self) -> None:
        """Read a frame, and put it where it belongs. Called with ``_state`` held and nobody reading."""
        self._someone_reads = True
        self._state.release()
        try:
            frame = self._read()
        finally:
            self._state.acquire()
            self._someone_reads = False
            if self._waiting:
                self._turn.notify_all()
        if frame["op"] in ("reply", "refuse"):
            self._replies[frame["id"]] = frame
        else:
            self._commands.append(frame)

    def _make_way(self) -> None:
        """The host takes nothing more, perhaps since nobody here takes what it has sent: take some."""
        ready = select.poll()
        ready.register(self._descriptor, select.POLLIN | select.POLLOUT)
        events = ready.poll(_PATIENCE_MS)
        if events and events[0][1] & select.POLLIN:
            with self._state:
                if not self._someone_reads:
                    self._take_one()

    def _read(self) -> Frame:
        unread = self._unread
        while True:
            if len(unread) >= 4:
                end = 4 + int.from_bytes(unread[:4], "little")
                if end > _PIECE:
                    self._fill(end)
                if len(unread) >= end:
                    frame = unpack(bytes(unread[4:end]))
                    del unread[:end]
                    assert isinstance(frame, dict)
                    return frame
            unread += self._piece[: self._receive(self._piece)]

    def _fill(self, size: int) -> None:
        """Read on until a long frame is whole, without reading piece after piece into a buffer that grows."""
        had = len(self._unread)
        whole = memoryview(bytearray(max(size, had)))
        whole[:had] = self._unread
        while had < size:
            had += self._receive(whole[had:])
        self._unread[:] = whole

    def _receive(self, into: memoryview) -> int:
        """Some bytes, and the descriptors that came along."""
        size, ancillary, _, _ = self._socket.recvmsg_into([into], _ROOM)
        if not size:
            raise HostGone
        for _, _, content in ancillary:
            self._received += memoryview(content[: len(content) & ~3]).cast("i")
        return size


class _Shield:
    """Keeps an interrupt of the main thread from tearing a frame in two: held while a frame is under way."""

    def __init__(self) -> None:
        self._main = threading.get_ident()
        self._depth = 0
        self._held_off: BaseException | None = None

    def hit(self, error: BaseException) -> None:
        """Called by a signal handler, which runs in the main thread: raise ``error`` here, or as soon as the shield is down."""
        if self._depth:
            self._held_off = error
        else:
            raise error

    def __enter__(self) -> None:
        if threading.get_ident() == self._main:
            self._depth += 1

    def __exit__(self, *_: object) -> None:
        if threading.get_ident() == self._main:
            self._depth -= 1
            if not self._depth and self._held_off is not None:
                error, self._held_off = self._held_off, None
                raise error
