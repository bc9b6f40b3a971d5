"""The zygotes as the host sees them. A host zygote is a warm interpreter, one for this process; a run zygote
is forked from it for each run, and REPLs are forked from that one.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import errno
import itertools
import os
import socket
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from harlm import guest
from harlm.errors import SandboxFailure
from harlm.sandbox.process import frames
from harlm.sandbox.process import zygote_socket as control
from harlm.sandbox.process.close_on_fork import keep_to_this_process
from harlm.sandbox.process.fork_gate import Gate
from harlm.sandbox.process.worker_process import WorkerProcess
from harlm.sandbox.process.zygote_socket import ZygoteSocket
from harlm.sandbox.shortage import shortage

_BOOT = """
import sys, types
guest = sys.modules["guest"] = types.ModuleType("guest")
guest.__path__ = [sys.argv.pop(1)]
from guest.worker.zygote import main
main()
"""
"""Loads ``harlm.guest`` as a top-level package, so that nothing else of HARLM is imported with it. A cell
that imports ``harlm`` gets the installed package.
"""

_GUEST = Path(guest.__path__[0])
_START_S = 30.0
_NO_RULES = "rules cannot be made (the kernel had to drop their descriptor); raise the limit of open files (`ulimit -n`)"
_FILE_BYTES = 256 << 20  # that one file of a cell may have

ENVIRONMENT: Mapping[str, str] = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/",
    "LANG": "C.UTF-8",
    "TZ": "UTC0",
    "PYTHONHASHSEED": "0",  # a program prints its sets in the same order each time
    "PYTHONDONTWRITEBYTECODE": "1",
    "MALLOC_ARENA_MAX": "2",  # threads must not each reserve address space
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",  # huge pages: 500 times fewer page table entries to fork
    "OPENBLAS_NUM_THREADS": "1",  # threads do not survive a fork
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
}
"""The whole environment of model-written code."""


class HostZygote:
    """The warm interpreter of this process. It is started when it is first needed, and ends with this
    process.

    Args:
        wrapper: a command that confines the program that it starts (macOS); empty for none.

    Raises:
        OSError: the interpreter cannot be started.
    """

    _current: ClassVar[dict[tuple[str, ...], HostZygote]] = {}
    _starting: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, wrapper: Sequence[str] = ()) -> None:
        self._owner = os.getpid()
        self._sending = threading.Lock()
        ours, theirs = socket.socketpair()
        self._socket = ours
        keep_to_this_process(ours)
        try:
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
                    [
                        *wrapper, sys.executable, "-s", "-S", "-P", "-X", "utf8", "-c", _BOOT, str(_GUEST),
                        str(theirs.fileno()), *_packages(),
                    ],
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=_stderr(), env=dict(ENVIRONMENT),
                    cwd="/", pass_fds=[theirs.fileno()], start_new_session=True,
                )  # fmt: skip
        except BaseException:
            ours.close()
            raise
        atexit.register(self.close)

    @classmethod
    def current(cls, wrapper: Sequence[str] = ()) -> HostZygote:
        """The host zygote of this process for ``wrapper``; a new one if there is none, or if it has ended.

        Raises:
            OSError: it cannot be started.
        """
        with cls._starting:
            key = tuple(wrapper)
            found = cls._current.get(key)
            if found is None or not found.is_alive():
                if found is not None:
                    found.close()
                found = cls._current[key] = cls(wrapper)
            return found

    def is_alive(self) -> bool:
        """Whether it takes orders from this process."""
        return self._owner == os.getpid() and self._process.poll() is None

    def order(self, order: dict[str, object], descriptors: Sequence[int]) -> None:
        """Send an order that fits into one message. Safe to call from any thread.

        Args:
            order: a map with an ``op``.
            descriptors: copies of them are sent with the order.

        Raises:
            OSError: the zygote is gone.
        """
        data = control.frame_of(order)
        with self._sending:
            sent = socket.send_fds(self._socket, [data], list(descriptors))
            if sent < len(data):
                self._socket.sendall(data[sent:])

    def close(self) -> None:
        """End it, and wait until it has ended. Runs that were forked from it continue until their own sockets
        are closed.
        """
        self._socket.close()
        atexit.unregister(self.close)
        if self._owner == os.getpid():
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=2)
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()


class RunZygote:
    """The zygote of one run: confined, with the run's context decoded.

    Responsibilities: have REPLs forked, note how they ended, own the fork gate, end all REPLs.

    Args:
        talk: the socket to the zygote.

    Attributes:
        gate: decides which processes of the run may fork; ``None`` on tiers without a gate.
    """

    def __init__(self, talk: ZygoteSocket) -> None:
        self._talk = talk
        self._ids = itertools.count(1)
        self._opening: dict[int, asyncio.Future[WorkerProcess]] = {}
        self._making: dict[int, asyncio.Future[int]] = {}
        self._workers: dict[int, WorkerProcess] = {}
        self._listening: asyncio.Task[None] | None = None
        self.gate: Gate | None = None

    @classmethod
    async def start(
        cls,
        host: HostZygote,
        tier: str,
        texts: Sequence[frames.TextExtent],
        file: int,
        *,
        memory_bytes: int,
        patience: float,
    ) -> RunZygote:
        """Start a run zygote.

        Args:
            host: the zygote that forks it.
            tier: its confinement.
            texts, file: the run's context, as ``context_file`` wrote it.
            memory_bytes: address space of each REPL.
            patience: seconds that reading the context may take, in addition to the start.

        Raises:
            SandboxFailure: it cannot be confined as the tier demands, or did not start.
            OSError: no processes, descriptors or threads are left.
        """
        ours, theirs = socket.socketpair()
        self = cls(ZygoteSocket(ours))
        try:
            with theirs:
                # The table of texts may be long, so it goes over the run's own socket, which does not block
                # the event loop.
                order: dict[str, object] = {
                    "op": "run", "tier": tier, "memory_bytes": memory_bytes, "file_bytes": _FILE_BYTES,
                }  # fmt: skip
                host.order(order, [theirs.fileno(), file])
            await self._talk.send({"texts": msgspec.to_builtins(texts)})
            async with asyncio.timeout(_START_S + patience):
                self._open_gate(tier, *await self._talk.receive())
        except (EOFError, ConnectionError, TimeoutError) as error:
            self.end()
            raise SandboxFailure(
                f"the sandbox's interpreter did not start ({type(error).__name__}); run `harlm doctor` to test it alone"
            ) from error
        except BaseException:
            self.end()
            raise
        self._listening = asyncio.create_task(self._listen())
        return self

    def _open_gate(self, tier: str, news: control.News, descriptors: Sequence[int]) -> None:
        """Take the first message of the zygote, with the descriptor of the gate."""
        if isinstance(news, control.Refused) and (lacking := news.shortage) is not None:
            raise lacking
        if not isinstance(news, control.Up):
            why = news.why if isinstance(news, control.Refused) else type(news).__name__
            raise SandboxFailure(
                f"tier {tier} can no longer be built: {why}; run `harlm doctor` to see which tiers can"
            )
        if len(descriptors) < news.handles:
            raise OSError(errno.EMFILE, "the kernel had to drop the descriptor of the fork gate")
        if descriptors:
            self.gate = Gate(descriptors[0], always=self._talk.sender)

    async def open(self, descriptors: Sequence[int], more_memory: int) -> WorkerProcess:
        """Have a REPL forked, which gets copies of ``descriptors``.

        Args:
            descriptors: for the REPL: its socket, its output pipe, and perhaps a file with texts.
            more_memory: bytes of address space in addition to those of every REPL.

        Raises:
            SandboxFailure: it cannot be forked, or the zygote is gone.
        """
        number = next(self._ids)
        opened: asyncio.Future[WorkerProcess] = asyncio.get_running_loop().create_future()
        self._opening[number] = opened
        try:
            await self._talk.send({"op": "open", "id": number, "more_memory": more_memory}, descriptors)
            async with asyncio.timeout(_START_S):
                return await opened
        except (ConnectionError, TimeoutError) as error:
            raise SandboxFailure(
                f"the run's interpreter is gone ({type(error).__name__}); ask again"
            ) from error
        except asyncio.CancelledError:
            if opened.done() and not opened.cancelled() and opened.exception() is None:
                _give_up(opened.result())  # it arrived together with the cancellation
            raise
        finally:
            self._opening.pop(number, None)

    async def rules(self, folder: str, *, may_write: bool) -> int:
        """Have rules made under which a fork of a REPL has only one folder.

        Args:
            folder: its path in the run's work folder.
            may_write: whether the fork may write to it, and not only read it. The folder is then made too.

        Returns:
            the descriptor of the rules, which the caller owns.

        Raises:
            SandboxFailure: they cannot be made, or the zygote is gone.
        """
        number = next(self._ids)
        made: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._making[number] = made
        try:
            await self._talk.send({"op": "rules", "id": number, "folder": folder, "may_write": may_write})
            async with asyncio.timeout(_START_S):
                return await asyncio.shield(made)
        except (OSError, TimeoutError) as error:
            raise SandboxFailure(
                f"the run's interpreter is gone ({type(error).__name__}); ask again"
            ) from error
        except asyncio.CancelledError:
            if made.done() and made.exception() is None:
                os.close(made.result())  # it arrived together with the cancellation
            raise
        finally:
            self._making.pop(number, None)

    async def adopt(self, worker: WorkerProcess) -> None:
        """Have a process that another REPL forked ended with the run."""
        self._workers[worker.inner_pid] = worker
        with contextlib.suppress(OSError):
            await self._talk.send({"op": "adopt", "pid": worker.inner_pid})

    async def clear(self, folder: str) -> None:
        """Have the files that cells wrote in ``folder`` removed."""
        with contextlib.suppress(OSError):
            await self._talk.send({"op": "clear", "folder": folder})

    def forget(self, worker: WorkerProcess) -> None:
        """Stop waiting for the end of a process."""
        self._workers.pop(worker.inner_pid, None)

    async def _listen(self) -> None:
        try:
            while True:
                news, descriptors = await self._talk.receive()
                match news:
                    case control.Opened() if news.id in self._opening:
                        self._opened(self._opening[news.id], news, descriptors)
                    case control.RulesMade() if news.id in self._making and descriptors:
                        self._making.pop(news.id).set_result(descriptors[0])
                    case control.RulesMade() if news.id in self._making:
                        self._fail(self._making.pop(news.id), _NO_RULES)
                    case control.OrderFailed() if news.id in self._making:
                        self._fail(self._making.pop(news.id), f"rules cannot be made ({news.why})")
                    case control.OrderFailed() if news.id in self._opening:
                        self._fail(
                            self._opening[news.id],
                            f"a REPL cannot be started ({news.why}); free some memory or processes",
                        )
                    case control.Gone() if news.pid in self._workers:
                        self._workers.pop(news.pid).end(news.status, news.peak_kb)
                    case _:
                        for each in descriptors:
                            os.close(each)
        except (EOFError, SandboxFailure):
            self._fail_all("the run's interpreter is gone; ask again, with less memory in use")
            for worker in tuple(self._workers.values()):
                worker.abandon()

    def _opened(
        self, waiting: asyncio.Future[WorkerProcess], news: control.Opened, handles: Sequence[int]
    ) -> None:
        try:
            if sys.platform == "linux" and not handles:
                raise OSError(errno.EMFILE, "the kernel had to drop its handle")
            worker = WorkerProcess(news.pid, handles[0] if handles else None, news.folder)
        except OSError as error:
            self._fail(waiting, str(shortage("a REPL cannot be started", error)))
            return
        self._workers[worker.inner_pid] = worker
        if waiting.done():  # the waiting task was cancelled
            self._workers.pop(worker.inner_pid)
            _give_up(worker)
        else:
            waiting.set_result(worker)

    def _fail_all(self, why: str) -> None:
        for opening in self._opening.values():
            self._fail(opening, why)
        for making in self._making.values():
            self._fail(making, why)

    @staticmethod
    def _fail(waiting: asyncio.Future[Any], why: str) -> None:
        if not waiting.done():
            waiting.set_exception(SandboxFailure(why))

    def end(self) -> None:
        """End the zygote and every process that came from it, without waiting. Safe to call twice."""
        if self.gate is not None:
            self.gate.close()
        self._talk.close()
        if self._listening is not None:
            self._listening.cancel()
        self._fail_all("the sandbox was closed")
        for worker in tuple(self._workers.values()):
            worker.abandon()

    async def close(self) -> None:
        """``end``, then wait until the task that reads the zygote's messages has ended."""
        self.end()
        if self._listening is not None:
            await asyncio.wait([self._listening])


def _give_up(worker: WorkerProcess) -> None:
    """Kill a process that is no longer wanted."""
    worker.kill()
    worker.close()


def _packages() -> list[str]:
    """The folders of installed packages, so that cells can import numpy without site's start-up code being
    run.
    """
    places = dict.fromkeys([sysconfig.get_path("purelib"), sysconfig.get_path("platlib")])
    return [path for path in places if Path(path).is_dir()]


def _stderr() -> int:
    """Where a zygote prints its own errors: to this process's stderr if ``HARLM_LOG=debug``, else nowhere."""
    return 2 if os.environ.get("HARLM_LOG", "").lower() == "debug" else subprocess.DEVNULL
