"""The zygote's end of its control socket: frames with descriptors. The meaning of the orders in them is not
handled here.
"""

from __future__ import annotations

import os
import signal
import socket
from typing import Any

from ..confine.kernel import KernelRefused
from .msgpack import pack, unpack

_MOST_DESCRIPTORS = 8


class HostSocket:
    """The zygote's end of a control socket. Only the host holds the other end, so what arrives is trusted.

    Args:
        descriptor: of the connected socket, which this object then owns.
    """

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)

    def fileno(self) -> int:
        """The descriptor, for ``select``."""
        return self._socket.fileno()

    def receive(self) -> tuple[dict[str, Any], list[int]]:
        """Wait for the next order; returns it with its descriptors, which the caller owns.

        Raises:
            EOFError: the host closed its end.
        """
        head, descriptors, _, _ = socket.recv_fds(self._socket, 4, _MOST_DESCRIPTORS)
        head += self._exactly(4 - len(head))
        frame = unpack(self._exactly(int.from_bytes(head, "little")))
        assert isinstance(frame, dict)
        return frame, list(descriptors)

    def send(self, frame: dict[str, Any], descriptors: list[int] | None = None) -> None:
        """Send a frame to the host, with copies of ``descriptors``.

        Raises:
            OSError: the host closed its end.
        """
        data = pack({**frame, "handles": len(descriptors or [])})
        data = len(data).to_bytes(4, "little") + data
        sent = socket.send_fds(self._socket, [data], descriptors) if descriptors else 0
        # Only if there is a rest: sendall sends even an empty one, and fails if the other side has closed by then.
        if sent < len(data):
            self._socket.sendall(data[sent:])

    def refuse(self, error: KernelRefused | OSError) -> None:
        """Tell the host that this process cannot be confined.

        Args:
            error: the cause.

        Raises:
            OSError: the host closed its end.
        """
        step = getattr(error, "step", "a step")
        self.send({"op": "refused", "step": step, "why": str(error), "errno": error.errno})

    def close(self) -> None:
        """Close the socket in this process; forks keep theirs."""
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
    """``os.fork`` with all signals blocked: the kernel restarts a fork when a signal arrives, and would ask
    the host twice.

    Returns:
        The child's process id; 0 in the child.

    Raises:
        OSError: forking is not allowed, or processes or memory are used up.
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
