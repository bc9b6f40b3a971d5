"""Sends frames to the host and receives frames from it over one socket. Many calls can be under way, and
there is no reader thread: a thread that waits for its reply reads the socket, and passes on replies that
other threads wait for.

A frame is a 32-bit little-endian length and a MessagePack map with an ``op``. The meaning of calls is not
handled here.
"""

from __future__ import annotations

import os
import select
import socket
import threading
from collections import deque
from types import FrameType
from typing import Any

from ..arguments import PARTS
from .msgpack import pack, unpack
from .shield import Shield, caller, is_running, quiet
from .zygote_socket import fork

Frame = dict[str, Any]  # the wire is where types end

_PIECE = 1 << 16
_ROOM = socket.CMSG_SPACE(4 * 4)  # for the descriptors sent with a frame
_PATIENCE_MS = 50
_LARGEST_VALUE = 2_000_000  # bytes of a list or a dict that a cell finishes with
_HERE = __file__
_UNDER_WAY = 1024  # calls of one batch that are sent before the first reply is read


class CallRefused(RuntimeError):
    """The host refused a call, or the call failed there.

    Attributes:
        results: for a batch, the results in the order of the calls, ``None`` for each that failed; else
            empty.
    """

    def __init__(self, message: str, results: list[Any] | None = None) -> None:
        super().__init__(message)
        self.results = results or []


class FrameTooLarge(ValueError):
    """A frame or a value is larger than the host accepts."""


class HostGone(BaseException):
    """The host closed the socket, so this process has no more work."""


class Channel:
    """The worker's end of the connection to the host.

    Responsibilities: send whole frames, match replies to calls, queue commands, and hold off interrupts while
    a frame is half sent or half read.

    Args:
        descriptor: of the connected socket.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._socket = socket.socket(fileno=descriptor)  # a socket object, to receive descriptors with frames
        self._piece = memoryview(bytearray(_PIECE))
        self._unread = bytearray()
        self._received: list[int] = []
        self._branching = False
        self._owner = os.getpid()
        self._largest = 1 << 24
        self._sending = threading.Lock()
        self._readable = select.poll()
        self._readable.register(descriptor, select.POLLIN)
        self._state = threading.Lock()  # held for moments only, never while reading
        self._turn = threading.Condition(self._state)
        self._waiting = 0
        self._reader: int | None = None  # the thread that reads the socket
        self._commands: deque[Frame] = deque()
        self._replies: dict[int, Frame] = {}
        self._last_id = 0
        self._shield = Shield()

    @property
    def is_orphan(self) -> bool:
        """Whether a cell forked this process. The host has no connection to it."""
        return os.getpid() != self._owner

    def hold(self, largest: int) -> None:
        """Close the socket in processes that cells start, and limit frames to ``largest`` bytes."""
        self._largest = largest
        os.set_inheritable(self._descriptor, False)
        os.register_at_fork(after_in_child=self._let_go)

    def _let_go(self) -> None:
        if not self._branching:
            self._socket.close()

    def fork(self) -> int:
        """``os.fork``, with a child that keeps this channel. The caller must put a socket of the child's own
        in place of this one.

        Returns:
            The child's process id; 0 in the child.

        Raises:
            OSError: the host did not order the fork, or the machine cannot fork.
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
        """The descriptors that arrived with the last command. The caller owns them."""
        taken, self._received = self._received, []
        return taken

    def send_done(self, cell: str, done: Frame) -> None:
        """Report that a cell has ended.

        Args:
            cell: the id that the host gave the cell.
            done: the cell's result, as ``Session.run`` returns it.

        Raises:
            FrameTooLarge: the value that it finished with is larger than the host accepts.
        """
        final = done["final"]
        if final is not None and not isinstance(final["value"], str):
            if _has_more_parts(final["value"], PARTS):
                raise FrameTooLarge(
                    f"more than {PARTS:,} numbers, texts and containers are too many for one value. "
                    "Finish with a str, or with a part"
                )
            size = len(pack(final["value"]))
            if size > _LARGEST_VALUE:
                raise FrameTooLarge(
                    f"{size:,} bytes are too many for a value other than a str; at most {_LARGEST_VALUE:,} "
                    "can be sent. Finish with a str, or with a part"
                )
        self.send({"op": "done", "cell": cell, **done})

    def send_sign(self) -> None:
        """Report that the cell prints; not from inside of a method of this channel."""
        if not is_running(_HERE, caller()):
            self.send({"op": "alive"})

    def send(self, frame: Frame) -> None:
        """Send one frame.

        Raises:
            FrameTooLarge: it is larger than the host accepts.
        """
        data = pack(frame)
        if len(data) > self._largest:
            raise FrameTooLarge(
                f"{len(data):,} bytes are too many to send at once; at most {self._largest:,} can be sent. "
                "Split it into parts"
            )
        data = len(data).to_bytes(4, "little") + data
        with self._shield, self._sending:
            rest = memoryview(data)
            if len(data) <= _PIECE:  # it fits into the socket as a whole, unless the host does not read
                rest = self._send_some(rest)
            if rest:
                with quiet():
                    while rest := self._send_some(rest):
                        self._make_way()

    def _send_some(self, rest: memoryview) -> memoryview:
        """Send what the socket has room for, and return the rest."""
        try:
            return rest[self._socket.send(rest, socket.MSG_DONTWAIT) :]
        except BlockingIOError:
            return rest

    def command(self) -> Frame:
        """Wait for the next frame that is not a reply.

        Raises:
            HostGone: the host closed the socket.
        """
        with self._shield:
            return self._wait(None)

    def call(self, function: str, arguments: Frame) -> Any:
        """Call a host function, and wait for its reply.

        Raises:
            CallRefused: the call failed, and the message is the host's; or it was made from inside of another.
        """
        _refuse_inside(function, caller())
        reply = self._reply(self._post(function, arguments))
        if reply["op"] == "refuse":
            raise CallRefused(reply["message"])
        return reply["value"]

    def call_many(self, function: str, all_arguments: list[Frame]) -> list[Any]:
        """Call a host function many times at once; the results are in the order of the arguments.

        Raises:
            CallRefused: some calls failed, and the results of the others are in ``results``; or they were made
                from inside of another call.
        """
        _refuse_inside(function, caller())
        ids: list[int] = []
        replies: list[Frame] = []
        for arguments in all_arguments:
            if len(ids) - len(replies) >= _UNDER_WAY:  # else each side could wait for the other to read
                replies.append(self._reply(ids[len(replies)]))
            ids.append(self._post(function, arguments))
        replies += [self._reply(call_id) for call_id in ids[len(replies) :]]
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
        """Raise ``error`` now, or once no frame is half sent or half read. Called by a signal handler."""
        self._shield.hit(error)

    def post(self, function: str, arguments: Frame, needs: list[int], *, is_certain: bool) -> int:
        """Call a host function without waiting for the reply, which ``anything`` returns later.

        Args:
            needs: the ids of the calls whose replies this call was made from.
            is_certain: whether the cell makes this call whatever the calls under way reply.

        Returns:
            The id of the call, which is also the id of the reply frame.
        """
        with self._turn:
            self._last_id += 1
            call_id = self._last_id
        call = {"op": "call", "id": call_id, "function": function, "arguments": arguments}
        self.send({**call, "needs": needs, "certain": is_certain})
        return call_id

    def anything(self, *, wait: bool) -> Frame | None:
        """The next command or reply to any call; ``None`` if there is none yet and ``wait`` is false.

        Raises:
            HostGone: the host closed the socket.
        """
        with self._state:
            while not self._replies and not self._commands:
                if not wait and not self._is_readable():
                    return None
                self._take_one()
            if self._commands:
                return self._commands.popleft()
            return self._replies.pop(next(iter(self._replies)))

    def _is_readable(self) -> bool:
        return bool(self._unread) or bool(self._readable.poll(0))

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
        """The reply to a call, or the next command if ``call_id`` is ``None``. Reads the socket if no other
        thread does.
        """
        with self._state:
            while True:
                if call_id is None:
                    if self._commands:
                        return self._commands.popleft()
                elif call_id in self._replies:
                    return self._replies.pop(call_id)
                if self._reader not in (
                    None,
                    threading.get_ident(),
                ):  # itself: an exception cut its reading short
                    self._waiting += 1
                    self._turn.wait()
                    self._waiting -= 1
                else:
                    self._take_one()

    def _take_one(self) -> None:
        """Read one frame, and queue it. Call with ``_state`` held while no thread reads; it is released
        during the read.
        """
        self._reader = threading.get_ident()
        try:
            self._state.release()
            if not self._unread:
                self._readable.poll()  # signal handlers run here, and may raise
            with quiet():
                frame = self._read()
                if frame["op"] in ("reply", "refuse"):
                    self._replies[frame["id"]] = frame
                else:
                    self._commands.append(frame)
        finally:
            self._state.acquire()
            self._reader = None
            if self._waiting:
                self._turn.notify_all()

    def _make_way(self) -> None:
        """Read a frame while the host accepts no more: it may be waiting for this process to read what it has
        sent.
        """
        ready = select.poll()
        ready.register(self._descriptor, select.POLLIN | select.POLLOUT)
        events = ready.poll(_PATIENCE_MS)
        if events and events[0][1] & select.POLLIN:
            with self._state:
                if self._reader is None:
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
        """Read the rest of a long frame into one buffer of its size, not piece by piece into a buffer that
        grows.
        """
        filled = len(self._unread)
        whole = memoryview(bytearray(max(size, filled)))
        whole[:filled] = self._unread
        while filled < size:
            filled += self._receive(whole[filled:])
        self._unread[:] = whole

    def _receive(self, into: memoryview) -> int:
        """Receive some bytes and the descriptors sent with them; returns how many bytes."""
        size, ancillary, _, _ = self._socket.recvmsg_into([into], _ROOM)
        if not size:
            raise HostGone
        for _, _, content in ancillary:
            self._received += memoryview(content[: len(content) & ~3]).cast("i")
        return size


def _refuse_inside(function: str, frame: FrameType | None) -> None:
    if is_running(_HERE, frame):
        raise CallRefused(
            f"{function} was called while another call is being made, by a signal handler, a finalizer or a trace "
            "function; make the call in the cell itself"
        )


def _has_more_parts(value: Any, most: int) -> bool:
    level = [value]
    count = 0
    while level and count <= most:
        count += len(level)
        below: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                count += len(each)
                below += each.values()
            elif isinstance(each, list):
                below += each
        level = below
    return count > most
