"""Reads files in foreign formats in confined processes: one for each batch, forked from the zygote of the load.

Protects from: a parser that hangs, fills the memory, crashes, or is taken over by a document; such a process has
no files, no network and no other process, and what it sends is checked. Does not protect from: what the text of
the document says, and files of the same batch, whose text a process that was taken over can change.
"""

from __future__ import annotations

import os
import select
import sys
import time
from collections.abc import Sequence

from harlm.config import ContextSettings
from harlm.context.readers import has_own_reader, is_archive, modules_of
from harlm.context.readers.brought import brought_readers, to_wire
from harlm.errors import SandboxFailure
from harlm.reading.frames import BrokenFrames, FrameBuffer
from harlm.reading.incoming import IncomingFile, TooMuch
from harlm.reading.limits import ReadingLimits, limits_of
from harlm.reading.process import OUT_OF_MEMORY
from harlm.reading.zygote import Batch, Check, ReadingZygote, TierRefused
from harlm.sandbox import seatbelt
from harlm.sandbox.process.context_file import nameless_file
from harlm.sandbox.process.worker_process import in_words
from harlm.sandbox.shortage import shortage
from harlm.types import RawFile, ReadResult, Unread

_TIERS = ("s3", "s2", "s1", "s0")
"""The confinements to try, the strongest first; ``s0`` is limits only."""

_TICK_MS = 20
_PIECE = 1 << 18
_SMALL = 1 << 20  # bytes; larger files are read alone, under limits of their own
_ADVICE = "convert it to text first"


class ConfinedReader:
    """A ``DocumentReader`` whose processes are confined by the strongest tier that works here.

    Args:
        settings: the limits for each file.
    """

    def __init__(self, settings: ContextSettings) -> None:
        self._settings = settings
        self._zygote: ReadingZygote | None = None
        self._tiers = list(_TIERS if sys.platform == "linux" else _TIERS[-1:])

    @property
    def tier(self) -> str | None:
        """The confinement in use; ``None`` before the first file."""
        if self._zygote is None:
            return None
        return "seatbelt" if _wrapper() else self._zygote.tier

    def prepare(self, file: RawFile) -> None:
        """See ``DocumentReader.prepare``."""
        if self._zygote is None:
            try:
                self._zygote = ReadingZygote(self._tiers[0], _wrapper(), modules_of(file.name, file.data))
            except OSError as error:
                raise shortage("no process can be started to read documents", error) from error

    def read(self, files: Sequence[RawFile], check: Check) -> Sequence[ReadResult | Unread]:
        """See ``DocumentReader.read``."""
        results: list[ReadResult | Unread] = []
        while len(results) < len(files):
            batch = _same_limits(files[len(results) :])
            self._ready(batch[0], check)
            try:
                results += self._read_batch(batch, check)
            except SandboxFailure:  # the zygote is gone, which no file can cause alone
                self.close()
                self._ready(batch[0], check)
                results += self._read_batch(batch, check)
        return results

    def _ready(self, file: RawFile, check: Check) -> None:
        """Have a zygote that is confined."""
        while True:
            self.prepare(file)
            assert self._zygote is not None
            try:
                self._zygote.wait(check)
            except TierRefused as error:
                self.close()
                self._tiers.pop(0)
                if not self._tiers:
                    raise SandboxFailure(f"no process can be started to read documents ({error})") from error
            except SandboxFailure:
                self.close()  # the next read starts another
                raise
            else:
                return

    def _read_batch(self, files: Sequence[RawFile], check: Check) -> list[ReadResult | Unread]:
        """What the first files of a batch hold: all of them, or those up to one that a limit ended."""
        assert self._zygote is not None
        limits = [limits_of(len(file.data), self._settings) for file in files]
        with nameless_file() as stored:
            for file in files:
                _write(stored, file.data)
            order: dict[str, object] = {
                "files": [[file.name, len(file.data)] for file in files],
                "parsers": list(dict.fromkeys(module for file in files for module in modules_of(file.name, file.data))),
                "brought": to_wire(brought_readers()) if any(has_own_reader(file.name) or is_archive(file.name) for file in files) else [],
                "memory_bytes": limits[0].memory_mb << 20,
                "cpu_seconds": sum(each.seconds for each in limits),
            }  # fmt: skip
            process = self._zygote.open(order, stored, check)
        try:
            return self._received(process, files, limits, check)
        finally:
            process.kill()
            process.close()

    def _received(
        self, process: Batch, files: Sequence[RawFile], limits: Sequence[ReadingLimits], check: Check
    ) -> list[ReadResult | Unread]:
        results: list[ReadResult | Unread] = []
        received = FrameBuffer()
        clock = _FileClock(process)
        process.wire.setblocking(False)
        waiting = select.poll()
        waiting.register(process.wire, select.POLLIN)
        for file, limit in zip(files, limits, strict=True):
            incoming = IncomingFile(file.name, limit)
            clock.restart()
            while incoming.result is None:
                try:
                    frame = received.next()
                    if frame is not None:
                        incoming.take(frame)
                        continue
                except BrokenFrames:
                    return [*results, Unread(f"has made its reader send what it should not; {_ADVICE}")]
                except TooMuch as error:
                    return [*results, Unread(str(error))]
                check()
                if clock.is_over(limit):
                    return [*results, Unread(f"takes more than {limit.seconds:.3g} s to read; {_ADVICE}")]
                if not waiting.poll(_TICK_MS):
                    continue
                try:
                    data = process.wire.recv(_PIECE)
                except BlockingIOError:
                    continue
                except OSError:
                    data = b""
                if not data:
                    return [*results, Unread(self._why_ended(process, limit, check))]
                received.add(data)
            result = incoming.result
            if isinstance(result, Unread) and result.reason == OUT_OF_MEMORY:
                return [*results, Unread(_needs_memory(limit))]
            results.append(result)
        return results

    def _why_ended(self, process: Batch, limit: ReadingLimits, check: Check) -> str:
        assert self._zygote is not None
        status = self._zygote.end_of(process, check)
        return f"makes its reader end ({in_words(status)}), perhaps since it needs more than {limit.memory_mb} MB; {_ADVICE}"

    def close(self) -> None:
        """See ``DocumentReader.close``."""
        if self._zygote is not None:
            self._zygote.close()
            self._zygote = None


class _FileClock:
    """The time that the process has spent on one file."""

    def __init__(self, process: Batch) -> None:
        self._process = process
        self._cpu = self._began = 0.0

    def restart(self) -> None:
        """The next file begins."""
        self._began = time.monotonic()
        self._cpu = self._process.cpu_seconds() or 0.0

    def is_over(self, limit: ReadingLimits) -> bool:
        """Whether the time for the file has passed."""
        wall = time.monotonic() - self._began
        if wall < limit.seconds:
            return False
        cpu = self._process.cpu_seconds()
        return wall > limit.wall_seconds or cpu is None or cpu - self._cpu > limit.seconds


def _same_limits(files: Sequence[RawFile]) -> Sequence[RawFile]:
    """The first files that may share a process: small ones, or one large one."""
    for count, file in enumerate(files):
        if len(file.data) > _SMALL:
            return files[: max(count, 1)]
    return files


def _needs_memory(limit: ReadingLimits) -> str:
    return f"needs more than {limit.memory_mb} MB of memory to read; {_ADVICE}"


def _write(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def _wrapper() -> Sequence[str]:
    """The command that confines on macOS; empty elsewhere."""
    return () if sys.platform == "linux" or seatbelt.why_not() else seatbelt.command()
