"""A worker process for each REPL.

What it protects from: accidents. Nothing is inherited (the environment is built from zero, no file of the host is open), memory
and time are limited, output is cut, and frames that are not what they should be end the cell.

What it does not protect from: a cell can read any file that the user can read, the host's memory and variables under
``/proc`` among them, open network connections, start processes, leave some behind in a session of their own, and signal
other processes of the same user. Run it on documents and models that you trust, or in a container.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import socket
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path

from harlm.config import Limits
from harlm.errors import SandboxFailure
from harlm.protocols import ReplHost, ReplSetup
from harlm.sandbox import wire
from harlm.sandbox.calls import Calls, Clock
from harlm.sandbox.context_file import nameless_file, write_texts
from harlm.types import Document, Final, Observation

TIER = "s0"

_BOOT = (
    "import sys, types; p = types.ModuleType('worker'); p.__path__ = [sys.argv.pop(1)]; sys.modules['worker'] = p; "
    "from worker.main import main; main()"
)
_WORKER = Path(__file__).parent / "worker"
_HEAD = 64_000  # characters kept of a cell's output, first and last
_TAIL = 32_000
_FILE_BYTES = 256 << 20
_SMALLEST_LIMIT = 16 << 20  # bytes that one frame of a worker may always have
_GRACE_S = 1.0  # between asking a cell to stop and killing it
_START_S = 30.0


class ProcessSandbox:
    """Opens REPLs in processes of their own."""

    tier = TIER

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    async def open(self, setup: ReplSetup, host: ReplHost) -> ProcessRepl:
        """A worker with the context loaded."""
        if sys.platform == "win32":
            raise SandboxFailure("model-written code runs in a POSIX process, and this is Windows; use WSL")
        repl = ProcessRepl(self._limits, setup, host)
        try:
            await repl.start()
        except BaseException:
            await repl.close()
            raise
        return repl


class ProcessRepl:
    """One worker process, replaced when a cell kills it.

    Responsibilities: start it, feed it, serve its calls, keep its time, end it.
    """

    def __init__(self, limits: Limits, setup: ReplSetup, host: ReplHost) -> None:
        self._limits = limits
        self._setup = setup
        self._host = host
        self._process: asyncio.subprocess.Process | None = None
        self._wire: wire.Wire | None = None
        self._folder: str | None = None
        self._failure: Exception | None = None
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the process and load the context into it."""
        size = sum(map(_size, self._setup.context.documents))
        try:
            with nameless_file() as texts:
                await self._start_process(texts, largest=max(_SMALLEST_LIMIT, 2 * size))
                # The interpreter comes up meanwhile. A cancelled thread goes on, so the descriptor is its own.
                written = await asyncio.to_thread(write_texts, self._setup.context, os.dup(texts))
                async with asyncio.timeout(_START_S + size / (10 << 20)):
                    await self._load(written, size)
        except (EOFError, ConnectionError, TimeoutError) as error:
            raise SandboxFailure(
                f"the worker process did not come up ({type(error).__name__}); `harlm doctor` tries it alone"
            ) from error
        except OSError as error:
            raise SandboxFailure(
                f"a worker process cannot be started ({error}); free some processes, memory or disk"
            ) from error

    async def _start_process(self, texts: int, *, largest: int) -> None:
        """A process that inherits one end of a socket and the file of texts, and nothing else."""
        ours, theirs = socket.socketpair()
        self._folder = tempfile.mkdtemp(prefix="harlm-")
        try:
            with theirs, tempfile.TemporaryFile() as raw:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable, "-s", "-S", "-P", "-X", "utf8", "-c", _BOOT, str(_WORKER),
                    str(theirs.fileno()), str(texts),
                    stdin=asyncio.subprocess.DEVNULL, stdout=raw, stderr=raw, env=_environment(self._folder),
                    cwd=self._folder, pass_fds=[theirs.fileno(), texts], start_new_session=True,
                )  # fmt: skip
            reader, writer = await asyncio.open_connection(sock=ours, limit=1 << 20)
        except BaseException:  # a cancelled start must not leave its socket either
            ours.close()
            raise
        self._wire = wire.Wire(reader, writer, largest=largest)
        self._watching = asyncio.create_task(_hang_up_with(self._process, self._wire))

    async def _load(self, texts: Sequence[wire.Text], size: int) -> None:
        assert self._wire is not None
        await self._wire.send(
            wire.Setup(
                texts=texts,
                functions=self._setup.functions,
                shape=self._setup.context.shape,
                seed=self._setup.seed,
                head=_HEAD,
                tail=_TAIL,
                memory_bytes=(self._limits.memory_mb << 20) + 8 * size,
                largest_frame=max(_SMALLEST_LIMIT, 2 * size),
                file_bytes=_FILE_BYTES,
                packages=_packages(),
            )
        )
        first = await self._wire.receive()
        if not isinstance(first, wire.Ready):
            raise SandboxFailure(
                f"the worker began with {type(first).__name__} where it should say that it is ready"
            )

    async def run(self, cell: str) -> Observation:
        """Run one cell. When it kills the worker, the next cell gets a new one, without the variables."""
        if self._wire is None:
            await self.start()
        assert self._wire is not None
        name = secrets.token_hex(8)
        clock = Clock(self._limits.cell_seconds)
        try:
            await self._wire.send(wire.Execute(cell=name, code=cell))
            done = await self._until_done(name, clock)
        except (EOFError, ConnectionError):
            return await self._lost(clock)
        except SandboxFailure:
            await self.close()
            raise
        return Observation(
            output=_joined(done),
            output_chars=done.chars,
            error=done.error,
            final=None if done.final is None else Final(value=done.final.value),
            names=tuple((each, shown) for each, shown in done.names),
            wall_s=clock.total(),
            waiting_s=clock.waited(),
        )

    async def _until_done(self, name: str, clock: Clock) -> wire.Done:
        """Serve the cell's calls until it is done; calls that it left open end with it."""
        assert self._wire is not None
        calls = Calls(self._host, self._wire, clock, on_fault=self._give_up)
        timer = asyncio.create_task(self._keep_time(clock))
        try:
            while True:
                match await self._wire.receive():
                    case wire.Call() as call if call.function in self._allowed and call.id not in calls:
                        await calls.take(call)
                    case wire.Done() as done if done.cell == name:
                        return done
                    case frame:
                        raise SandboxFailure(
                            f"a cell made its worker break the protocol with {type(frame).__name__}"
                        )
        except EOFError:
            if self._failure is not None:
                raise self._failure from None
            raise
        finally:
            timer.cancel()
            await asyncio.gather(timer, return_exceptions=True)
            await calls.end()

    def _give_up(self, fault: Exception) -> None:
        """A fault of ours in answering a call: it ends the run, whatever the cell makes of it."""
        self._failure = fault
        self._kill()

    async def _keep_time(self, clock: Clock) -> None:
        """Ask an endless cell to stop, so that its variables live; kill it when it does not."""
        while (left := clock.left()) > 0:  # noqa: ASYNC110 - the clock stands still during calls; there is no event
            await asyncio.sleep(max(left, 0.01))
        clock.ran_out = True
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGUSR1)
        while (left := clock.left() + _GRACE_S) > 0:  # noqa: ASYNC110 - as above: the grace is time of its own as well
            await asyncio.sleep(max(left, 0.01))
        self._kill()

    async def _lost(self, clock: Clock) -> Observation:
        """What is said of a cell that took its worker with it."""
        process = self._process
        await self.close()
        status = None if process is None else process.returncode
        if clock.ran_out:
            reason = f"the cell ran longer than {self._limits.cell_seconds:g} s and could not be interrupted"
        elif status is not None and status < 0:
            reason = f"the cell ended the interpreter with {_signal_name(-status)}"
        else:
            reason = "the cell ended the interpreter"
        return Observation(
            error=f"{reason}. The REPL was started anew: its variables are gone, `context` is there.",
            lost=True,
            wall_s=clock.total(),
            waiting_s=clock.waited(),
        )

    async def close(self) -> None:
        """Kill the process and all that it started in its session, and remove its folder."""
        self._kill()
        if self._wire is not None:
            self._wire.close()
            self._wire = None
        ending = asyncio.create_task(_end(self._process, self._watching, self._folder))
        self._process = self._watching = self._folder = None
        await asyncio.shield(ending)  # a second cancellation must not leave a process or a folder behind

    def _kill(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    @property
    def _allowed(self) -> tuple[str, ...]:
        return (*self._setup.functions, "search", "places", "extent")


async def _hang_up_with(process: asyncio.subprocess.Process, to_worker: wire.Wire) -> None:
    """Hang up when the process is gone, also when something that it started still holds the socket."""
    await process.wait()
    to_worker.abort()


async def _end(
    process: asyncio.subprocess.Process | None, watching: asyncio.Task[None] | None, folder: str | None
) -> None:
    """Wait for what was killed, and remove its folder."""
    if process is not None:
        await process.wait()
    if watching is not None:
        await asyncio.gather(watching, return_exceptions=True)
    if folder is not None:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"  # a real-time signal has no name


def _environment(folder: str) -> dict[str, str]:
    """All that a worker's environment holds."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": folder,
        "TMPDIR": folder,
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",  # the same program prints its sets in the same order
        "MALLOC_ARENA_MAX": "2",  # threads must not each reserve address space
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }


def _packages() -> list[str]:
    """Where installed packages are, so that a cell can import numpy without anything being run at start."""
    places = dict.fromkeys([sysconfig.get_path("purelib"), sysconfig.get_path("platlib")])
    return [path for path in places if Path(path).is_dir()]


def _size(document: Document) -> int:
    """An upper bound for the UTF-8 bytes of a text that is mostly Latin; a guide for limits only."""
    return len(document.text) if document.text.isascii() else 3 * len(document.text)


def _joined(done: wire.Done) -> str:
    if not done.tail:
        return done.head
    left_out = done.chars - len(done.head) - len(done.tail)
    return f"{done.head}\n… [{left_out:,} characters left out] …\n{done.tail}"
