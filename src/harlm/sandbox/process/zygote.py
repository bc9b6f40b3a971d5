"""Zygotes as the host sees them: one warm interpreter for this process, and from it one for each run. Knows how to start
them, to have REPLs forked and to end them; refuses to know what a REPL is for.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import itertools
import os
import socket
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import msgspec

from harlm import guest
from harlm.errors import SandboxFailure
from harlm.sandbox.process import frames
from harlm.sandbox.process import zygote_socket as control
from harlm.sandbox.process.close_on_fork import keep_to_this_process
from harlm.sandbox.process.fork_gate import Gate
from harlm.sandbox.process.worker_process import WorkerProcess
from harlm.sandbox.process.zygote_socket import ZygoteSocket

_BOOT = """
import sys, types
guest = sys.modules["guest"] = types.ModuleType("guest")
guest.__path__ = [sys.argv.pop(1)]
from guest.worker.zygote import main
main()
"""
"""Loads ``harlm.guest`` as a package of its own, so that nothing else of HARLM is imported with it; a cell that imports ``harlm`` gets
what is installed."""

_GUEST = Path(guest.__path__[0])
_START_S = 30.0
_FILE_BYTES = 256 << 20

ENVIRONMENT: Mapping[str, str] = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/",
    "LANG": "C.UTF-8",
    "TZ": "UTC0",
    "PYTHONHASHSEED": "0",  # the same program prints its sets in the same order
    "PYTHONDONTWRITEBYTECODE": "1",
    "MALLOC_ARENA_MAX": "2",  # threads must not each reserve address space
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",  # huge pages: a fork copies 500 times fewer page table entries
    "OPENBLAS_NUM_THREADS": "1",  # threads do not survive a fork
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
}
"""All that the environment of model-written code holds."""


class HostZygote:
    """The warm interpreter of this process. It is started when it is first needed, and ends with this process.

    Args:
        wrapper: a command that confines what it starts, for systems without anything better (macOS).
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
        """The one of this process; a new one where there is none, or where it has ended.

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
        """Whether it takes orders of this process."""
        return self._owner == os.getpid() and self._process.poll() is None

    def order(self, order: dict[str, object], descriptors: Sequence[int]) -> None:
        """Give an order that fits into one message.

        Raises:
            OSError: it is gone.
        """
        data = control.frame_of(order)
        with self._sending:
            sent = socket.send_fds(self._socket, [data], list(descriptors))
            if sent < len(data):
                self._socket.sendall(data[sent:])

    def close(self) -> None:
        """End it, and wait for that; runs that came from it go on for as long as their own sockets are open."""
        self._socket.close()
        if self._owner == os.getpid():
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=2)
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()


class RunZygote:
    """The zygote of one run: confined, with the run's context decoded.

    Responsibilities: have REPLs forked, tell how they ended, decide who may fork, end them all.
    """

    def __init__(self, talk: ZygoteSocket) -> None:
        self._talk = talk
        self._ids = itertools.count(1)
        self._opening: dict[int, asyncio.Future[WorkerProcess]] = {}
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
        """Start one.

        Args:
            texts, file: the run's context, as ``context_file`` wrote it.
            memory_bytes: address space of each REPL.
            patience: seconds that reading the context may take, besides the start.

        Raises:
            SandboxFailure: it cannot be confined as the tier demands, or did not come up.
            OSError: for want of processes or descriptors.
        """
        ours, theirs = socket.socketpair()
        self = cls(ZygoteSocket(ours))
        try:
            with theirs:
                # The table of texts may be long: it goes over the run's own socket, which this process reads and writes at once.
                order: dict[str, object] = {
                    "op": "run", "tier": tier, "memory_bytes": memory_bytes, "file_bytes": _FILE_BYTES,
                }  # fmt: skip
                host.order(order, [theirs.fileno(), file])
            await self._talk.send({"texts": msgspec.to_builtins(texts)})
            async with asyncio.timeout(_START_S + patience):
                news, descriptors = await self._talk.receive()
        except (EOFError, ConnectionError, TimeoutError) as error:
            await self.close()
            raise SandboxFailure(
                f"the sandbox's interpreter did not come up ({type(error).__name__}); `harlm doctor` tries it alone"
            ) from error
        except BaseException:
            await self.close()
            raise
        if not isinstance(news, control.Up):
            await self.close()
            why = news.why if isinstance(news, control.Refused) else type(news).__name__
            raise SandboxFailure(f"tier {tier} cannot be built any more: {why}; `harlm doctor` says what can")
        self.gate = Gate(descriptors[0], always=self._talk.sender) if descriptors else None
        self._listening = asyncio.create_task(self._listen())
        return self

    async def open(self, descriptors: Sequence[int], more_memory: int) -> WorkerProcess:
        """Have a REPL forked, which takes over copies of ``descriptors``.

        Args:
            more_memory: bytes of address space besides those of every REPL.

        Raises:
            SandboxFailure: it cannot be.
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
                _give_up(opened.result())  # it came while we were told that nobody wants it
            raise
        finally:
            self._opening.pop(number, None)

    async def adopt(self, worker: WorkerProcess) -> None:
        """Have it ended with the run, though another REPL forked it."""
        self._workers[worker.inner_pid] = worker
        with contextlib.suppress(OSError):
            await self._talk.send({"op": "adopt", "pid": worker.inner_pid})

    async def clear(self, folder: str) -> None:
        """Have what cells wrote there removed."""
        with contextlib.suppress(OSError):
            await self._talk.send({"op": "clear", "folder": folder})

    def forget(self, worker: WorkerProcess) -> None:
        """It is gone, and nobody waits to hear how."""
        self._workers.pop(worker.inner_pid, None)

    async def _listen(self) -> None:
        try:
            while True:
                news, descriptors = await self._talk.receive()
                match news:
                    case control.Opened() if news.id in self._opening:
                        self._opened(self._opening[news.id], news, descriptors)
                    case control.OpenFailed() if news.id in self._opening:
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
            for waiting in self._opening.values():
                self._fail(waiting, "the run's interpreter is gone; ask again, with less memory in use")
            for worker in self._workers.values():
                worker.kill()

    def _opened(
        self, waiting: asyncio.Future[WorkerProcess], news: control.Opened, handles: Sequence[int]
    ) -> None:
        try:
            if sys.platform == "linux" and not handles:
                raise OSError("the kernel had to drop its handle")
            worker = WorkerProcess(news.pid, handles[0] if handles else None, news.folder)
        except OSError as error:
            for each in handles:
                os.close(each)
            self._fail(
                waiting, f"a REPL cannot be started: no descriptors are left ({error}); raise `ulimit -n`"
            )
            return
        self._workers[worker.inner_pid] = worker
        if waiting.done():  # whoever waited has gone
            self._workers.pop(worker.inner_pid)
            _give_up(worker)
        else:
            waiting.set_result(worker)

    @staticmethod
    def _fail(waiting: asyncio.Future[WorkerProcess], why: str) -> None:
        if not waiting.done():
            waiting.set_exception(SandboxFailure(why))

    async def close(self) -> None:
        """End the zygote and every REPL that came from it."""
        for waiting in self._opening.values():
            self._fail(waiting, "the sandbox was closed")
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        if self.gate is not None:
            self.gate.close()
        self._talk.close()


def _give_up(worker: WorkerProcess) -> None:
    """Nobody wants it."""
    worker.kill()
    worker.close()


def _packages() -> list[str]:
    """Where installed packages are, so that a cell can import numpy without anything being run at start."""
    places = dict.fromkeys([sysconfig.get_path("purelib"), sysconfig.get_path("platlib")])
    return [path for path in places if Path(path).is_dir()]


def _stderr() -> int:
    """Where a zygote's own faults are told: nowhere, unless somebody looks for them."""
    return 2 if os.environ.get("HARLM_LOG", "").lower() == "debug" else subprocess.DEVNULL
