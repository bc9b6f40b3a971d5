"""Frames to and from the host over one socket, with many calls under way and no thread of our own: whoever waits
reads the socket, and hands others the replies that are theirs. Refuses to know what calls mean.

A frame is a 32-bit little-endian length and a MessagePack map with an ``op``.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .msgpack import pack, unpack

Frame = dict[str, Any]  # the wire is where types end

_PIECE = 1 << 20
_UNDER_WAY = 1024  # calls of one batch that are posted before the first reply is read


class CallFailed(RuntimeError):
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
        self._owner = os.getpid()
        self._largest = 1 << 24
        self._sending = threading.Lock()
        self._turn = threading.Condition()
        self._someone_reads = False
        self._commands: deque[Frame] = deque()
        self._replies: dict[int, Frame] = {}
        self._last_id = 0
        self._shields = 0
        self._interrupt: BaseException | None = None

    @property
    def is_orphan(self) -> bool:
        """Whether this is a process that a cell forked: the host does not know it."""
        return os.getpid() != self._owner

    def hold(self, largest: int) -> None:
        """Keep the socket to this process, and frames to ``largest`` bytes."""
        self._largest = largest
        os.set_inheritable(self._descriptor, False)
        os.register_at_fork(after_in_child=lambda: os.close(self._descriptor))

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
        with self._shielded(), self._sending:
            rest = memoryview(len(data).to_bytes(4, "little") + data)
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]

    def command(self) -> Frame:
        """The next frame that is not a reply."""
        with self._shielded():
            return self._wait(lambda: self._commands.popleft() if self._commands else None)

    def call(self, function: str, arguments: Frame) -> Any:
        """Ask the host, and wait for its reply.

        Raises:
            CallFailed: with the host's message.
        """
        reply = self._reply(self._post(function, arguments))
        if reply["op"] == "refuse":
            raise CallFailed(reply["message"])
        return reply["value"]

    def call_many(self, function: str, all_arguments: list[Frame]) -> list[Any]:
        """Ask the host many things at once; the results are in the order of the arguments.

        Raises:
            CallFailed: some failed; the results of the others are in ``results``.
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
            raise CallFailed(
                f"{len(failures)} of {len(replies)} calls failed; the first: {failures[0]}\n"
                "(the other results are in the exception's .results, with None where a call failed)",
                results,
            )
        return results

    def interrupt(self, error: BaseException) -> None:
        """Called by a signal handler: raise ``error`` here, or as soon as no frame is under way."""
        if self._shields:
            self._interrupt = error
        else:
            raise error

    def _post(self, function: str, arguments: Frame) -> int:
        if self.is_orphan:
            raise CallFailed(f"{function} works in the cell's own process only, not in one that it forked")
        with self._turn:
            self._last_id += 1
            call_id = self._last_id
        self.send({"op": "call", "id": call_id, "function": function, "arguments": arguments})
        return call_id

    def _reply(self, call_id: int) -> Frame:
        with self._shielded():
            return self._wait(lambda: self._replies.pop(call_id, None))

    def _wait(self, take: Any) -> Frame:
        """What ``take`` returns as soon as it returns something; reads the socket when nobody else does."""
        with self._turn:
            while True:
                taken: Frame | None = take()
                if taken is not None:
                    return taken
                if self._someone_reads:
                    self._turn.wait()
                    continue
                self._someone_reads = True
                self._turn.release()
                frame = None
                try:
                    frame = self._read()
                finally:
                    self._turn.acquire()
                    self._someone_reads = False
                    self._turn.notify_all()
                if frame["op"] in ("reply", "refuse"):
                    self._replies[frame["id"]] = frame
                else:
                    self._commands.append(frame)

    def _read(self) -> Frame:
        size = int.from_bytes(self._read_exactly(4), "little")
        frame = unpack(self._read_exactly(size))
        assert isinstance(frame, dict)
        return frame

    def _read_exactly(self, size: int) -> bytes:
        pieces: list[bytes] = []
        while size:
            piece = os.read(self._descriptor, min(size, _PIECE))
            if not piece:
                raise HostGone
            pieces.append(piece)
            size -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    @contextmanager
    def _shielded(self) -> Iterator[None]:
        """Keeps an interrupt of the main thread from tearing a frame in two."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        self._shields += 1
        try:
            yield
        finally:
            self._shields -= 1
            if not self._shields and self._interrupt is not None:
                error, self._interrupt = self._interrupt, None
                raise error
