"""Work in threads that can be given up: the event loop waits for it, and stops it when nothing needs the result.

A thread cannot be killed. So the work takes a ``StopFlag`` and checks it: in loops, and while SQLite runs a
statement. A piece of work between two checks takes a few milliseconds, and none holds Python's lock for longer,
or the event loop would wait for it.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

_T = TypeVar("_T")

_AT_ONCE = 3  # each thread that computes makes the event loop wait up to 5 ms for its turn
_PATIENCE_S = 0.2  # seconds that stopped work may take to end
_STEPS = 100_000  # of SQLite's virtual machine between two checks: about 10 ms
_PAUSE_S = 0.02  # seconds between two attempts to take a lock
_KEPT_S = 1.0  # that a thread waits for more work


class Stopped(Exception):
    """Nothing needs the result of the work any more."""


class StopFlag:
    """Whether work in a thread is to stop."""

    def __init__(self) -> None:
        self._is_set = False
        self._watched: set[sqlite3.Connection] = set()

    @property
    def is_set(self) -> bool:
        """Whether the work is to stop."""
        return self._is_set

    def set(self) -> None:
        """Stop the work. May be called in any thread."""
        self._is_set = True

    def check(self) -> None:
        """Continue.

        Raises:
            Stopped: the work is to stop.
        """
        if self._is_set:
            raise Stopped

    @contextmanager
    def holding(self, lock: threading.Lock) -> Iterator[None]:
        """Hold a lock, which another thread may keep for long.

        Raises:
            Stopped: the work is to stop before the lock is free.
        """
        while not lock.acquire(timeout=_PAUSE_S):
            self.check()
        try:
            yield
        finally:
            lock.release()

    def wait_for(self, done: Future[Any]) -> None:
        """Return when another thread is done.

        Raises:
            Stopped: the work is to stop.
            Exception: as the other thread raised it.
        """
        while not wait([done], timeout=_PAUSE_S).done:
            self.check()
        done.result()

    @contextmanager
    def over(self, connection: sqlite3.Connection) -> Iterator[None]:
        """Let the statements of a connection end early. No other thread may use the connection meanwhile.

        Raises:
            Stopped: the work was stopped in a statement.
        """
        self.check()
        if connection in self._watched:
            yield
            return
        self._watched.add(connection)
        connection.set_progress_handler(lambda: self._is_set, _STEPS)
        try:
            yield
        except sqlite3.Error:
            self.check()
            raise
        finally:
            connection.set_progress_handler(None, 0)
            self._watched.discard(connection)

    def patiently(self, work: Callable[[], _T], seconds: float) -> _T:
        """The result of ``work``, tried again while another process has locked its file.

        Args:
            work: raises ``sqlite3.OperationalError`` at once if the file is locked.
            seconds: to keep trying.

        Raises:
            sqlite3.OperationalError: the file is still locked.
            Stopped: the work is to stop.
        """
        ends = time.monotonic() + seconds
        while True:
            try:
                return work()
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() >= ends:
                    raise
            self.check()
            time.sleep(_PAUSE_S)


class Threads:
    """Runs work in threads, a few at once. For the event loop's thread.

    The threads are daemons: neither the end of the loop nor that of the process waits for one that a system call
    holds up.
    """

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def do(self, work: Callable[[StopFlag], _T]) -> _T:
        """The result of ``work``. If the waiting task is cancelled, the work is stopped, and has a fifth of a
        second to end.

        Args:
            work: checks the ``StopFlag`` that it takes.
        """
        async with self._room:
            stop = StopFlag()
            done = _begun(work, stop)
            try:
                return await asyncio.shield(done)
            except asyncio.CancelledError:
                stop.set()
                await asyncio.wait([done], timeout=_PATIENCE_S)
                raise


async def alone(work: Callable[[], _T]) -> _T:
    """The result of ``work`` in a thread of its own. If the waiting task is cancelled, the thread is left alone: for work that
    cannot be stopped.
    """
    return await _begun(lambda _: work(), StopFlag())


async def done_within(seconds: float, work: Callable[[], None]) -> bool:
    """Do ``work`` in a thread, also if the waiting task is cancelled meanwhile.

    Args:
        seconds: to wait. Work that takes longer, since another process has locked a file, is left alone.
        work: closes or flushes something.

    Returns:
        whether it has ended.

    Raises:
        Exception: as ``work`` raised it.
    """
    done = _begun(lambda _: work(), StopFlag())
    ends = time.monotonic() + seconds
    cancelled: asyncio.CancelledError | None = None
    while not done.done() and (left := ends - time.monotonic()) > 0:
        try:
            await asyncio.wait([done], timeout=left)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    if done.done():
        done.result()
    return done.done()


def _begun(work: Callable[[StopFlag], _T], stop: StopFlag) -> asyncio.Future[_T]:
    """The result of work that begins now, in a new thread."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[_T] = loop.create_future()

    def settle(result: _T | None, error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is None:
            done.set_result(result)  # type: ignore[arg-type] # the result of ``work``
        else:
            done.set_exception(error)
            done.exception()  # retrieved: the waiting task may be gone

    def run() -> None:
        result, error = None, None
        try:
            result = work(stop)
        except BaseException as raised:  # noqa: BLE001 - raised in the waiting task
            error = raised
        try:
            loop.call_soon_threadsafe(settle, result, error)
        except RuntimeError:  # the loop has closed
            pass

    _WORKERS.run(run)
    return done


class _Workers:
    """Threads that are kept for a moment after their work: starting one waits until the system has started it, which takes
    longer than most work.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[SimpleQueue[Callable[[], None]]] = []
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget)

    def run(self, work: Callable[[], None]) -> None:
        """Do work, which raises nothing, in a thread that does nothing else."""
        with self._lock:
            waiting = self._idle.pop() if self._idle else None
        if waiting is None:
            threading.Thread(target=self._serve, args=(work,), name="harlm-work", daemon=True).start()
        else:
            waiting.put(work)

    def _serve(self, work: Callable[[], None]) -> None:
        given: SimpleQueue[Callable[[], None]] = SimpleQueue()
        while True:
            work()
            del work  # what it holds is of no use to this thread
            with self._lock:
                self._idle.append(given)
            try:
                work = given.get(timeout=_KEPT_S)
            except Empty:
                with self._lock:
                    if given in self._idle:
                        self._idle.remove(given)
                        return
                work = given.get()  # it was given just now

    def _forget(self) -> None:
        """In a fork no other thread runs."""
        self._lock = threading.Lock()
        self._idle.clear()


_WORKERS = _Workers()
