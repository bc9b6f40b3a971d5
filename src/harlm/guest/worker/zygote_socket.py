"""Orders of the host to a zygote, with descriptors beside them. Knows frames; refuses to know orders."""

from __future__ import annotations

import os
import signal
import socket
from typing import Any

from .msgpack import pack, unpack

_MOST_DESCRIPTORS = 8


class HostSocket:
    """The zygote's end of a control socket. Only the host holds the other: what comes from there is trusted."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)

    def fileno(self) -> int:
        """To wait for orders."""
        return self._socket.fileno()

    def receive(self) -> tuple[dict[str, Any], list[int]]:
        """The next order and its descriptors.

        Raises:
            EOFError: the host is gone.
        """
        head, descriptors, _, _ = socket.recv_fds(self._socket, 4, _MOST_DESCRIPTORS)
        head += self._exactly(4 - len(head))
        frame = unpack(self._exactly(int.from_bytes(head, "little")))
        assert isinstance(frame, dict)
        return frame, list(descriptors)

    def send(self, frame: dict[str, Any], descriptors: list[int] | None = None) -> None:
        """Tell the host something.

        Raises:
            OSError: the host is gone.
        """
        data = pack({**frame, "handles": len(descriptors or [])})
        data = len(data).to_bytes(4, "little") + data
        sent = socket.send_fds(self._socket, [data], descriptors) if descriptors else 0
        if sent < len(
            data
        ):  # sendall would send even nothing, and fail when the other side has closed by then
            self._socket.sendall(data[sent:])

    def close(self) -> None:
        """Let go of it, here only."""
        self._socket.close()

    def _exactly(self, size: int) -> bytes:
        pieces = []
        while size:
            piece = self._socket.recv(min(size, 1 << 20))
            if not piece:
                raise EOFError
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)


def fork() -> int:
    """``os.fork`` with all signals held off: the kernel begins a fork anew when one comes, and the host would be asked twice.

    Raises:
        OSError: not allowed, or for want of processes or memory.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        return os.fork()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def close_all_but(*kept: int) -> None:
    """Close every descriptor of this process above 2 that is not ``kept``."""
    low = 3
    for descriptor in (*sorted(kept), 1 << 20):
        os.closerange(low, descriptor)
        low = descriptor + 1
