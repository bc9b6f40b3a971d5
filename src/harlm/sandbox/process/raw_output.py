"""The raw output of a worker: what C code, programs and ``os.write`` write to descriptors 1 and 2. Only the
part that is shown is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable

FLOOD = 64 << 20
"""Bytes of raw output after which a cell is stopped."""

_SHOWN = 20_000  # bytes kept
_PIECE = 1 << 16
_AT_ONCE = 64  # pieces read before other events of the loop get a turn


class RawOutput:
    """Reads one pipe to its end.

    Args:
        descriptor: the reading end, which this object owns from now on, also if it cannot be made.
        on_flood: called once when more than ``FLOOD`` bytes have come since the last ``take``.

    Attributes:
        size: bytes that have come since the last ``take``.
    """

    def __init__(self, descriptor: int, on_flood: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._on_flood = on_flood
        self._kept = bytearray()
        self.size = 0
        try:
            os.set_blocking(descriptor, False)
            asyncio.get_running_loop().add_reader(descriptor, self._read)
        except BaseException:
            os.close(descriptor)
            raise

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
        """The output since the last call, cut to what is shown, and its size in bytes before cutting."""
        if self._descriptor >= 0:
            self._read()
        text, size = self._kept.decode("utf-8", "backslashreplace"), self.size
        self._kept.clear()
        self.size = 0
        return text, size

    def close(self) -> None:
        """Stop reading, and close the descriptor."""
        if self._descriptor >= 0:
            with contextlib.suppress(OSError):
                asyncio.get_running_loop().remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1
