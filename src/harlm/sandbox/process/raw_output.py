"""What a worker writes to descriptors 1 and 2: C code, programs, ``os.write``. Knows bytes; refuses to keep more of them
than is shown.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable

FLOOD = 64 << 20
"""Bytes of one cell after which it is stopped."""

_SHOWN = 20_000
_PIECE = 1 << 16
_AT_ONCE = 64  # pieces between two looks at anything else


class RawOutput:
    """Reads one pipe to its end.

    Args:
        descriptor: its reading end, which is closed with this object.
        on_flood: told once in a cell that it writes without end.
    """

    def __init__(self, descriptor: int, on_flood: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._on_flood = on_flood
        self._kept = bytearray()
        self.size = 0
        os.set_blocking(descriptor, False)
        asyncio.get_running_loop().add_reader(descriptor, self._read)

    def _read(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                data = os.read(self._descriptor, _PIECE)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self.close()
                return
            if len(self._kept) < _SHOWN:
                self._kept += data[: _SHOWN - len(self._kept)]
            before = self.size
            self.size += len(data)
            if before <= FLOOD < self.size:
                self._on_flood()
                return

    def take(self) -> tuple[str, int]:
        """What was written since the last time, cut, and how much it was."""
        if self._descriptor >= 0:
            self._read()
        text, size = self._kept.decode("utf-8", "backslashreplace"), self.size
        self._kept.clear()
        self.size = 0
        return text, size

    def close(self) -> None:
        """Read no more."""
        if self._descriptor >= 0:
            with contextlib.suppress(OSError):
                asyncio.get_running_loop().remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1
