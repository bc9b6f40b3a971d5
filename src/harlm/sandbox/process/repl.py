"""One REPL in a process of its own: the host runs its cells within their limits, forks it, and replaces the
process when a cell kills it. Handles frames and processes. Does not depend on how a process is confined.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import sys
from collections.abc import AsyncIterator
from dataclasses import replace

from harlm.cleanup import finished
from harlm.errors import SandboxFailure
from harlm.guest.vocabulary import CONTEXT_FUNCTIONS
from harlm.guest.worker.interrupts import CellCancelled, CellInterrupted
from harlm.protocols import EarlyScout, Foresight, ReplHost, ReplSetup
from harlm.sandbox.process import frames
from harlm.sandbox.process.calls import Clock, OpenCalls
from harlm.sandbox.process.cell import DescriptorFlood, RunningCell, observation, reason
from harlm.sandbox.process.cell_limits import Watch
from harlm.sandbox.process.connection import Link
from harlm.sandbox.process.repl_process import ReplProcess
from harlm.sandbox.process.replay import CellRecords, RecordedCell, Recording, Replayed, how_it_ended
from harlm.sandbox.process.scout import CopiedScout, ForkedScout, Scouts, StartedScout, how_far
from harlm.sandbox.process.worker_process import in_words
from harlm.sandbox.process.workers import Workers
from harlm.types import Observation

GRACE_S = 0.5
"""Seconds between interrupting a cell and killing its process."""

_STATUS_S = 0.2  # seconds that a zygote may take to report how a process ended
_MAX_LATE_CALLS = 10_000  # calls of threads that outlived their cell; more are a violation


class ProcessRepl:
    """A ``harlm.protocols.Repl`` whose cells run in a worker process.

    Responsibilities: run cells within their limits, fork, and get a new process when a cell kills the old
    one.

    Args:
        workers: start and end its processes.
        setup, host: see ``harlm.protocols.Sandbox.open``.
    """

    def __init__(self, workers: Workers, setup: ReplSetup, host: ReplHost) -> None:
        self._workers = workers
        self._limits = workers.limits
        self._setup = setup
        self._host = host
        self._allowed = frozenset((*setup.functions, *CONTEXT_FUNCTIONS))
        self._records = CellRecords()
        self._process = ReplProcess(workers, setup, self._on_call)
        self._cell: RunningCell | None = None
        self._stopping: asyncio.Task[None] | None = None
        self._scouts = Scouts(workers)
        self._broken: SandboxFailure | None = None
        self._notice = ""  # for the model, with the output of the next cell
        self._late_calls = 0
        self._stuck = 0  # cells in a row that could not be interrupted
        self._turn = asyncio.Lock()  # one cell or fork at a time
        self._closed = False

    # -- opening and closing ------------------------------------------------------------------------------

    async def start(self) -> None:
        """Have a process forked, and set it up.

        Raises:
            SandboxFailure: it cannot be started, or did not start in time.
        """
        await self._process.start()

    async def close(self) -> None:
        """Kill the process, and remove its folder."""
        self._closed = True
        if self._process.link is not None:
            self._process.link.kill()
        self._scouts.end_all()
        await finished(self._close())

    async def _close(self) -> None:
        try:
            if self._stopping is not None:
                # It ends soon, since the process does, and it closes what it has opened.
                await asyncio.wait([self._stopping])
            await self._scouts.close()
        finally:
            await self._process.drop()
            self._workers.leave(self)

    @property
    def pid(self) -> int | None:
        """The id of the worker's process; ``None`` if there is no process, or its id is unknown."""
        return None if self._process.link is None else self._process.link.worker.pid

    def peak_mb(self) -> float:
        """The most memory that the worker had at once, in MiB, shared memory included."""
        return 0.0 if self._process.link is None else self._process.link.worker.peak_mb()

    # -- calls --------------------------------------------------------------------------------------------

    def _on_call(self, call: frames.CallFrame, size: int) -> None:
        if call.function not in self._allowed:
            raise SandboxFailure(f"a cell made its worker call {call.function!r}, which it was not given")
        if self._cell is not None:
            self._cell.calls.take(call, size)
            return
        self._late_calls += 1  # from a thread that outlived its cell
        if self._late_calls > _MAX_LATE_CALLS:
            raise SandboxFailure("a cell left a thread running that makes calls without end")
        assert self._process.link is not None
        why = "no cell is running; a call ends with its cell"
        self._process.link.to_worker.send(frames.Refuse(id=call.id, message=why))

    # -- cells --------------------------------------------------------------------------------------------

    async def run(self, cell: str, *, ahead: Foresight | None = None) -> Observation:
        """Run one cell. If it kills the worker, the earlier cells are run again in a new one.

        Args:
            cell: the source.
            ahead: takes the calls that a scout makes early; ``None`` for no scout.

        Raises:
            SandboxFailure: the cell broke the protocol, or no worker can be started.
            Exception: an error of the host in answering a call.
        """
        async with self._turn:
            link = await self._ready()
            seen = await self._run(link, cell, ahead)
            notice, self._notice = self._notice, ""
            return replace(seen, output=f"[{notice}]\n{seen.output}", lost=True) if notice else seen

    async def scout(self, foresight: Foresight) -> EarlyScout | None:
        """A scout for the next cell, while that is being written; ``None`` if there can be none."""
        async with self._turn:
            link = await self._ready()
            if self._notice:  # the cell was written for variables that are lost
                return None
            scout = await self._new_scout(link, foresight)
            if scout is None:
                return None
            link.to_worker.send(frames.StartScout(ahead=how_far(foresight)))
            return StartedScout(scout, self._scouts.end)

    async def _run(self, link: Link, cell: str, ahead: Foresight | None) -> Observation:
        scout = None if ahead is None else await self._new_scout(link, ahead)
        running = self._begin(link, self._host)
        running.ahead, running.scout = ahead, scout
        watch = Watch(self._limits, link.worker, running.clock, lambda: link.raw.size, self._stop_at)
        done = self._send(link, running, cell)
        try:
            frame = await asyncio.shield(done)
            assert isinstance(frame, frames.Done)
        except EOFError:
            watch.stop()
            if running.fault is not None:
                raise running.fault from None
            return await self._lost(running, link)
        except asyncio.CancelledError:
            self._stopping = asyncio.create_task(self._stop(link, running, done))
            raise
        except SandboxFailure as violation:
            self._broken = violation
            await self._process.drop()
            raise
        finally:
            watch.stop()
            if running.scout is not None:
                self._scouts.end(running.scout)
            if self._stopping is None:
                await self._end(running)
        self._stuck = 0
        if running.limit is None:
            ended = how_it_ended(frame.error)
            self._records.add(cell, running.recording, running.clock.own(), ended)
        else:
            self._records.left_out += 1
        return observation(frame, running, link, self._limits)

    async def _ready(self) -> Link:
        """The connection to a worker that runs no cell. If the last worker is gone, it is replaced, and
        ``_notice`` says what was lost.

        Raises:
            SandboxFailure: this REPL is closed, or a cell broke the protocol.
        """
        if self._stopping is not None:
            await asyncio.wait([self._stopping])
        broken = self._broken or (None if self._process.link is None else self._process.link.violation)
        if broken is not None:
            raise broken
        if self._process.link is None or not self._process.link.is_alive:
            known = self._records.left_out
            if self._process.link is not None and not self._process.link.was_killed:
                # It ended between two cells, so the last cell caused it.
                self._records.cut(max(len(self._records.entries) - 1, 0))
            await self._restore()
            if self._records.left_out > known:
                self._notice = f"the REPL ended after the last cell and was restarted: {self._what_is_kept()}"
        assert self._process.link is not None
        return self._process.link

    def _what_is_kept(self) -> str:
        if self._records.left_out:
            return "its earlier cells were run again, except those that cannot be"
        return "its earlier cells were run again, so their variables are kept"

    def _begin(self, link: Link, host: ReplHost) -> RunningCell:
        clock, recording = Clock(), Recording()
        calls = OpenCalls(
            lambda call: host.call(call.function, call.arguments),
            link.to_worker, clock, on_answer=recording.add, on_fault=self._give_up,
        )  # fmt: skip
        cell = self._cell = RunningCell(clock, calls, recording)
        self._late_calls = 0
        link.attend(
            on_flood=self._flooded, on_sign=clock.sign, on_copies=lambda data: self._copied(cell, data)
        )
        return cell

    @staticmethod
    def _send(link: Link, running: RunningCell, code: str) -> asyncio.Future[frames.News]:
        done = link.due(lambda frame: isinstance(frame, frames.Done) and frame.cell == running.name)
        link.to_worker.send(frames.Execute(cell=running.name, code=code, ahead=how_far(running.ahead)))
        return done

    def _copied(self, running: RunningCell, data: bytes) -> None:
        """Start a scout from copies, which the worker sends if it cannot fork one."""
        if running is not self._cell or running.ahead is None or isinstance(running.scout, CopiedScout):
            raise SandboxFailure("a cell made its worker send copies that were not asked for")
        if running.scout is not None:
            self._scouts.end(running.scout)
        scout = CopiedScout(self._workers, self._setup, data, self._allowed, running.ahead)
        running.scout = self._scouts.add(scout)

    async def _new_scout(self, link: Link, foresight: Foresight) -> ForkedScout | None:
        return await self._scouts.forked(link, self._allowed, foresight, rules=self._process.rules_to_read)

    async def _end(self, running: RunningCell) -> None:
        if running.calls.are_open():
            await running.calls.end()
        if self._cell is running:
            self._cell = None

    # -- limits -------------------------------------------------------------------------------------------

    def _stop_at(self, limit: type[CellInterrupted]) -> None:
        """Interrupt a cell, which keeps its variables. If it continues, kill its process."""
        if self._cell is None or self._process.link is None:
            return
        self._cell.limit = limit
        worker, running = self._process.link.worker, self._cell
        worker.interrupt(limit)
        asyncio.get_running_loop().call_later(
            GRACE_S, lambda: worker.kill() if self._cell is running else None
        )

    def _flooded(self) -> None:
        if self._cell is not None:
            self._cell.limit = DescriptorFlood
        if self._process.link is not None:
            self._process.link.kill()

    def _give_up(self, fault: Exception) -> None:
        """End the cell after an error of the host in answering a call. ``run`` raises the error."""
        if self._cell is not None:
            self._cell.fault = fault
        if self._process.link is not None:
            self._process.link.kill()

    async def _stop(self, link: Link, running: RunningCell, done: asyncio.Future[frames.News]) -> None:
        """Stop a cancelled cell: refuse its calls; if that does not end it, interrupt it; at last, kill its
        process.
        """
        patience = GRACE_S / 2 if running.calls.are_open() else 0.0
        running.calls.refuse_all("the cell that made this call was cancelled")
        interrupting = asyncio.get_running_loop().call_later(patience, link.worker.interrupt, CellCancelled)
        self._records.left_out += 1
        try:
            async with asyncio.timeout(GRACE_S):
                await asyncio.shield(done)
            link.raw.take()
        except (TimeoutError, EOFError, SandboxFailure):
            link.kill()
            await self._process.drop()
        finally:
            interrupting.cancel()
            await running.calls.end()
            self._cell = None
            self._stopping = None

    # -- replacing a lost process ---------------------------------------------------------------------------

    async def _lost(self, running: RunningCell, link: Link) -> Observation:
        """The observation of a cell that ended its worker; the worker is replaced."""
        worker = link.worker
        link.kill()  # so that ``_ready`` does not blame the cell before
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_STATUS_S):
                while worker.status is None:  # noqa: ASYNC110 - the zygote reports it a moment later
                    await asyncio.sleep(0.002)
        if running.limit is None:
            how = "" if worker.status is None else f" with {in_words(worker.status)}"
            why = f"the cell ended the interpreter{how}"
        else:
            why = f"{reason(running.limit, self._limits)} and could not be interrupted"
            self._stuck += 1
            if self._stuck > 1:  # perhaps what the cell before them left running
                self._records.cut(max(len(self._records.entries) - 1, 0))
        await self._end(running)
        await self._process.drop()
        try:
            await self._restore()
            kept = f"{self._what_is_kept()}; those of this cell are gone"
        except SandboxFailure as error:
            kept = f"its variables are gone ({error}); `context` is still defined"
        return Observation(
            error=f"{why}. The REPL was restarted: {kept}.",
            lost=True,
            wall_s=running.clock.total(),
            waiting_s=running.clock.waited(),
        )

    async def _restore(self) -> None:
        """Start a new process, and run the recorded cells again in it with the recorded answers. The first
        cell that does not end as it did before is dropped, with all later ones.

        Raises:
            SandboxFailure: a process cannot be started.
        """
        try:
            while not self._closed:
                await self._process.drop()
                await self.start()
                failed = await self._replay()
                if failed is None:
                    return
                self._records.cut(failed)
        except BaseException:  # a REPL with half of its variables must not be used
            await self._process.drop()
            raise
        raise SandboxFailure("this REPL is closed")

    async def _replay(self) -> int | None:
        """Run the recorded cells again. Returns the index of the first that did not end as before; ``None``
        if all did.
        """
        entries = self._records.entries
        for number, entry in enumerate(entries):
            if not await self._run_again(entry):
                return number
        if entries and not await self._run_again(RecordedCell("pass", (), 0.0)):
            return len(entries) - 1  # the process ended after the last one
        return None

    async def _run_again(self, entry: RecordedCell) -> bool:
        assert self._process.link is not None
        link = self._process.link
        running = self._begin(link, Replayed(entry))
        done = self._send(link, running, entry.code)
        try:
            async with asyncio.timeout(2 + 4 * entry.own_s):
                frame = await done
            assert isinstance(frame, frames.Done)
        except (EOFError, TimeoutError, SandboxFailure):
            return False
        finally:
            await self._end(running)
        link.raw.take()
        return how_it_ended(frame.error) == entry.ended

    # -- forking ------------------------------------------------------------------------------------------

    async def fork(self, host: ReplHost, *, read_only: bool = False) -> ProcessRepl:
        """A second REPL in the state of this one. It is made by ``fork(2)`` in milliseconds; if threads of
        earlier cells still run, or the system does not allow it, by running the recorded cells again.

        Args:
            host: answers the calls of the fork.
            read_only: whether cells of the fork must not change any file.

        Raises:
            SandboxFailure: a cell is running, or neither way is possible.
        """
        branch = ProcessRepl(self._workers, self._setup, host)
        async with self._branching(branch) as link:
            branch._notice, seed = self._notice, secrets.randbits(63)
            if await self._forked(branch, link, seed=seed, read_only=read_only):
                branch._records.add(f"__import__('random').seed({seed})", Recording(), 0.0)
            elif self._records.left_out:
                raise SandboxFailure(
                    "this REPL can neither be forked now nor rebuilt: not all of its cells can be run again"
                )
            else:
                await branch._restore()
        return branch

    async def twin(self, host: ReplHost) -> ProcessRepl | None:
        """See ``harlm.protocols.Repl``. It is made by ``fork(2)`` or not at all."""
        branch = ProcessRepl(self._workers, self._setup, host)
        with contextlib.suppress(OSError):  # no descriptors are left
            async with self._branching(branch) as link:
                if not self._notice and await self._forked(branch, link, seed=None, read_only=False):
                    return branch
        await branch.close()
        return None

    @contextlib.asynccontextmanager
    async def _branching(self, branch: ProcessRepl) -> AsyncIterator[Link]:
        """The connection to a worker that is to be forked for ``branch``, which is closed if that fails."""
        if self._cell is not None and self._stopping is None:
            raise SandboxFailure("a REPL can be forked between two cells, not while one runs")
        self._workers.join(branch)
        try:
            async with self._turn:
                link = await self._ready()
                branch._records = self._records.copy()
                yield link
        except BaseException:
            await branch.close()
            raise

    async def _forked(self, branch: ProcessRepl, link: Link, *, seed: int | None, read_only: bool) -> bool:
        """Fork the process for ``branch``. Returns whether that worked. A fork that has begun is finished
        even if the task is cancelled.
        """
        if sys.platform != "linux":
            return False
        forking = asyncio.create_task(
            self._process.fork_into(branch._process, link, seed=seed, read_only=read_only)
        )
        try:
            return await asyncio.shield(forking)
        except asyncio.CancelledError:
            self._stopping = asyncio.create_task(self._after(forking, branch))
            raise

    async def _after(self, forking: asyncio.Task[bool], unwanted: ProcessRepl) -> None:
        try:
            await asyncio.wait([forking])
        finally:
            try:
                await unwanted.close()  # again: it had no process yet when ``fork`` closed it
            finally:
                self._stopping = None
