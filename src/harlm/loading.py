"""Loads a context as users do: foreign formats in a confined process, within the time limit of the run, and without
a thread or process that outlives it.

Besides ``assembly`` the only file that names implementations.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from harlm.config import ContextSettings, ModelSettings
from harlm.context import load as load_value
from harlm.context import load_paths as load_named
from harlm.context.readers.in_process import InProcessReader
from harlm.context.web_names import is_page
from harlm.errors import DeadlineExceeded
from harlm.protocols import DocumentReader
from harlm.types import Context, RawFile, ReadResult, Unread


def load(source: object, loading: ContextSettings | None = None) -> Context:
    """The context of a Python value, such as a path, a list of paths, a ``str``, a list or a dict.

    A ``Context`` is taken as it is; a path, or a list of paths, is read; a ``str`` is the text itself; a list
    becomes one document for each item, a dict one for each key. Items and values that are not text become
    JSON.

    Args:
        source: the value.
        loading: which files of folders to read, and what reading one may cost.

    Raises:
        ContextError: the value cannot be read, or is empty.
        SandboxFailure: no process can be started to read foreign formats.
    """
    settings = loading or ContextSettings()
    with closing(reader_of(settings)) as reader:
        return load_value(source, settings, reader=reader)


def load_paths(
    sources: Sequence[str | Path],
    loading: ContextSettings,
    *,
    stdin: BinaryIO | None = None,
    clock: LoadingClock | None = None,
    reach: ModelSettings | None = None,
) -> Context:
    """The context that paths, globs, ``@list.txt``, addresses of web pages and ``-`` stand for.

    Args:
        sources: what to read.
        loading: which files of folders to read, and what reading one may cost.
        reach: how web pages are reached; ``None`` if none may be read.
        stdin: the standard input, which ``-`` stands for; ``None`` if there is none.
        clock: the limit of time; ``None`` for none.

    Raises:
        ContextError: a source does not exist, a named file cannot be read, or there is nothing to read.
        DeadlineExceeded: the time has passed.
        SandboxFailure: no process can be started to read foreign formats.
    """
    check = (clock or LoadingClock(None)).check
    with closing(reader_of(loading)) as reader:
        fetch = None if reach is None or not any(map(is_page, sources)) else _fetch_of(loading, reach)
        return load_named(sources, loading, stdin=stdin, reader=reader, check=check, fetch=fetch)


def _fetch_of(loading: ContextSettings, reach: ModelSettings) -> Callable[[str, Callable[[], None]], RawFile]:
    from harlm.reading.pages import WebPages  # here, since aiohttp takes long to import

    return WebPages(loading, reach).fetch


async def load_async(source: object, loading: ContextSettings, clock: LoadingClock) -> Context:
    """``load`` in a thread, within a limit of time. When it is cancelled, it returns after the thread has ended.

    Raises:
        ContextError, SandboxFailure: as ``load``.
        DeadlineExceeded: the time has passed.
    """

    def work() -> Context:
        with closing(reader_of(loading)) as reader:
            return load_value(source, loading, reader=reader, check=clock.check)

    loaded = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(loaded)
    finally:
        clock.stop()
        while not loaded.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([loaded])
        if not loaded.cancelled():
            loaded.exception()


def reader_of(loading: ContextSettings) -> DocumentReader:
    """The reader of foreign formats on this system. It starts nothing before the first file."""
    return _WhenNeeded(loading)


def reading_tier(loading: ContextSettings) -> str | None:
    """The confinement in which foreign formats are read, found out by reading a page: ``s3`` to ``s1``, ``seatbelt``, or
    ``s0`` for limits only; ``None`` if they are read in this process.

    Raises:
        SandboxFailure: no process can be started.
    """
    if sys.platform == "win32":
        return None
    from harlm.reading.reader import ConfinedReader

    with closing(ConfinedReader(loading)) as reader:
        reader.read([RawFile("page.html", b"<p>x")], lambda: None)
        return reader.tier


class LoadingStopped(Exception):
    """The task that waited for the context has been cancelled."""


class LoadingClock:
    """The time that loading may take. Safe to use from several threads.

    Args:
        seconds: the time limit of the run; ``None`` for none.
        began: when it began to count, by ``time.monotonic``; by default now.
    """

    def __init__(self, seconds: float | None, began: float | None = None) -> None:
        self._seconds = seconds
        self._began = time.monotonic() if began is None else began
        self._is_stopped = False

    def stop(self) -> None:
        """Let the next ``check`` end the loading."""
        self._is_stopped = True

    def check(self) -> None:
        """Return if loading may continue.

        Raises:
            DeadlineExceeded: the time has passed.
            LoadingStopped: it was stopped.
        """
        if self._is_stopped:
            raise LoadingStopped
        if self._seconds is None:
            return
        used = time.monotonic() - self._began
        if used > self._seconds:
            raise DeadlineExceeded(
                f"the time limit of {self._seconds:g} s passed while the context was being read; raise --timeout, or "
                "read fewer files",
                limit="seconds",
                used=used,
                allowed=self._seconds,
            )


class _WhenNeeded:
    """A ``DocumentReader`` that is made for the first file in a foreign format: most contexts have none."""

    def __init__(self, settings: ContextSettings) -> None:
        self._settings = settings
        self._made: DocumentReader | None = None

    def _reader(self) -> DocumentReader:
        if self._made is None:
            if sys.platform != "win32":
                from harlm.reading.reader import ConfinedReader

                self._made = ConfinedReader(self._settings)
            else:
                self._made = InProcessReader()
        return self._made

    def prepare(self, file: RawFile) -> None:
        """See ``DocumentReader.prepare``."""
        self._reader().prepare(file)

    def read(self, files: Sequence[RawFile], check: Callable[[], None]) -> Sequence[ReadResult | Unread]:
        """See ``DocumentReader.read``."""
        return self._reader().read(files, check)

    def close(self) -> None:
        """See ``DocumentReader.close``."""
        if self._made is not None:
            self._made.close()
