"""One REPL in a process of its own, as the host drives it: cells, their limits, forks, and a new process when a cell kills
the old one. Knows frames and processes; refuses to know how a process is confined.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable
from dataclasses import replace

from harlm.errors import SandboxFailure
from harlm.guest.vocabulary import CONTEXT_FUNCTIONS
from harlm.guest.worker.interrupts import (
    CellCancelled,
    CellInterrupted,
)
from harlm.protocols import EarlyScout, Foresight, ReplHost, ReplSetup
from harlm.sandbox.process import frames
from harlm.sandbox.process.calls import Calls, Clock
from harlm.sandbox.process.cell import DescriptorFlood, RunningCell, observation, reason
from harlm.sandbox.process.cell_limits import Watch
from harlm.sandbox.process.connection import Link
from harlm.sandbox.process.repl_process import ReplProcess
from harlm.sandbox.process.replay import CellRecords, RecordedCell, Recording, Replayed, how_it_ended
from harlm.sandbox.process.scout import CellScout, CopiedScout, ForkedScout, how_far
from harlm.sandbox.process.worker_process import in_words
from harlm.sandbox.process.workers import Workers
from harlm.types import Observation

GRACE_S = 0.5
"""Seconds between asking a cell to stop and killing its process."""

_TOLD_S = 0.2  # how long a zygote may take to say how a process ended
_ASKED_IN_BETWEEN = 10_000  # calls of threads that outlived their cell, before the process is ended


class ProcessRepl:
    """See ``harlm.protocols.Repl``.

    Responsibilities: run cells within their limits, fork, and come back when a cell kills its process.

    Args:
        workers: gives it processes.
        setup, host: see ``Sandbox.open``.
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
        self._parting: set[asyncio.Task[None]] = set()
        self._broken: SandboxFailure | None = None
        self._asked_in_between = 0
        self._turn = asyncio.Lock()  # one cell or fork at a time
        self._closed = False

    # -- opening and closing ------------------------------------------------------------------------------

    async def start(self) -> None:
        """Have a process forked, and set it up.

        Raises:
            SandboxFailure: it did not come up.
        """
        await self._process.start()

    async def close(self) -> None:
        """Kill the process, and remove its folder."""
        self._closed = True
        self._workers.leave(self)
        if self._process.link is not None:
            self._process.link.kill()
        if self._stopping is not None:
            # It ends soon, now that the process does, and closes what it had opened.
            await asyncio.wait([self._stopping])
        if self._parting:
            await asyncio.wait(self._parting)
        await self._process.drop()

    @property
    def pid(self) -> int | None:
        """The worker's process; None where there is none, or its id is not known."""
        return None if self._process.link is None else self._process.link.worker.pid

    def peak_mb(self) -> float:
        """The most memory that the worker had at once, with what it shares with others."""
        return 0.0 if self._process.link is None else self._process.link.worker.peak_mb()

    # -- calls --------------------------------------------------------------------------------------------

    def _on_call(self, call: frames.Call, size: int) -> None:
        if call.function not in self._allowed:
            raise SandboxFailure(f"a cell made its worker call {call.function!r}, which it was not given")
        if self._cell is not None:
            self._cell.calls.take(call, size)
            return
        self._asked_in_between += 1  # a thread outlived its cell: nobody would know what its call is for
        if self._asked_in_between > _ASKED_IN_BETWEEN:
            raise SandboxFailure("a cell left a thread behind that calls without end")
        assert self._process.link is not None
        why = "no cell is running; a call ends with its cell"
        self._process.link.to_worker.send(frames.Refuse(id=call.id, message=why))

    # -- cells --------------------------------------------------------------------------------------------

    async def run(self, cell: str, *, ahead: Foresight | None = None) -> Observation:
        """Run one cell. When it kills the worker, another takes its place, in which the earlier cells are run again."""
        async with self._turn:
            link, notice = await self._ready()
            seen = await self._run(link, cell, ahead)
            return replace(seen, output=f"[{notice}]\n{seen.output}", lost=True) if notice else seen

    async def scout(self, foresight: Foresight) -> EarlyScout | None:
        """A scout for the next cell, while that is being written; None where there can be none."""
        async with self._turn:
            link, notice = await self._ready()
            if notice:  # it would be told to nobody
                return None
            scout = await self._new_scout(link, foresight)
            if scout is None:
                return None
            link.to_worker.send(frames.StartScout(ahead=how_far(foresight)))
            return _Early(scout, self._part_with)

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
                self._part_with(running.scout)
            if self._stopping is None:
                await self._end(running)
        if running.limit is None:
            ended = how_it_ended(frame.error)
            self._records.add(cell, running.recording, running.clock.own(), ended)
        else:
            self._records.left_out += 1
        return observation(frame, running, link, self._limits)

    async def _ready(self) -> tuple[Link, str]:
        """The link to a worker that waits for orders, and what a model must know when it is not the one from before.

        Raises:
            SandboxFailure: this REPL is closed, or was broken by a cell.
        """
        if self._stopping is not None:
            await asyncio.wait([self._stopping])
        broken = self._broken or (None if self._process.link is None else self._process.link.violation)
        if broken is not None:
            raise broken
        notice = ""
        if self._process.link is None or not self._process.link.is_alive:
            known = self._records.left_out
            if self._process.link is not None and not self._process.link.was_killed:
                # It ended between two cells: the last one is what ended it.
                self._records.cut(max(len(self._records.entries) - 1, 0))
            await self._restore()
            if self._records.left_out > known:
                notice = (
                    f"the REPL had ended after the last cell and was started anew: {self._what_is_left()}"
                )
        assert self._process.link is not None
        return self._process.link, notice

    def _what_is_left(self) -> str:
        if self._records.left_out:
            return "its earlier cells were run again, but for those that cannot be"
        return "its earlier cells were run again, so their variables are there"

    def _begin(self, link: Link, host: ReplHost) -> RunningCell:
        clock, recording = Clock(), Recording()
        calls = Calls(
            lambda call: host.call(call.function, call.arguments),
            link.to_worker, clock, on_answer=recording.add, on_fault=self._give_up,
        )  # fmt: skip
        cell = self._cell = RunningCell(clock, calls, recording)
        self._asked_in_between = 0
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
        """A cell that cannot have a fork for a scout has sent what another process needs to be one."""
        if running is not self._cell or running.ahead is None or isinstance(running.scout, CopiedScout):
            raise SandboxFailure("a cell made its worker send copies that nobody asked for")
        if running.scout is not None:
            self._part_with(running.scout)
        running.scout = CopiedScout(self._workers, self._setup, data, self._allowed, running.ahead)

    async def _new_scout(self, link: Link, foresight: Foresight) -> ForkedScout | None:
        """A scout that the worker has been given the ends of; None where it cannot fork."""
        if sys.platform != "linux":
            return None
        try:
            scout = ForkedScout(self._workers, link.worker, self._allowed, foresight)
        except OSError:  # no descriptors are left
            return None
        try:
            await link.to_worker.send_with(frames.Given(), scout.descriptors)
        except OSError:
            self._part_with(scout)
            return None
        except BaseException:
            self._part_with(scout)
            raise
        scout.given()
        return scout

    def _part_with(self, scout: CellScout) -> None:
        """End a scout; what of it takes time does not keep the cell waiting."""
        scout.end(self._workers.pids())
        parting = asyncio.create_task(scout.close())
        self._parting.add(parting)
        parting.add_done_callback(self._parting.discard)

    async def _end(self, running: RunningCell) -> None:
        if running.calls.are_open():
            await running.calls.end()
        if self._cell is running:
            self._cell = None

    # -- limits -------------------------------------------------------------------------------------------

    def _stop_at(self, limit: type[CellInterrupted]) -> None:
        """Ask a cell to stop, so that its variables live; kill it when it does not."""
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
        """A fault of ours in answering a call: it ends the run, whatever the cell makes of it."""
        if self._cell is not None:
            self._cell.fault = fault
        if self._process.link is not None:
            self._process.link.kill()

    async def _stop(self, link: Link, running: RunningCell, done: asyncio.Future[frames.News]) -> None:
        """Cancel a cell: its calls are refused; where that does not end it, it is interrupted, and killed at last."""
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

    # -- losing and getting back --------------------------------------------------------------------------

    async def _lost(self, running: RunningCell, link: Link) -> Observation:
        """What is said of a cell that took its worker with it."""
        worker = link.worker
        link.kill()  # its end is accounted for: the cell before is not to blame
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_TOLD_S):
                while worker.status is None:  # noqa: ASYNC110 - said by the zygote, a moment after the end
                    await asyncio.sleep(0.002)
        if running.limit is None:
            how = "" if worker.status is None else f" with {in_words(worker.status)}"
            why = f"the cell ended the interpreter{how}"
        else:
            why = f"{reason(running.limit, self._limits)} and could not be interrupted"
        await self._end(running)
        await self._process.drop()
        try:
            await self._restore()
            kept = f"{self._what_is_left()}; those of this cell are gone"
        except SandboxFailure as error:
            kept = f"its variables are gone ({error}); `context` is there"
        return Observation(
            error=f"{why}. The REPL was started anew: {kept}.",
            lost=True,
            wall_s=running.clock.total(),
            waiting_s=running.clock.waited(),
        )

    async def _restore(self) -> None:
        """A new process, in which the recorded cells are run again with the answers that they got. Those from the first
        on that does not end as it did are given up.

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
        except BaseException:  # half of it done is worse than nothing
            await self._process.drop()
            raise
        raise SandboxFailure("this REPL is closed")

    async def _replay(self) -> int | None:
        """Run the recorded cells again; the number of the cell that did not end as it had, None when all did."""
        entries = self._records.entries
        for number, entry in enumerate(entries):
            if not await self._run_again(entry):
                return number
        if entries and not await self._run_again(RecordedCell("pass", (), 0.0)):
            return len(entries) - 1  # the last one ended, and then its process did
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
        """A second REPL in the state of this one: by ``fork(2)`` in milliseconds, or by running the recorded cells again where
        threads of earlier cells still run or the system does not allow it.

        Raises:
            SandboxFailure: neither is possible.
        """
        if self._cell is not None and self._stopping is None:
            raise SandboxFailure("a REPL can be forked between two cells, not while one runs")
        branch = ProcessRepl(self._workers, self._setup, host)
        self._workers.join(branch)
        try:
            async with self._turn:
                link, _ = await self._ready()
                branch._records = self._records.copy()
                if not (sys.platform == "linux" and await self._forked(branch, link, read_only=read_only)):
                    if self._records.left_out:
                        raise SandboxFailure(
                            "this REPL cannot be forked now, and not rebuilt either: not all of its cells can be run again"
                        )
                    await branch._restore()
        except BaseException:
            await branch.close()
            raise
        return branch

    async def _forked(self, branch: ProcessRepl, link: Link, *, read_only: bool) -> bool:
        """Whether a fork became the process of ``branch``. It is carried to its end even if the caller is cancelled."""
        forking = asyncio.create_task(self._process.fork_into(branch._process, link, read_only=read_only))
        try:
            seed = await asyncio.shield(forking)
        except asyncio.CancelledError:
            self._stopping = asyncio.create_task(self._after(forking, branch))
            raise
        if seed is not None:
            branch._records.add(f"__import__('random').seed({seed})", Recording(), 0.0)
        return seed is not None

    async def _after(self, forking: asyncio.Task[int | None], unwanted: ProcessRepl) -> None:
        await asyncio.wait([forking])
        await unwanted.close()  # it was closed before it was whole
        self._stopping = None


class _Early:
    """See ``harlm.protocols.EarlyScout``."""

    def __init__(self, scout: CellScout, part_with: Callable[[CellScout], None]) -> None:
        self._scout = scout
        self._part_with = part_with

    def tell(self, code: str, *, is_all: bool) -> None:
        """See ``harlm.protocols.EarlyScout``."""
        self._scout.tell(code, is_all=is_all)

    def close(self) -> None:
        """See ``harlm.protocols.EarlyScout``."""
        self._part_with(self._scout)
