"""One REPL in a process of its own, as the host drives it: cells, their limits, forks, and a new process when a cell kills
the old one. Knows frames and processes; refuses to know how a process is confined.
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
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from harlm.errors import SandboxFailure
from harlm.protocols import ReplHost, ReplSetup
from harlm.sandbox import wire
from harlm.sandbox.calls import Answered, Calls, Clock
from harlm.sandbox.control import ask_for_sender, readable, receive_with_sender
from harlm.sandbox.journal import Entry, Journal, Replayed, key_of
from harlm.sandbox.raw_output import FLOOD, RawOutput
from harlm.sandbox.watch import Watch
from harlm.sandbox.worker.interrupts import (
    CellCancelled,
    CellInterrupted,
    CellTimeout,
    CpuTimeout,
    SilenceTimeout,
)
from harlm.sandbox.worker_process import WorkerProcess
from harlm.types import Final, Observation

if TYPE_CHECKING:
    from harlm.sandbox.process import ProcessSandbox

GRACE_S = 0.5
"""Seconds between asking a cell to stop and killing its process."""

_START_S = 30.0
_FORK_S = 5.0
_TOLD_S = 0.2  # how long a zygote may take to say how a process ended
_ASKED_IN_BETWEEN = 10_000  # calls of threads that outlived their cell, before the process is ended


class OutputFlood(CellInterrupted):
    """The cell wrote to its descriptors without end. Raised nowhere: there is no stopping it but the hard way."""


@dataclass(slots=True)
class _Cell:
    """The cell that runs now."""

    name: str
    clock: Clock
    calls: Calls
    answers: list[tuple[bytes, wire.Reply | wire.Refuse]]
    limit: type[CellInterrupted] | None = None
    failure: Exception | None = None


class ProcessRepl:
    """See ``harlm.protocols.Repl``.

    Responsibilities: feed the worker, serve its calls, keep its limits, fork it, replace it when a cell kills it.

    Args:
        sandbox: what this REPL is opened in, and asks for another process.
        setup, host: see ``Sandbox.open``.
    """

    def __init__(self, sandbox: ProcessSandbox, setup: ReplSetup, host: ReplHost) -> None:
        self._sandbox = sandbox
        self._limits = sandbox.limits
        self._setup = setup
        self._host = host
        self._allowed = frozenset((*setup.functions, "search", "places", "extent"))
        self._journal = Journal()
        self._worker: WorkerProcess | None = None
        self._wire: wire.Wire | None = None
        self._raw: RawOutput | None = None
        self._folder: str | None = None
        self._cell: _Cell | None = None
        self._expected: asyncio.Future[wire.News] | None = None
        self._stopping: asyncio.Task[None] | None = None
        self._asked_in_between = 0
        self._closed = False

    # -- opening and closing ------------------------------------------------------------------------------

    async def start(self) -> None:
        """Have a process forked, and set it up.

        Raises:
            SandboxFailure: it did not come up.
        """
        try:
            async with asyncio.timeout(_START_S):
                await self._start()
        except (EOFError, ConnectionError, TimeoutError) as error:
            status = (
                ""
                if self._worker is None or self._worker.status is None
                else f", {_how(self._worker.status)}"
            )
            raise SandboxFailure(
                f"a REPL did not come up ({type(error).__name__}{status}); `harlm doctor` tries one alone"
            ) from error
        except OSError as error:
            raise SandboxFailure(
                f"a REPL cannot be started ({error}); free some descriptors (`ulimit -n`), processes, memory or disk"
            ) from error

    async def _start(self) -> None:
        with _Ends() as ends, await self._sandbox.texts_of(self._setup.context) as texts:
            given = [ends.theirs.fileno(), ends.output]
            self._worker = await self._sandbox.fork([*given, *([] if texts.file is None else [texts.file])])
            ready = self._expect()
            await self._adopt(*ends.taken())
            assert self._wire is not None
            setup, self._folder = self._sandbox.setup_for(self._setup, texts)
            self._wire.send(setup)
            await self._told(ready, wire.Ready)

    async def _adopt(self, ours: socket.socket, output: int) -> None:
        """Take over this side of a worker's socket and pipe."""
        self._raw = RawOutput(output, self._flooded)
        self._wire = await wire.Wire.over(ours, self._sandbox.largest_frame, self._on_frame, self._on_end)
        assert self._worker is not None
        # Something that it started may still hold the socket when it is gone.
        self._worker.on_end(self._wire.abort)

    async def close(self) -> None:
        """Kill the process and everything that it started, and remove its folder."""
        self._closed = True
        self._sandbox.leave(self)
        if self._stopping is not None:
            self._stopping.cancel()
        await asyncio.shield(
            asyncio.ensure_future(self._drop())
        )  # a second cancellation must not leave a process behind

    async def _drop(self) -> None:
        worker, self._worker = self._worker, None
        to_worker, self._wire = self._wire, None
        raw, self._raw = self._raw, None
        folder, self._folder = self._folder, None
        if worker is not None:
            worker.kill()
        if to_worker is not None:
            to_worker.abort()
        if worker is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(2):
                    await worker.ended.wait()
            self._sandbox.forget(worker)
            worker.close()
        if raw is not None:
            raw.close()
        if folder is not None:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    # -- what the worker says -----------------------------------------------------------------------------

    def _expect(self) -> asyncio.Future[wire.News]:
        self._expected = asyncio.get_running_loop().create_future()
        return self._expected

    async def _told(self, expected: asyncio.Future[wire.News], *kinds: type[object]) -> wire.News:
        news = await expected
        if not isinstance(news, kinds):
            raise SandboxFailure(f"a cell made its worker break the protocol with {type(news).__name__}")
        return news

    def _on_frame(self, frame: wire.News) -> None:
        cell = self._cell
        if isinstance(frame, wire.Call):
            if frame.function not in self._allowed:
                raise SandboxFailure(
                    f"a cell made its worker call {frame.function!r}, which it was not given"
                )
            if cell is not None:
                cell.calls.take(frame)
            else:
                self._refuse_in_between(frame)
        elif (
            self._expected is not None
            and not self._expected.done()
            and (not isinstance(frame, wire.Done) or (cell is not None and frame.cell == cell.name))
        ):
            self._expected.set_result(frame)
        else:
            raise SandboxFailure(f"a cell made its worker break the protocol with {type(frame).__name__}")

    def _refuse_in_between(self, call: wire.Call) -> None:
        """A thread outlived its cell, and calls: nobody would know what the call is for."""
        self._asked_in_between += 1
        if self._asked_in_between > _ASKED_IN_BETWEEN:
            raise SandboxFailure("a cell left a thread behind that calls without end")
        assert self._wire is not None
        self._wire.send(wire.Refuse(id=call.id, message="no cell is running; a call ends with its cell"))

    def _on_end(self, violation: SandboxFailure | None) -> None:
        if self._expected is not None and not self._expected.done():
            self._expected.set_exception(violation or EOFError())
        elif violation is not None:
            self._broken = violation
        if self._worker is not None:
            self._worker.kill()

    _broken: SandboxFailure | None = None

    # -- cells --------------------------------------------------------------------------------------------

    async def run(self, cell: str) -> Observation:
        """Run one cell. When it kills the worker, another takes its place, in which the earlier cells are run again."""
        if self._stopping is not None:
            await asyncio.gather(self._stopping, return_exceptions=True)
        if self._broken is not None:
            raise self._broken
        if self._worker is None or self._worker.ended.is_set():
            await self._drop()
            await self._restore()
        return await self._run(cell, self._host)

    async def _run(self, code: str, host: ReplHost, *, limit_s: float | None = None) -> Observation:
        """Run a cell on the worker that is there; ``limit_s`` is that of a cell that runs for the second time."""
        assert self._wire is not None
        assert self._worker is not None
        clock = Clock()
        answers: list[tuple[bytes, wire.Reply | wire.Refuse]] = []
        calls = Calls(host, self._wire, clock, on_answer=_into(answers), on_fault=self._give_up)
        self._cell = cell = _Cell(secrets.token_hex(8), clock, calls, answers)
        self._asked_in_between = 0
        watch = self._watch(clock, limit_s)
        done = self._expect()
        self._wire.send(wire.Execute(cell=cell.name, code=code))
        try:
            frame = await done
            assert isinstance(frame, wire.Done | wire.Ready | wire.Forked | wire.Unforked)
            if not isinstance(frame, wire.Done):
                raise SandboxFailure(f"a cell made its worker break the protocol with {type(frame).__name__}")
        except EOFError:
            if cell.failure is not None:
                raise cell.failure from None
            return await self._lost(cell, watch)
        except asyncio.CancelledError:
            self._stopping = asyncio.create_task(self._stop(done, calls))
            raise
        except SandboxFailure as violation:
            self._broken = violation
            await self._drop()
            raise
        finally:
            watch.stop()
            if self._stopping is None:
                await calls.end()
                self._cell = None
        self._note(code, cell, limit_s)
        return self._observation(frame, cell, watch)

    def _watch(self, clock: Clock, limit_s: float | None) -> Watch:
        limits = self._limits
        if limit_s is not None:
            limits = type(limits)(cell_seconds=limit_s, cpu_seconds=limit_s, silence_seconds=limit_s)
        assert self._worker is not None
        assert self._raw is not None
        raw = self._raw
        return Watch(limits, self._worker, clock, lambda: raw.size, self._stop_at)

    def _note(self, code: str, cell: _Cell, limit_s: float | None) -> None:
        if limit_s is not None:
            return  # it stands there already
        if cell.limit is None:
            self._journal.add(code, tuple(cell.answers), cell.clock.own())
        else:
            self._journal.leave_out()

    def _observation(self, done: wire.Done, cell: _Cell, watch: Watch) -> Observation:
        assert self._raw is not None
        raw, raw_size = self._raw.take()
        return Observation(
            output=_joined(done, raw),
            output_chars=done.chars + raw_size,
            error=done.error,
            final=None if done.final is None else Final(value=done.final.value),
            names=tuple((each, shown) for each, shown in done.names),
            wall_s=cell.clock.total(),
            waiting_s=cell.clock.waited(),
        )

    def peak_mb(self) -> float:
        """The most memory that the worker had at once, with what it shares with others."""
        return 0.0 if self._worker is None else self._worker.peak_mb()

    # -- limits -------------------------------------------------------------------------------------------

    def _stop_at(self, limit: type[CellInterrupted]) -> None:
        """Ask a cell to stop, so that its variables live; kill it when it does not."""
        if self._cell is None or self._worker is None:
            return
        self._cell.limit = limit
        worker, cell = self._worker, self._cell
        worker.interrupt(limit)
        asyncio.get_running_loop().call_later(GRACE_S, lambda: worker.kill() if self._cell is cell else None)

    def _flooded(self) -> None:
        if self._cell is not None:
            self._cell.limit = OutputFlood
        if self._worker is not None:
            self._worker.kill()

    def _give_up(self, fault: Exception) -> None:
        """A fault of ours in answering a call: it ends the run, whatever the cell makes of it."""
        if self._cell is not None:
            self._cell.failure = fault
        if self._worker is not None:
            self._worker.kill()

    async def _stop(self, done: asyncio.Future[wire.News], calls: Calls) -> None:
        """Cancel a cell: its calls are refused; where that does not end it, it is interrupted, and killed at last."""
        worker = self._worker
        patience = GRACE_S / 2 if calls.are_open() else 0.0
        calls.refuse_all("the cell that made this call was cancelled")
        if worker is not None:
            asyncio.get_running_loop().call_later(patience, worker.interrupt, CellCancelled)
        try:
            done = self._expected if done.cancelled() and self._expected is not None else done
            if done.cancelled():
                done = self._expect()
            async with asyncio.timeout(GRACE_S):
                await done
        except (TimeoutError, EOFError, SandboxFailure):
            if worker is not None:
                worker.kill()
                await worker.ended.wait()
        finally:
            self._journal.leave_out()
            await calls.end()
            self._cell = None
            self._stopping = None

    # -- losing and getting back --------------------------------------------------------------------------

    async def _lost(self, cell: _Cell, watch: Watch) -> Observation:
        """What is said of a cell that took its worker with it."""
        worker = self._worker
        assert worker is not None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_TOLD_S):
                while worker.status is None:  # noqa: ASYNC110 - said by the zygote, a moment after the end
                    await asyncio.sleep(0.002)
        reason = self._reason(cell, worker)
        await cell.calls.end()
        self._cell = None
        await self._drop()
        try:
            await self._restore()
            kept = (
                "its earlier cells were run again, so their variables are there; those of this cell are gone"
            )
            if self._journal.left_out:
                kept = "its earlier cells were run again, but for those that a limit had stopped"
        except SandboxFailure as error:
            kept = f"its variables are gone ({error}); `context` is there"
        return Observation(
            error=f"{reason}. The REPL was started anew: {kept}.",
            lost=True,
            wall_s=cell.clock.total(),
            waiting_s=cell.clock.waited(),
        )

    def _reason(self, cell: _Cell, worker: WorkerProcess) -> str:
        limits = self._limits
        if cell.limit is CellTimeout:
            return f"CellTimeout: the cell ran longer than {limits.cell_seconds:g} s and could not be interrupted"
        if cell.limit is CpuTimeout:
            return f"CpuTimeout: the cell used more than {limits.cpu_seconds:g} s of processor time and could not be interrupted"
        if cell.limit is SilenceTimeout:
            return f"SilenceTimeout: the cell did nothing for {limits.silence_seconds:g} s and could not be interrupted"
        if cell.limit is OutputFlood:
            return f"OutputFlood: the cell wrote more than {FLOOD >> 20} MB to its output"
        return (
            f"the cell ended the interpreter{'' if worker.status is None else f' with {_how(worker.status)}'}"
        )

    async def _restore(self) -> None:
        """A new process, in which the journal's cells are run again with the answers that they got.

        Raises:
            SandboxFailure: it cannot be started, or a cell does not end as it did.
        """
        if self._closed:
            raise SandboxFailure("this REPL is closed")
        await self.start()
        await self._replay(self._journal.entries)

    async def _replay(self, entries: list[Entry]) -> None:
        for entry in entries:
            seen = await self._run_again(entry)
            if seen:
                raise SandboxFailure(seen)

    async def _run_again(self, entry: Entry) -> str:
        """Run a journalled cell; why it did not work, or nothing."""
        assert self._wire is not None
        assert self._worker is not None
        done = self._expect()
        clock = Clock()
        answers: list[tuple[bytes, wire.Reply | wire.Refuse]] = []
        calls = Calls(Replayed(entry), self._wire, clock, on_answer=_into(answers), on_fault=self._give_up)
        self._cell = _Cell(secrets.token_hex(8), clock, calls, answers)
        self._wire.send(wire.Execute(cell=self._cell.name, code=entry.code))
        try:
            async with asyncio.timeout(2 + 4 * entry.own_s):
                await self._told(done, wire.Done)
        except (EOFError, TimeoutError):
            return "an earlier cell did not end as it had the first time"
        finally:
            await calls.end()
            self._cell = None
        if self._raw is not None:
            self._raw.take()
        return ""

    # -- forking ------------------------------------------------------------------------------------------

    async def fork(self, host: ReplHost, *, read_only: bool = False) -> ProcessRepl:
        """A second REPL in the state of this one: by ``fork(2)`` in milliseconds, or by running the journal again where
        threads of earlier cells still run or the system does not allow it.

        Raises:
            SandboxFailure: neither is possible.
        """
        if self._cell is not None:
            raise SandboxFailure("a REPL can be forked between two cells, not while one runs")
        if self._worker is None or self._worker.ended.is_set():
            await self._drop()
            await self._restore()
        branch = ProcessRepl(self._sandbox, self._setup, host)
        branch._journal = self._journal.copy()
        self._sandbox.join(branch)
        try:
            if not (sys.platform == "linux" and await self._fork_into(branch, read_only=read_only)):
                if self._journal.left_out:
                    raise SandboxFailure(
                        "this REPL cannot be forked now, and not rebuilt either: a limit stopped one of its cells half way"
                    )
                await branch._restore()
        except BaseException:
            await branch.close()
            raise
        return branch

    async def _fork_into(self, branch: ProcessRepl, *, read_only: bool) -> bool:
        """Whether a fork became the worker of ``branch``."""
        assert self._wire is not None
        assert self._worker is not None
        order = wire.Fork(
            seed=secrets.randbits(63), folder=f".branch-{secrets.token_hex(8)}", may_write=not read_only
        )
        with _Ends() as ends:
            ask_for_sender(ends.ours)
            self._sandbox.order_fork(self._worker)
            answer = self._expect()
            try:
                async with asyncio.timeout(_FORK_S):
                    await self._wire.send_with(order, [ends.theirs.fileno(), ends.output])
                    ends.give()
                    if isinstance(await self._told(answer, wire.Forked, wire.Unforked), wire.Unforked):
                        return False
                    return await branch._take_over(ends, self._worker)
            except (EOFError, OSError, TimeoutError):
                return False
            finally:
                self._sandbox.revoke_fork(self._worker)

    async def _take_over(self, ends: _Ends, parent: WorkerProcess) -> bool:
        """Be the host of the process at the other end, which the kernel names; it must be a child of ``parent``."""
        ends.ours.setblocking(False)
        await readable(ends.ours)
        data, descriptors, sender = receive_with_sender(ends.ours, 64)
        for each in descriptors:
            os.close(each)
        if not data or sender is None:
            return False
        self._worker = WorkerProcess(sender, os.pidfd_open(sender))
        if self._worker.parent() != parent.pid or not isinstance(wire.decode(data[4:]), wire.Ready):
            return False
        await self._sandbox.adopt(self._worker)
        await self._adopt(*ends.taken())
        return True


class _Ends:
    """Both ends of a socket and of a pipe for output, until they are given away."""

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair()
        try:
            self._read, self.output = os.pipe()
        except OSError:
            self.ours.close()
            self.theirs.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.give()
        if self._read >= 0:
            os.close(self._read)
            self.ours.close()

    def give(self) -> None:
        """The worker has its ends: close them here."""
        self.theirs.close()
        if self.output >= 0:
            os.close(self.output)
            self.output = -1

    def taken(self) -> tuple[socket.socket, int]:
        """This side's ends, which somebody else closes from now on."""
        self.give()
        read, self._read = self._read, -1
        return self.ours, read


def _into(answers: list[tuple[bytes, wire.Reply | wire.Refuse]]) -> Answered:
    def add(call: wire.Call, answer: wire.Reply | wire.Refuse) -> None:
        answers.append((key_of(call.function, call.arguments), answer))

    return add


def _how(status: int) -> str:
    """An exit status in words."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"  # a real-time signal has no name


def _joined(done: wire.Done, raw: str) -> str:
    if not done.tail:
        return done.head + raw
    left_out = done.chars - len(done.head) - len(done.tail)
    return f"{done.head}\n… [{left_out:,} characters left out] …\n{done.tail}{raw}"


__all__ = ["GRACE_S", "OutputFlood", "ProcessRepl"]
