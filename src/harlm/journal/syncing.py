"""Has the disk keep what a process has written to a file, soon and in few steps: all writes of a few milliseconds at once."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_SOON_S = 0.005  # in which further writes join


class Syncing:
    """Syncs one file in a thread, after writes. For the thread of an event loop.

    Args:
        file: the file.
        on_failure: called with the error if the disk does not keep it.
    """

    def __init__(self, file: Path, on_failure: Callable[[Exception], None]) -> None:
        self._file = file
        self._on_failure = on_failure
        self._running: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()
        self._written = 0  # writes so far
        self._kept = 0  # those of them that the disk keeps
        self._round: asyncio.Future[None] | None = None  # done when the next sync has ended

    def wrote(self) -> None:
        """The file was written to. Outside an event loop it is synced by ``close``."""
        self._written += 1
        if self._running is None or self._running.done():
            with suppress(RuntimeError):
                loop = asyncio.get_running_loop()
                self._round = loop.create_future()
                self._running = loop.create_task(self._run(self._round))

    async def done(self) -> None:
        """Return when all that was written is kept."""
        wanted = self._written
        while self._kept < wanted and self._round is not None:
            self._hurry.set()
            await asyncio.shield(self._round)

    def close(self) -> None:
        """Sync what is left, at once."""
        if self._running is not None:
            self._running.cancel()
        if self._kept < self._written:
            self._sync()

    async def _soon(self) -> None:
        """Wait for further writes, unless one is waited for."""
        try:
            async with asyncio.timeout(_SOON_S):
                await self._hurry.wait()
        except TimeoutError:
            pass
        self._hurry.clear()

    async def _run(self, ended: asyncio.Future[None]) -> None:
        try:
            while self._kept < self._written:
                await self._soon()
                written = self._written
                await asyncio.to_thread(self._sync)
                self._kept = written
                self._round = asyncio.get_running_loop().create_future()
                ended.set_result(None)
                ended = self._round
        finally:
            self._round = None
            ended.cancel()

    def _sync(self) -> None:
        try:
            opened = os.open(self._file, os.O_RDWR)  # Windows writes out what may be written only
            try:
                os.fsync(opened)
            finally:
                os.close(opened)
        except FileNotFoundError:
            pass  # the WAL was written into the file
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE):  # the next sync may find a descriptor
                self._on_failure(error)
