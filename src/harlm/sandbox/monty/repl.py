"""A REPL for machines without a Linux kernel: cells run in Monty, a Python interpreter written in Rust that
gives them no access to the operating system. Each REPL has a process of its own. Needs ``pip install
'harlm[monty]'``.

What it protects from: a cell has no files, no network, no processes, no environment, and no clock except the
time of day. The interpreter itself limits time and memory; if a cell does not stop, its process is killed.
Output is cut. A state is saved before each cell, so a cell that hits a limit loses only its own variables.

What it does not protect from: a fault of the interpreter (its process has the user's rights, though not the
user's environment, and the system does not confine it), the load of many open REPLs, and a cell that passes
much text to calls, which the host then holds in memory.

What is different for cells: Monty is a subset of Python. ``context`` is a plain ``str`` or ``list`` of
``str`` without HARLM's methods. ``search(question, k)`` returns dicts (``place``, ``source``, ``line``,
``quote``, ``text``, …), and ``place(document, offset)`` returns how to cite a character. ``SHOW_VARS`` lists
the variables as of the start of the cell. A batch raises if one of its calls fails, and the other results are
lost. ``time.sleep`` returns at once. Above 16 MB of text or of variables nothing is saved before a cell.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from harlm.cleanup import all_finished, finished
from harlm.config import SandboxSettings
from harlm.errors import CodeError, SandboxFailure
from harlm.guest.worker.output import FLOOD, Captured
from harlm.patterns import lazy_pattern
from harlm.protocols import EarlyScout, Foresight, ReplHost, ReplSetup
from harlm.sandbox.monty.functions import HostFault, HostFunctions, MontyFinish, plain
from harlm.sandbox.monty.interpreter import KEPT, AskedCall, Dead, Ended, Interpreter
from harlm.sandbox.monty.variables import Look
from harlm.sandbox.process.calls import Clock
from harlm.sandbox.shortage import shortage
from harlm.types import Final, Observation

if TYPE_CHECKING:
    import pydantic_monty

TIER = "monty"

_T = TypeVar("_T")
_SYSTEM_ERROR = lazy_pattern(r"\(os error (\d+)\)$")  # as Rust shows errors of the system
_HEAD = 64_000  # characters kept from the start of a cell's output
_TAIL = 32_000  # and from its end
_SHOWN_NAMES = 40  # new or changed variables that an observation names
_START_S = 30.0
_GRACE_S = 10.0  # seconds beyond a cell's time in which the interpreter or its pool should have ended it
_PROCESSES = 4096  # no limit in practice: the engine limits how many REPLs are open
_DEADLY = ("time", "flood", "crash")
_KEPT = "What it did is undone: the variables are those from before this cell"
_LOST = "The REPL was restarted: its variables are gone, `context` is still defined"


class MontySandbox:
    """Opens REPLs in Monty, each in a process of its own.

    It uses the blocking interface of Monty's pool, from its own threads. The asynchronous interface delivers
    results from threads of Monty's, and Python before 3.14 aborts if one of them does so while the
    interpreter shuts down.

    Args:
        limits: for each cell and REPL.
    """

    tier = TIER

    def __init__(self, limits: SandboxSettings) -> None:
        self._limits = limits
        self._pool: pydantic_monty.Monty | None = None
        self._open: set[MontyRepl] = set()
        self._is_closed = False

    async def open(self, setup: ReplSetup, host: ReplHost) -> MontyRepl:
        """A new REPL with the context loaded.

        Raises:
            SandboxFailure: pydantic-monty is not installed, the interpreter cannot be started, or this sandbox
                is closed.
        """
        if self._is_closed:
            raise SandboxFailure("this sandbox is closed")
        if self._pool is None:
            self._pool = _pool()
        return await self._started(MontyRepl(self, self._pool, self._limits, setup, host), None)

    async def fork(self, repl: MontyRepl, state: bytes, host: ReplHost) -> MontyRepl:
        """A second REPL with the setup of ``repl`` and the variables of a saved state."""
        assert self._pool is not None
        return await self._started(
            MontyRepl(self, self._pool, self._limits, repl.setup, host, cells=repl.cells), state
        )

    def forget(self, repl: MontyRepl) -> None:
        """Note that a REPL is closed."""
        self._open.discard(repl)

    async def close(self) -> None:
        """End every open REPL, and the pool."""
        self._is_closed = True
        for repl in self._open:
            repl.kill()
        await finished(self._close())

    async def _close(self) -> None:
        try:
            await all_finished(*(repl.close() for repl in tuple(self._open)))
        finally:
            pool, self._pool = self._pool, None
            if pool is not None:
                await finished(
                    asyncio.get_running_loop().run_in_executor(None, pool.__exit__, None, None, None)
                )

    async def _started(self, repl: MontyRepl, state: bytes | None) -> MontyRepl:
        self._open.add(repl)
        try:
            await repl.start(state)
        except BaseException:
            await repl.close()
            raise
        return repl


class MontyRepl:
    """A ``harlm.protocols.Repl`` whose cells run in Monty. The interpreter is replaced when a limit ends it.

    Responsibilities: run cells in a thread, answer their calls, limit their time, save and restore their
    variables.

    Args:
        sandbox: opens the forks of this REPL.
        pool: gives interpreters.
        limits: for each cell.
        setup, host: see ``harlm.protocols.Sandbox.open``.
        cells: that have run before, in the REPL that this one was forked from.

    Attributes:
        setup: see above.
        cells: the text of all cells.
    """

    def __init__(
        self, sandbox: MontySandbox, pool: pydantic_monty.Monty, limits: SandboxSettings, setup: ReplSetup, host: ReplHost,
        *, cells: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self.setup = setup
        self.cells = [*cells]
        self._sandbox = sandbox
        self._pool = pool
        self._limits = limits
        self._functions = HostFunctions(host, setup.context, self._show_vars, setup.tools)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="harlm-monty")
        self._interpreter: Interpreter | None = None
        self._state: bytes | None = None  # that a new interpreter starts with
        self._is_saved = True  # whether ``_state`` holds all variables
        self._can_save = True  # whether the variables are small enough to be saved
        self._look = Look()
        self._is_busy = self._is_closed = False

    async def start(self, state: bytes | None) -> None:
        """Start an interpreter, with the variables of a saved state unless ``state`` is ``None``.

        Raises:
            SandboxFailure: it cannot be started.
        """
        self._state, self._is_saved = state, True
        self._can_save = max(self.setup.context.characters, len(state or b"")) <= KEPT
        interpreter = Interpreter(
            self._pool,
            self.setup,
            memory_bytes=(self._limits.memory_mb << 20) + 4 * self.setup.context.characters,
            seconds=min(self._limits.cell_seconds, self._limits.cpu_seconds),
        )
        self._interpreter = interpreter
        try:
            self._look = await self._in_thread(lambda: interpreter.open(state), self._copying_s)
        except (*interpreter.failures, Dead) as error:
            if (found := _SYSTEM_ERROR.search(str(error))) is not None:
                number = int(found[1])
                raise shortage("Monty did not start", OSError(number, os.strerror(number))) from error
            raise SandboxFailure(
                f"Monty did not start ({error}); run `python -m pydantic_monty` to test it alone, "
                "or raise `sandbox.memory_mb`, the memory that it may use"
            ) from error

    async def run(self, cell: str, *, ahead: Foresight | None = None) -> Observation:
        """Run one cell. If a limit ends it, its variables are lost; if nothing could be saved before, those
        of earlier cells too.

        Args:
            cell: the source.
            ahead: is not used: Monty has no scouts.

        Raises:
            SandboxFailure: another cell is running, this REPL is closed, or Monty failed.
            Exception: an error of the host in answering a call.
        """
        with self._occupied("a REPL runs one cell at a time"):
            try:
                return await self._run(cell)
            except BaseException:
                await self._drop()
                raise

    async def scout(self, foresight: Foresight) -> EarlyScout | None:
        """``None``: Monty has no scouts."""
        return None

    async def fork(self, host: ReplHost, *, read_only: bool = False) -> MontyRepl:
        """A second REPL in the state of this one. There are no files, so ``read_only`` has no effect.

        Raises:
            SandboxFailure: a cell is running, this REPL is closed, or the variables cannot be copied.
        """
        with self._occupied("a REPL can be forked between two cells, not while one runs"):
            interpreter = await self._ready()
            try:
                state = await self._in_thread(interpreter.save, self._copying_s)
            except interpreter.failures as error:
                await self._drop()
                raise SandboxFailure(f"the variables of a REPL cannot be copied: {error}") from error
        return await self._sandbox.fork(self, state, host)

    async def twin(self, host: ReplHost) -> MontyRepl | None:
        """``None``: copying the variables takes a new interpreter, and drops this one if they cannot be copied."""
        return None

    async def close(self) -> None:
        """End the process. Safe to call twice."""
        self._is_closed = True
        if self._is_busy:
            self.kill()
        try:
            await self._drop()
        finally:
            self._thread.shutdown(wait=False)
            self._sandbox.forget(self)

    # -- one cell -----------------------------------------------------------------------------------------

    async def _run(self, cell: str) -> Observation:
        interpreter = await self._ready()
        if not self._is_saved or not self._can_save:
            await self._save(interpreter)
        self._is_saved = False
        self.cells.append(cell)
        output = Captured(_HEAD, _TAIL)
        clock = Clock()
        finish: MontyFinish | None = None
        limit = self._limits.cell_seconds
        work: Callable[[], AskedCall | Ended] = partial(interpreter.start, cell, output)
        while isinstance(
            now := await self._in_thread(work, max(limit - clock.own(), 0) + _GRACE_S), AskedCall
        ):
            if clock.own() > limit:  # many short calls: the interpreter does not count the round trips
                interpreter.kill()
                now = Ended(why="time")
                break
            clock.pause()
            try:
                work = await self._reply(interpreter, now)
            except MontyFinish as finished:
                finish, work = finished, interpreter.finish
            finally:
                clock.resume()
        look = None if now.why in _DEADLY else await self._look_again(interpreter)
        final, error = await self._final(interpreter, finish, look)
        if look is None:
            await self._drop()
            error = f"{self._reason(now)}. {_KEPT if self._can_save else _LOST}."
        elif final is None:
            error = error or now.error
        changed = [] if look is None else look.shown(before=self._look)
        self._look = look or self._look
        return Observation(
            output=_joined(output),
            output_chars=output.length,
            error=error,
            final=final,
            names=tuple(changed[:_SHOWN_NAMES]),
            lost=look is None and not self._can_save,
            wall_s=clock.total(),
            waiting_s=clock.waited(),
        )

    async def _reply(self, interpreter: Interpreter, asked: AskedCall) -> Callable[[], AskedCall | Ended]:
        """The work, for the interpreter's thread, that answers a call."""
        try:
            value = await self._functions.answer(asked.function, asked.args, asked.kwargs)
        except HostFault as fault:
            raise fault.fault from None
        except (CodeError, TypeError, ValueError) as error:
            return partial(interpreter.refuse, error)
        return partial(interpreter.answer, value)

    async def _look_again(self, interpreter: Interpreter) -> Look | None:
        """The variables after a cell; ``None`` if the interpreter is unusable."""
        try:
            return await self._in_thread(interpreter.look, self._limits.cell_seconds + _GRACE_S)
        except Dead:
            return None

    async def _final(
        self, interpreter: Interpreter, finish: MontyFinish | None, look: Look | None
    ) -> tuple[Final | None, str | None]:
        """The value that the cell finished with, or why it cannot be read. Both are ``None`` if the cell did
        not finish.
        """
        if finish is None:
            return Final(value=plain(look.said[0])) if look is not None and look.said else None, None
        if (text := finish.text) is None:
            return Final(value=plain(finish.value)), None
        if look is None:
            return None, None
        try:
            names = {*look.variables, "context", "answer"}
            meant = partial(interpreter.meant, text, names, self.cells)
            return Final(value=plain(await self._in_thread(meant, _GRACE_S + _START_S))), None
        except NameError as error:
            return None, f"NameError: {error}"
        except interpreter.failures as error:
            return None, f"What the cell finished with cannot be sent: {error}"

    def _reason(self, ended: Ended) -> str:
        limits = self._limits
        match ended.why:
            case "time" if limits.cpu_seconds < limits.cell_seconds:
                return f"CpuTimeout: the cell used more than {limits.cpu_seconds:g} s of processor time"
            case "time":
                return f"CellTimeout: the cell ran longer than {limits.cell_seconds:g} s"
            case "memory":
                return f"MemoryError: the cell needed more memory than the {limits.memory_mb:,} MB of a REPL"
            case "flood":
                return f"OutputFlood: the cell printed more than {FLOOD:,} characters and was stopped"
            case "size":
                return f"what the cell showed or passed on is too large to leave the interpreter; use a part of it ({ended.error})"
        return f"the cell ended the interpreter ({ended.error})"

    def _show_vars(self) -> str:
        return "\n".join(": ".join(each) for each in self._look.shown()) or "(no variables yet)"

    # -- the interpreter ----------------------------------------------------------------------------------

    async def _ready(self) -> Interpreter:
        if self._interpreter is None:
            await self.start(self._state)
        assert self._interpreter is not None
        return self._interpreter

    async def _save(self, interpreter: Interpreter) -> None:
        """Save the variables. If they are too large or cannot be saved, nothing is saved from now on."""
        self._state = None
        if self._can_save:
            with contextlib.suppress(*interpreter.failures):
                self._state = await self._in_thread(interpreter.save, self._copying_s)
            self._can_save = self._state is not None and len(self._state) <= KEPT
        if not self._can_save:
            self._state = None

    async def _in_thread(self, work: Callable[[], _T], seconds: float) -> _T:
        """Do ``work`` in the interpreter's thread. If it takes longer than ``seconds``, the process is
        killed.

        Raises:
            SandboxFailure: it took too long.
        """
        doing = asyncio.get_running_loop().run_in_executor(self._thread, work)
        doing.add_done_callback(lambda done: None if done.cancelled() else done.exception())
        try:
            done, _ = await asyncio.wait({doing}, timeout=seconds)
        except asyncio.CancelledError:
            self.kill()
            raise
        if not done:
            self.kill()
            raise SandboxFailure(f"Monty did not return within {seconds:.0f} s, and was killed")
        return await doing

    def kill(self) -> None:
        """Kill the process at once."""
        if self._interpreter is not None:
            self._interpreter.kill()

    async def _drop(self) -> None:
        """End the interpreter. A task that is cancelled here does not leave its process behind."""
        interpreter, self._interpreter = self._interpreter, None
        if interpreter is not None:
            closing = asyncio.get_running_loop().run_in_executor(self._thread, interpreter.close)
            await finished(asyncio.wait({closing}, timeout=_GRACE_S))

    @property
    def _copying_s(self) -> float:
        return _START_S + self.setup.context.characters / (1 << 20)

    @contextlib.contextmanager
    def _occupied(self, rule: str) -> Iterator[None]:
        if self._is_busy or self._is_closed:
            raise SandboxFailure("this REPL is closed" if self._is_closed else rule)
        self._is_busy = True
        try:
            yield
        finally:
            self._is_busy = False


def _pool() -> pydantic_monty.Monty:
    try:
        import pydantic_monty
    except ImportError as error:
        raise SandboxFailure(
            f"the sandbox `monty` needs pydantic-monty ({error}): pip install 'harlm[monty]'"
        ) from error
    # Each process serves one REPL only, so nothing of one REPL is left for the next.
    pool = pydantic_monty.Monty(min_processes=0, max_processes=_PROCESSES, max_checkouts_per_worker=1)
    return pool.__enter__()


def _joined(output: Captured) -> str:
    head, tail = output.take()
    if not tail:
        return head
    return f"{head}\n… [{output.length - len(head) - len(tail):,} characters left out] …\n{tail}"
