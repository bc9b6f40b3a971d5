"""The one asyncio event loop of a REPL. A cell that awaits runs in it as one task, from its first line to its
last; other tasks wait there until a later cell awaits.

``asyncio`` is imported when a cell first needs it: that takes longer than forking a REPL.
"""

# ruff: noqa: SLF001 - asyncio has no public way to separate the loops of two processes, nor to ask whether a task's
# failure was noticed.

from __future__ import annotations

import signal
import threading
import time
import types
from collections.abc import Coroutine, Generator, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

_THREADS = 32  # calls that tasks can wait for in threads at the same time
_PREFIX = "asyncio"  # of the names of these threads
_LEAVING_S = 0.05  # seconds in which threads that have nothing to do end
_NEED_IT = frozenset({"create_task", "get_running_loop", "current_task", "all_tasks"})
_START_ONE = frozenset({"run", "run_until_complete", "run_forever", "Runner"})
_INLINE = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})
_BENEATH = ("/selectors.py", "/threading.py", "/concurrent/futures/thread.py", "/concurrent/futures/_base.py")
_PASSING = (KeyboardInterrupt, SystemExit)  # they end a loop from whatever task they are raised in


class CellLoop:
    """The event loop of one REPL, made when a cell first needs it.

    A fork of the REPL continues with the same loop, and so with the tasks, queues and locks that are bound to it.
    If the loop is of a kind that cannot be continued, the fork begins with a new one.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._threads: ThreadPoolExecutor | None = None
        self._pending: set[asyncio.Task[Any]] = set()  # a loop alone does not keep its tasks alive
        self._failed: list[asyncio.Task[Any]] = []
        self._runs = False
        self._late: BaseException | None = None  # to be raised at the end of a step

    @property
    def is_made(self) -> bool:
        """Whether there is a loop."""
        return self._loop is not None

    def prepare(self) -> asyncio.AbstractEventLoop:
        """Make the loop the one that ``asyncio.get_event_loop()`` returns.

        Raises:
            OSError: it cannot be made: no descriptors are left.
        """
        import asyncio
        from concurrent.futures import ThreadPoolExecutor

        loop = self._loop
        if loop is None or loop.is_closed():
            loop = self._loop = asyncio.new_event_loop()
            loop.set_task_factory(self._task)
            self._pending, self._threads = set(), None
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix=_PREFIX)
            loop.set_default_executor(self._threads)
        asyncio.set_event_loop(loop)
        return loop

    def _task(
        self,
        loop: asyncio.AbstractEventLoop,
        work: Coroutine[Any, Any, Any] | Generator[Any, None, Any],
        **how: Any,
    ) -> asyncio.Task[Any]:
        import asyncio

        task = asyncio.Task(work, loop=loop, **how)
        self._pending.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._pending.discard(task)
        if isinstance(task._exception, _PASSING):  # it has ended the loop
            task._log_traceback = False
        elif task._log_traceback:
            self._failed.append(task)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine to its end, and return its result.

        Raises:
            BaseException: what it raised; or what ended the loop, from whatever task: the coroutine is then
                cancelled first.
        """
        task, ended = self._run(self.prepare(), work)
        late, self._late = self._late, None
        return _result(task, ended or late)

    def _run(
        self, loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any]
    ) -> tuple[asyncio.Task[Any], BaseException | None]:
        """Run a task until it is done; returns it, and what has ended the loop before, if anything. A signal may
        raise at any moment.
        """
        task: asyncio.Task[Any] | None = None
        ended: BaseException | None = None
        self._runs = True
        try:
            while task is None or not task.done():
                try:
                    if task is None:
                        task = loop.create_task(work)
                    task.remove_done_callback(_stop)
                    task.add_done_callback(_stop)
                    loop.run_forever()  # returns early if a cell stops the loop
                except _PASSING as error:
                    ended = ended or error
                    task = task or next((each for each in self._pending if each.get_coro() is work), None)
                    if task is None:
                        work.close()
                        raise
                    task.cancel()
        finally:
            self._runs = False
        return task, ended

    def raises_later(self, error: BaseException, frame: types.FrameType | None) -> bool:
        """Have the loop raise ``error`` at the end of its current step, if asyncio's own code is running: it would
        otherwise lose what it is about to do.

        Args:
            error: a ``KeyboardInterrupt``.
            frame: where a signal has interrupted this process.

        Returns:
            Whether it will; else the caller raises.
        """
        if not self._runs or self._loop is None or not _is_in_asyncio(frame):
            return False
        self._late = error
        self._loop.call_soon_threadsafe(self._raise_late)
        return True

    def _raise_late(self) -> None:
        if self._late is not None:  # else the coroutine was done first
            error, self._late = self._late, None
            raise error

    def failures(self) -> Iterator[tuple[str, BaseException]]:
        """The coroutine's name and the exception of each task that has failed while nothing waited for it. Each is
        named once.
        """
        failed, self._failed = self._failed, []
        for task in failed:
            if task._log_traceback and (error := task.exception()) is not None:
                yield str(getattr(task.get_coro(), "__qualname__", task.get_name())), error

    def rest(self) -> None:
        """End the threads that have nothing to do: a process with threads cannot fork."""
        if self._threads is None or threading.active_count() == 1:
            return
        self._threads.shutdown(wait=False)
        self._threads = None
        until = time.monotonic() + _LEAVING_S
        for thread in threading.enumerate():
            if thread.name.startswith(_PREFIX):
                thread.join(max(until - time.monotonic(), 0))

    def renew(self) -> None:
        """Continue in a fork: give the loop a selector and a pipe of its own, which it otherwise shares with the
        process that was forked.
        """
        loop, self._threads = self._loop, None
        if loop is None or loop.is_closed():
            return
        try:
            _separate(loop)
        except Exception:  # noqa: BLE001 - not a loop of ours any more; tasks of earlier cells are lost
            self._loop = None

    def close(self) -> None:
        """Close the loop, and leave its tasks alone."""
        if self._loop is None or self._loop.is_closed():
            return
        for task in self._pending:
            task._log_destroy_pending = False  # type: ignore[attr-defined] # so that nothing warns
        self._loop.close()


def needs_a_running_loop(*codes: types.CodeType) -> bool:
    """Whether code makes tasks, though it awaits nothing, and starts no loop of its own."""
    waiting, names = list(codes), set[str]()
    while waiting:
        code = waiting.pop()
        names.update(code.co_names)
        waiting += [
            each for each in code.co_consts if isinstance(each, types.CodeType) and each.co_name in _INLINE
        ]
    return not names.isdisjoint(_NEED_IT) and names.isdisjoint(_START_ONE)


def _result(task: asyncio.Task[Any], ended: BaseException | None) -> Any:
    """The result of a task that is done; if the loop was ended before, what ended it is raised instead."""
    import asyncio

    try:
        result = task.result()
    except asyncio.CancelledError as cancelled:
        if ended is None:
            raise
        raise ended.with_traceback(cancelled.__traceback__) from None  # where the cell awaited
    except BaseException as error:
        if ended is None or error is ended:
            raise
    if ended is not None:
        raise ended
    return result


def _stop(task: asyncio.Task[Any]) -> None:
    if task.cancelled() or not isinstance(task.exception(), _PASSING):  # else the loop has stopped
        task.get_loop().stop()


def _is_in_asyncio(frame: types.FrameType | None) -> bool:
    """Whether asyncio's own code runs, or what it is built on. That code does not block, except to wait for events,
    and must not be cut short: it would lose a callback, or leave a lock closed.
    """
    while frame is not None:
        file = frame.f_code.co_filename
        if "/asyncio/" in file:
            return True
        if not file.endswith(_BENEATH):
            return False
        frame = frame.f_back
    return False


def _separate(loop: Any) -> None:
    shared, pipe = loop._selector, (loop._ssock, loop._csock)
    loop._selector = own = type(shared)()
    for key in list(shared.get_map().values()):
        if key.fd != pipe[0].fileno():
            with suppress(OSError, ValueError):
                own.register(key.fileobj, key.events, key.data)
    loop._internal_fds -= 1
    loop._make_self_pipe()
    if loop._signal_handlers:
        signal.set_wakeup_fd(loop._csock.fileno())
    shared.close()
    for each in pipe:
        each.close()
