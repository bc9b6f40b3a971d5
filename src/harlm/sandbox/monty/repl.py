"""A REPL for machines without a Linux kernel: cells run in Monty, a Python interpreter in Rust that has no operating system, in
a process of its own for each REPL (``pip install 'harlm[monty]'``).

What it protects from: a cell has no files, no network, no processes, no environment and no clock but the time of day; nothing is
there that it could reach. Its time and its memory are counted by the interpreter itself, the process of one that does
not stop is killed, output is cut, and a limit costs the variables of one cell, not of all: a state is saved before each.

What it does not protect from: a fault of the interpreter (its process has your rights, though not your environment, and the system does not
confine it), the load of as many REPLs as are open, and a cell that puts much text into calls, which the host then holds.

What cells find different: a subset of Python. ``context`` is a plain ``str`` or ``list`` of ``str`` without methods of ours;
``search(question, k)`` gives dicts (``place``, ``source``, ``line``, ``quote``, ``text``, …) and ``place(document, offset)`` what to
cite. ``SHOW_VARS`` says what was there when the cell began. A batch of which one call failed raises, and the other results are
lost. ``time.sleep`` returns at once. Above 16 MB of text or of variables nothing is saved before a cell.

Knows cells, calls and limits; refuses to run code itself, and to start without pydantic-monty.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from keyword import iskeyword
from typing import TYPE_CHECKING, TypeVar

from harlm.config import SandboxSettings
from harlm.errors import CodeError, SandboxFailure
from harlm.guest.worker.output import FLOOD, Captured
from harlm.protocols import EarlyScout, Foresight, ReplHost, ReplSetup
from harlm.sandbox.monty.functions import HostFault, HostFunctions, MontyFinish, plain
from harlm.sandbox.monty.interpreter import KEPT, Asked, Dead, Ended, Interpreter
from harlm.sandbox.monty.variables import Look
from harlm.sandbox.process.calls import Clock
from harlm.types import Final, Observation

if TYPE_CHECKING:
    import pydantic_monty

TIER = "monty"

_T = TypeVar("_T")
_HEAD = 64_000  # characters kept of a cell's output, first and last
_TAIL = 32_000
_SHOWN_NAMES = 40
_START_S = 30.0
_GRACE_S = 10.0  # beyond its time, which the interpreter and then its pool enforce; after that it is our turn
_PROCESSES = 4096  # REPLs are counted elsewhere
_DEADLY = ("time", "flood", "crash")
_KEPT = "What it did is undone: the variables are those from before this cell"
_LOST = "The REPL was started anew: its variables are gone, `context` is there"


class MontySandbox:
    """Opens REPLs in Monty, each in a process of its own.

    The pool's blocking interface is used, from threads of ours. The asynchronous one hands results over from threads of its
    own, and Python before 3.14 aborts when one of those still does so while the interpreter shuts down.
    """

    tier = TIER

    def __init__(self, limits: SandboxSettings) -> None:
        self._limits = limits
        self._pool: pydantic_monty.Monty | None = None
        self._open: set[MontyRepl] = set()

    async def open(self, setup: ReplSetup, host: ReplHost) -> MontyRepl:
        """An interpreter with the context loaded."""
        if self._pool is None:
            self._pool = _pool()
        return await self._started(MontyRepl(self, self._pool, self._limits, setup, host), None)

    async def fork(self, repl: MontyRepl, state: bytes, host: ReplHost) -> MontyRepl:
        """A second REPL like ``repl``, with the variables of ``state``."""
        assert self._pool is not None
        return await self._started(MontyRepl(self, self._pool, self._limits, repl.setup, host), state)

    def forget(self, repl: MontyRepl) -> None:
        """It is closed."""
        self._open.discard(repl)

    async def close(self) -> None:
        """End every REPL that is still open, and the pool."""
        await asyncio.gather(*(repl.close() for repl in tuple(self._open)))
        if self._pool is not None:
            pool, self._pool = self._pool, None
            await asyncio.to_thread(pool.__exit__, None, None, None)

    async def _started(self, repl: MontyRepl, state: bytes | None) -> MontyRepl:
        self._open.add(repl)
        try:
            await repl.start(state)
        except BaseException:
            await repl.close()
            raise
        return repl


class MontyRepl:
    """One interpreter, replaced when a limit ends it.

    Responsibilities: run cells in a thread, answer their calls, keep their time, save and restore what they made.
    """

    def __init__(
        self, sandbox: MontySandbox, pool: pydantic_monty.Monty, limits: SandboxSettings, setup: ReplSetup, host: ReplHost
    ) -> None:  # fmt: skip
        self.setup = setup
        self._sandbox = sandbox
        self._pool = pool
        self._limits = limits
        self._functions = HostFunctions(host, setup.context, self._show_vars)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="harlm-monty")
        self._interpreter: Interpreter | None = None
        self._state: bytes | None = None  # what a new interpreter begins with
        self._is_saved = self._can_save = True  # whether that is all there is, and whether more can be kept
        self._look = Look()
        self._is_busy = self._is_closed = False

    async def start(self, state: bytes | None) -> None:
        """A fresh interpreter, with the variables of a saved state."""
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
            raise SandboxFailure(
                f"Monty did not come up ({error}); `python -m pydantic_monty` tries it alone, "
                "and `sandbox.memory_mb` says how much memory it may use"
            ) from error

    async def run(self, cell: str, *, ahead: Foresight | None = None) -> Observation:
        """Run one cell. When a limit ends it, its variables are gone, and those of earlier cells where none could be saved."""
        with self._occupied("a REPL runs one cell at a time"):
            try:
                return await self._run(cell)
            except BaseException:
                await self._drop()
                raise

    async def scout(self, foresight: Foresight) -> EarlyScout | None:
        """There are none here."""
        return None

    async def fork(self, host: ReplHost, *, read_only: bool = False) -> MontyRepl:
        """A second REPL in the state of this one. There are no files, so ``read_only`` changes nothing."""
        with self._occupied("a REPL can be forked between two cells, not while one runs"):
            interpreter = await self._ready()
            try:
                state = await self._in_thread(interpreter.save, self._copying_s)
            except interpreter.failures as error:
                await self._drop()
                raise SandboxFailure(f"the variables of a REPL cannot be copied: {error}") from error
        return await self._sandbox.fork(self, state, host)

    async def close(self) -> None:
        """End the process. Safe to call twice."""
        self._sandbox.forget(self)
        self._is_closed = True
        if self._is_busy:
            self._kill()
        await self._drop()
        self._thread.shutdown(wait=False)

    # -- one cell -----------------------------------------------------------------------------------------

    async def _run(self, cell: str) -> Observation:
        interpreter = await self._ready()
        if not self._is_saved or not self._can_save:
            await self._save(interpreter)
        self._is_saved = False
        output = Captured(_HEAD, _TAIL)
        clock = Clock()
        finish: MontyFinish | None = None
        limit = self._limits.cell_seconds
        work: Callable[[], Asked | Ended] = partial(interpreter.start, cell, output)
        while isinstance(now := await self._in_thread(work, max(limit - clock.own(), 0) + _GRACE_S), Asked):
            if clock.own() > limit:  # many short calls: the interpreter does not count the way to us and back
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

    async def _reply(self, interpreter: Interpreter, asked: Asked) -> Callable[[], Asked | Ended]:
        """What answers a call, to be done in the thread."""
        try:
            value = await self._functions.answer(asked.function, asked.args, asked.kwargs)
        except HostFault as fault:
            raise fault.fault from None
        except (CodeError, TypeError, ValueError) as error:
            return partial(interpreter.refuse, error)
        return partial(interpreter.answer, value)

    async def _look_again(self, interpreter: Interpreter) -> Look | None:
        """The variables after a cell; None when the interpreter is beyond use."""
        try:
            return await self._in_thread(interpreter.look, self._limits.cell_seconds + _GRACE_S)
        except Dead:
            return None

    async def _final(
        self, interpreter: Interpreter, finish: MontyFinish | None, look: Look | None
    ) -> tuple[Final | None, str | None]:
        """What the cell finished with, or why that is not to be had."""
        if finish is None:
            return Final(value=plain(look.said[0])) if look is not None and look.said else None, None
        if (name := finish.variable) is None:
            return Final(value=plain(finish.value)), None
        if look is None:
            return None, None
        try:
            if not name.isidentifier() or iskeyword(name):
                raise NameError(f"FINAL_VAR({name!r}): this is not the name of a variable")
            value = await self._in_thread(partial(interpreter.value_of, name), _GRACE_S + _START_S)
            return Final(value=plain(value)), None
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
        """Keep the variables, unless they are so large that keeping them is a burden: then never again."""
        self._state = None
        if self._can_save:
            with contextlib.suppress(*interpreter.failures):
                self._state = await self._in_thread(interpreter.save, self._copying_s)
            self._can_save = self._state is not None and len(self._state) <= KEPT
        if not self._can_save:
            self._state = None

    async def _in_thread(self, work: Callable[[], _T], seconds: float) -> _T:
        """Do something in the interpreter's thread. When it does not come back in time, its process is killed.

        Raises:
            SandboxFailure: it did not come back.
        """
        doing = asyncio.get_running_loop().run_in_executor(self._thread, work)
        doing.add_done_callback(lambda done: None if done.cancelled() else done.exception())
        try:
            done, _ = await asyncio.wait({doing}, timeout=seconds)
        except asyncio.CancelledError:
            self._kill()
            raise
        if not done:
            self._kill()
            raise SandboxFailure(f"Monty did not come back within {seconds:.0f} s, and was killed")
        return await doing

    def _kill(self) -> None:
        if self._interpreter is not None:
            self._interpreter.kill()

    async def _drop(self) -> None:
        """End the interpreter; a second cancellation does not keep its process alive."""
        interpreter, self._interpreter = self._interpreter, None
        if interpreter is not None:
            closing = asyncio.get_running_loop().run_in_executor(self._thread, interpreter.close)
            await asyncio.shield(asyncio.wait({closing}, timeout=_GRACE_S))

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
    # A process is for one REPL only: nothing is left in it for the next.
    pool = pydantic_monty.Monty(min_processes=0, max_processes=_PROCESSES, max_checkouts_per_worker=1)
    return pool.__enter__()


def _joined(output: Captured) -> str:
    head, tail = output.take()
    if not tail:
        return head
    return f"{head}\n… [{output.length - len(head) - len(tail):,} characters left out] …\n{tail}"
