"""The host's end of the socket to a worker: frames go out, and come in decoded and checked.

On the socket each frame follows its length, a 32-bit little-endian number. A frame that is longer than
allowed or that does not decode is a violation of the protocol.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Sequence

from harlm.cleanup import finished
from harlm.errors import SandboxFailure
from harlm.sandbox.process.close_on_fork import keep_to_this_process
from harlm.sandbox.process.frames import News, Ready, WireFrame, decode_and_weigh, encode

_PIECE = 1 << 16  # bytes read at once
_OWED = 4 << 20  # bytes that were sent and not read yet; beyond it nothing more is read from the worker
_TURN_S = 0.01  # seconds of frames of one worker after which other work of the event loop has its turn
_COPIED = 1 << 16  # bytes of a frame below which one copied write is cheaper than two writes


def framed(data: bytes) -> bytes:
    """The bytes of one frame after its length, a 32-bit little-endian number."""
    return len(data).to_bytes(4, "little") + data


READY = framed(encode(Ready()))
"""The first frame of every worker, byte for byte."""


class Wire(asyncio.BufferedProtocol):
    """Frames over one socket to a worker.

    While the worker does not read, nothing is read from it either, so the frames that wait for it stay within
    a bound.

    Args:
        largest: bytes that one frame of the worker may have; more is a violation.
        on_frame: called with each frame of the worker and the bytes of memory that it takes, about. A
            ``SandboxFailure`` that it raises is a violation too.
        on_end: called once when no more frames will come: with ``None`` if the worker is gone, else with the
            violation.
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
        self._has_ended = False
        self._pauses = 0
        self._is_behind = False  # whether whole frames may wait in ``_unread``; that is a pause too

    @classmethod
    async def over(
        cls,
        ours: socket.socket,
        largest: int,
        on_frame: Callable[[News, int], None],
        on_end: Callable[[SandboxFailure | None], None],
    ) -> Wire:
        """A wire over a connected socket, which it owns from now on, also if it cannot be made."""
        self = cls(largest, on_frame, on_end)
        self._socket = ours
        keep_to_this_process(ours)
        loop = asyncio.get_running_loop()
        try:
            # To its end: a half-made transport would continue to read from a descriptor number that is another
            # socket's by then.
            await finished(loop.create_unix_connection(lambda: self, sock=ours))
        except BaseException:
            self.abort()
            if self._transport is None:
                ours.close()
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
                self._take_unread()
            else:
                piece = self._piece[:nbytes]
                self._unread += piece[self._take_frames(piece) :]
        except SandboxFailure as violation:
            self._finish(violation)

    def _take_unread(self) -> None:
        with memoryview(self._unread) as unread:
            taken = self._take_frames(unread)
        del self._unread[:taken]

    def _fall_behind(self) -> None:
        """Leave the frames that have arrived for a later turn of the event loop."""
        self._is_behind = True
        self.pause()
        self._catch_up_if_alone()

    def _catch_up_if_alone(self) -> None:
        if self._is_behind and self._pauses == 1:
            asyncio.get_running_loop().call_soon(self._catch_up)

    def _catch_up(self) -> None:
        if self._pauses > 1 or not self._is_behind or self._has_ended:
            return
        self._is_behind = False
        self._pauses = 0
        try:
            self._take_unread()
        except SandboxFailure as violation:
            self._finish(violation)
        self._read_unless_paused()

    def _take_frames(self, data: memoryview) -> int:
        """Pass whole frames to ``on_frame``, and return how many bytes of ``data`` they took. After a pause, or if
        they take too long, the rest is left for later.
        """
        at, end = 0, len(data)
        ends = time.monotonic() + _TURN_S
        while end - at >= 4 and not self._has_ended:
            if self._pauses or time.monotonic() > ends:
                self._fall_behind()
                break
            size = int.from_bytes(data[at : at + 4], "little")
            if size > self._largest:
                raise SandboxFailure(
                    f"a cell made its worker send {size:,} bytes at once; {self._largest:,} are allowed"
                )
            if end - at < 4 + size:
                break
            with data[at + 4 : at + 4 + size] as body:
                frame, weight = decode_and_weigh(body)
            at += 4 + size
            self._on_frame(frame, weight)
        return at

    def connection_lost(self, exc: Exception | None) -> None:
        """See ``asyncio.BufferedProtocol``."""
        self._finish(None)

    def _finish(self, violation: SandboxFailure | None) -> None:
        if not self._has_ended:
            self._has_ended = True
            self._on_end(violation)
        self.abort()

    def send(self, frame: WireFrame) -> None:
        """Send one frame, or buffer it until the worker reads. Does nothing when the worker is gone:
        ``on_end`` reports that.
        """
        if self._transport is None or self._transport.is_closing():
            return
        data = encode(frame)
        if len(data) < _COPIED:
            self._transport.write(framed(data))  # one system call instead of two
        else:
            self._transport.write(len(data).to_bytes(4, "little"))
            self._transport.write(data)

    async def send_with(self, frame: WireFrame, descriptors: Sequence[int]) -> None:
        """Send one frame and, with its first byte, descriptors. Waits until all earlier frames are sent.

        Raises:
            ConnectionError: the worker is gone, or its socket has no room for the frame.
        """
        assert self._socket is not None
        while self._transport is not None and self._transport.get_write_buffer_size():  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.001)
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError("the worker is gone")
        data = framed(encode(frame))
        sent = socket.send_fds(self._socket, [data], list(descriptors))
        if sent != len(data):
            raise ConnectionResetError("the worker's socket is full")

    def pause(self) -> None:
        """Stop reading, until ``resume`` has been called as often as ``pause``."""
        self._pauses += 1
        if self._pauses == 1 and self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume(self) -> None:
        """Undo one ``pause``; read again if it was the last."""
        self._pauses -= 1
        self._catch_up_if_alone()
        self._read_unless_paused()

    def _read_unless_paused(self) -> None:
        if not self._pauses and self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def abort(self) -> None:
        """Close the socket at once, without sending what is buffered. The worker ends when it notices."""
        if self._transport is not None:
            self._transport.abort()
