"""The host's side of the guest's sockets, for tests that speak its protocols; and code that runs in a process of its own."""

from __future__ import annotations

import array
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

PATIENCE_S = 60.0
"""After so many seconds without a frame, a test fails instead of waiting for ever."""


class Peer:
    """The host's end of a socket to the guest."""

    def __init__(self, own: socket.socket) -> None:
        self._socket = own
        self._socket.settimeout(PATIENCE_S)
        self._unread = b""
        self.descriptors: list[int] = []

    def send(self, frame: dict[str, Any], descriptors: list[int] | None = None) -> None:
        """Send a frame, with copies of descriptors."""
        data = msgspec.msgpack.encode(frame)
        data = len(data).to_bytes(4, "little") + data
        socket.send_fds(self._socket, [data[:1]], descriptors or [])
        self._socket.sendall(data[1:])

    def receive(self) -> dict[str, Any]:
        """The next frame; its descriptors are added to ``descriptors``."""
        size = int.from_bytes(self._exactly(4), "little")
        frame: dict[str, Any] = msgspec.msgpack.decode(self._exactly(size))
        return frame

    def _exactly(self, size: int) -> bytes:
        while len(self._unread) < size:
            data, ancillary, _, _ = self._socket.recvmsg(1 << 16, socket.CMSG_SPACE(64))
            if not data:
                raise EOFError
            self._unread += data
            for _, _, content in ancillary:
                self.descriptors += array.array("i", content[: len(content) & ~3])
        taken, self._unread = self._unread[:size], self._unread[size:]
        return taken

    def close(self) -> None:
        """Close the socket and the descriptors that arrived."""
        self._socket.close()
        for descriptor in self.descriptors:
            os.close(descriptor)
        self.descriptors = []


@contextmanager
def process(code: str) -> Iterator[tuple[Peer, subprocess.Popen[str]]]:
    """Run code in a process of its own, with ``wire`` as the descriptor of its socket; it is ended in the end."""
    ours, theirs = socket.socketpair()
    with theirs:
        started = subprocess.Popen(
            [sys.executable, "-c", f"wire = {theirs.fileno()}\n{code}"],
            pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True,
        )  # fmt: skip
    peer = Peer(ours)
    try:
        yield peer, started
    finally:
        peer.close()
        started.kill()
        started.wait()
        assert started.stdout is not None
        started.stdout.close()


def printed(code: str, *, check: bool = True) -> str:
    """What code prints in a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )
    assert not check or ran.returncode == 0, ran.stderr
    return ran.stdout
