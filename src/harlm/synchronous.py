"""Runs a coroutine for callers that do not use asyncio, also where an event loop runs already (Jupyter)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import closing, suppress
from contextvars import copy_context
from typing import Any, Generic, TypeVar

from harlm.sandbox.shortage import shortage, starting_a_thread

T = TypeVar("T")


def run_here(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to the end: in this thread, or in a new one if this thread already runs an event loop.

    Raises:
        SandboxFailure: no event loop or thread can be made, because a limit of the system is reached.
    """
    if not _is_in_a_loop():
        return _in_new_loop(work)
    with InThread(work) as running:
        return running.result()


def _in_new_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in this thread, in an event loop of its own.

    Raises:
        SandboxFailure: no event loop can be made, because no descriptors are left.
    """
    with closing(work):
        runner = asyncio.Runner()
        try:
            runner.get_loop()
        except OSError as error:
            raise shortage("no event loop can be made", error) from error
        with runner:
            return runner.run(work)


def _is_in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class LoopThread:
    """An event loop in a thread, for callers that do not use asyncio and need it for longer than one call. ``close`` it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="harlm-session", daemon=True)
        with starting_a_thread():
            self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine. Leaving early (Ctrl-C) cancels it and waits for its clean-up."""
        running = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return running.result()
        except BaseException:
            if not running.done():
                running.cancel()
                with suppress(BaseException):
                    running.result()
            raise

    def close(self) -> None:
        """End the loop and its thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class InThread(Generic[T]):
    """Runs a coroutine in a new thread with its own event loop. Leaving the context early (Ctrl-C, a closed
    iterator) cancels the coroutine and waits for its clean-up.

    Raises:
        SandboxFailure: on entering, if no thread can be started.
    """

    def __init__(self, work: Coroutine[Any, Any, T]) -> None:
        self._work = work
        self._result: Future[T] = Future()
        self._cancel: Callable[[], object] = lambda: None
        self._started = threading.Event()
        self._thread = threading.Thread(
            target=copy_context().run, args=(self._serve,), name="harlm-run", daemon=True
        )

    def __enter__(self) -> Future[T]:
        try:
            with starting_a_thread():
                self._thread.start()
        except OSError as error:
            self._work.close()
            raise shortage("no run can be started", error) from error
        self._started.wait()
        return self._result

    def __exit__(self, *_: object) -> None:
        self._cancel()
        self._thread.join()

    def _serve(self) -> None:
        try:
            self._result.set_result(_in_new_loop(self._watched()))
        except BaseException as error:  # noqa: BLE001 - raised in the waiting thread
            self._work.close()
            self._result.set_exception(error)
        finally:
            self._started.set()  # also if the work never began

    async def _watched(self) -> T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None

        def cancel() -> None:
            with suppress(RuntimeError):  # the loop has closed, so the work has ended
                loop.call_soon_threadsafe(task.cancel)

        self._cancel = cancel
        self._started.set()
        return await self._work
