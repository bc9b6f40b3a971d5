"""Runs cells one after another in one namespace, as a Python session does, and reports what each printed,
raised, changed and finished with.

Protects from nothing by itself: what a cell may reach is decided by the process that this runs in.
"""

from __future__ import annotations

import builtins
import os
import sys
import time
import types
from _ast import Expr, Expression, Module, PyCF_ALLOW_TOP_LEVEL_AWAIT, PyCF_ONLY_AST
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any

from ..vocabulary import FINISHING, FORESEEN, TOOL
from . import interactive
from .awaitable import is_async, reply_of, with_awaitables
from .channel import CallRefused, Frame
from .context import Library
from .event_loop import CellLoop, needs_a_running_loop
from .finishing import content_of
from .functions import Finished, HostFunctions, finishing_functions
from .interrupts import CellInterrupted
from .output import Captured, CellStreams, OutputFlood, put_back
from .scout_process import ScoutLauncher
from .tools import functions_of
from .values import NotSent, awaited, describe, echo, is_awaited, plain

_NOT_OWN = frozenset({"answer", *FINISHING})  # names that the session sets up and a cell may replace
_SHOWN_NAMES = 40  # changed variables that are reported
_NAME_LENGTH = 100  # characters of a reported name
_BUILTINS = dict(vars(builtins))
_put_back_builtins = vars(builtins).update
_TRACEBACK = 4000  # characters of a traceback; more of its end is kept, which says most
_GUEST = __file__.rpartition(os.sep)[0].rpartition(os.sep)[0]
_CO_COROUTINE = 0x80  # inspect.CO_COROUTINE, without the 15 ms that importing inspect takes
_FAILED_TASKS = 5  # shown after a cell


class Session:
    """One namespace, and the cells that run in it.

    Args:
        library: the texts behind ``context``.
        shape: ``text`` if ``context`` is one text; else it is a list.
        functions: the names of the host functions that cells may call.
        tools: the shapes of the user's tools.
        call: calls a host function.
        call_many: calls a host function many times at once.
        head: characters kept from the beginning of a cell's output.
        tail: characters kept from its end.
        sign_of_life: called at most once a second while a cell prints.

    Attributes:
        output: what is captured of the running cell.
        streams: ``sys.stdout`` and ``sys.stderr`` of all cells.
        loop: the event loop of all cells.
        running: whether a cell runs, and may be interrupted.
    """

    def __init__(
        self,
        library: Library,
        *,
        shape: str,
        functions: list[str],
        tools: Sequence[Frame] = (),
        call: Callable[[str, Frame], Any],
        call_many: Callable[[str, list[Frame]], list[Any]],
        head: int,
        tail: int,
        sign_of_life: Callable[[], None] = lambda: None,
    ) -> None:
        self._module = types.ModuleType("__main__")
        self._names = self._module.__dict__
        self._answer: dict[str, Any] = {"content": None, "ready": False}
        self._rooms = head, tail
        self.output = Captured(head, tail, sign_of_life)
        self._echoed: Any = object()  # the value of ``_`` as long as no cell has set it
        self._sources: dict[str, str] = {}
        self.streams = CellStreams(self.output)
        self.loop = CellLoop()
        self.running = False
        self._is_async = False  # whether a cell was written in the asynchronous style
        context = library.context(shape)
        self._reserved: dict[str, Any] = {
            "context": context,
            "ask_tables": library.ask_tables,
            **HostFunctions(self._replying(call), self._replying(call_many), context).named(functions),
            **functions_of(tools, self._replying(call)),
            **finishing_functions(self._names, self._sources.values()),
            "SHOW_VARS": self._show_vars(),
        }
        self._restore()

    def _replying(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """``call``, whose values can be awaited once a cell has awaited."""

        def called(function: str, arguments: Any) -> Any:
            value = call(function, arguments)
            return reply_of(value) if self._is_async and (function == TOOL or function in FORESEEN) else value

        return called

    @property
    def names(self) -> dict[str, Any]:
        """The variables of the module that all cells share, by name."""
        return self._names

    def run(self, cell: str, ahead: ScoutLauncher | None = None) -> Frame:
        """Run one cell.

        Args:
            cell: its code.
            ahead: starts a scout when the cell reaches a statement where that may help.

        Returns:
            The result for the host: ``head`` and ``tail`` of the output and its length ``chars``; ``error``,
            a traceback or ``None``; ``final``, ``None`` or a map with the ``value`` that the cell finished
            with; ``names``, pairs of the name and a description of each variable that changed; ``wall_s``,
            seconds.
        """
        before = {name: id(value) for name, value in self._own_names()}
        main = sys.modules.get("__main__")
        sys.modules["__main__"] = self._module
        streams = self.streams.put()
        _put_back_builtins(interactive.NAMES)
        self.output.begin()
        started = time.perf_counter()
        try:
            error, final = self._outcome(cell, ahead)
        finally:
            put_back(streams)
            if main is not None:
                sys.modules["__main__"] = main
        self._restore()
        kept = self.streams.finish()
        changed = [(name, value) for name, value in self._own_names() if before.get(name) != id(value)]
        return {
            "head": kept.head,
            "tail": kept.tail,
            "chars": kept.length,
            "error": error,
            "final": final,
            "names": [[name[:_NAME_LENGTH], describe(value)] for name, value in changed[:_SHOWN_NAMES]],
            "wall_s": time.perf_counter() - started,
        }

    def _outcome(self, cell: str, ahead: ScoutLauncher | None) -> tuple[str | None, Frame | None]:
        """Run a cell; returns its error and the value that it finished with."""
        error: str | None = None
        finished: Finished | None = None
        was_stopped = False
        try:
            try:
                self.running = True
                self._execute(cell, ahead)
            finally:
                self.running = False
                _put_back_builtins(_BUILTINS)  # first: a cell may have deleted some that are used below
        except Finished as done:
            finished = done
        except SystemExit as leaving:
            error = f"SystemExit: {leaving.code!r} ended the cell; the REPL and its variables are kept"
        except BaseException as raised:  # noqa: BLE001 - whatever a cell raises is shown to the model
            finished = _finished_in(raised)
            was_stopped = isinstance(raised, CellInterrupted)
            error = None if finished is not None else self._traceback(raised)
        try:
            try:
                self.running = True
                return error, self._final(finished, flush=not was_stopped)
            finally:
                self.running = False
        except BaseException as raised:  # noqa: BLE001 - the value may be of a class that the cell defined
            _put_back_builtins(_BUILTINS)
            why = str(raised) if isinstance(raised, NotSent) else self._traceback(raised)
        return error or f"The value that the cell finished with cannot be sent: {why}", None

    def _final(self, finished: Finished | None, *, flush: bool) -> Frame | None:
        """The value that a cell has finished with, after what it left behind: output that is not written yet, and
        tasks that have failed.
        """
        if flush:
            self.streams.flush()
        if self.loop.is_made:
            self._show_failures()
            self.loop.rest()
        answer = self._answered() if finished is None else finished
        if answer is None:
            return None
        value = self.loop.run(awaited(answer.value)) if is_awaited(answer.value) else answer.value
        return {"value": plain(value)}

    def _show_failures(self) -> None:
        failures = self.loop.failures()
        for name, error in islice(failures, _FAILED_TASKS):
            self.output.write(
                f"The task {name}() failed, and nothing has awaited it:\n{self._traceback(error)}\n"
            )
        if more := sum(1 for _ in failures):
            self.output.write(f"{more:,} more tasks failed\n")

    def _execute(self, cell: str, ahead: ScoutLauncher | None) -> None:
        file = f"<cell {len(self._sources) + 1}>"
        self._sources[file] = cell
        flags = PyCF_ALLOW_TOP_LEVEL_AWAIT
        tree = compile(cell, file, "exec", flags | PyCF_ONLY_AST, dont_inherit=True)
        assert isinstance(tree, Module)
        if is_async(cell):
            self._is_async = True  # and stays so: later cells may call the functions of this one
            with_awaitables(tree)
        if ahead is not None:
            ahead.mark_start(tree, file, self._sources, self._names)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], Expr) else None
        codes = [compile(tree, file, "exec", flags, dont_inherit=True)]
        if isinstance(last, Expr):
            codes.append(compile(Expression(last.value), file, "eval", flags, dont_inherit=True))
        if self.loop.is_made or "asyncio" in cell:
            with suppress(Exception):  # such as no descriptors, and the cell may not need it
                self.loop.prepare()
        value = self._evaluate(codes)
        if last is not None and value is not None:
            self.output.write(echo(value, sum(self._rooms)) + "\n")
            if self._names.get("_", self._echoed) is self._echoed:  # else it is a variable of a cell
                self._names["_"] = self._echoed = value

    def _evaluate(self, codes: list[types.CodeType]) -> Any:
        """The value of the last of some pieces of code. If one of them awaits, all run in the event loop, as one
        task.
        """
        is_async = self.loop.is_made and needs_a_running_loop(*codes)
        for code in codes:
            is_async = is_async or code.co_flags & _CO_COROUTINE != 0
        if is_async:
            return self.loop.run(_in_order(codes, self._names))
        value = None
        for code in codes:
            value = eval(code, self._names)  # noqa: S307 - running model-written code is what this file is for
        return value

    def close(self) -> None:
        """Close the event loop. No cell runs any more."""
        self.loop.close()

    def start_early(self, ahead: ScoutLauncher) -> None:
        """Start a scout for the next cell, while it is being written."""
        ahead.start_early(f"<cell {len(self._sources) + 1}>", self._sources, self._names)

    def _restore(self) -> None:
        """Restore the names that a cell may have overwritten or deleted. A variable that a cell named
        ``answer`` stays.
        """
        self._names.update(self._reserved, __builtins__=builtins.__dict__)
        answer = self._names.setdefault("answer", self._answer)
        for each in (self._answer, answer):
            if type(each) is dict and "ready" in each:
                each["ready"] = False  # if the host does not accept the answer, the cell must set it again

    def _answered(self) -> Finished | None:
        """The answer, if the cell finished through the ``answer`` dict."""
        answer = self._names.get("answer", self._answer)
        if type(answer) is dict and answer.get("ready"):
            return Finished(content_of(answer))
        return None

    def _own_names(self) -> Iterator[tuple[str, Any]]:
        for name, value in list(self._names.items()):
            if not name.startswith("_") and name not in self._reserved and name not in _NOT_OWN:
                yield name, value

    def _show_vars(self) -> Callable[[], str]:
        def SHOW_VARS() -> str:  # noqa: N802 - the field's name
            """The variables of this REPL, each with a description of its value."""
            return (
                "\n".join(f"{name}: {describe(value)}" for name, value in self._own_names())
                or "(no variables yet)"
            )

        return SHOW_VARS

    def _traceback(self, error: BaseException) -> str:
        import linecache
        import traceback

        for file, source in self._sources.items():
            linecache.cache[file] = (len(source), None, f"{source}\n".splitlines(keepends=True), file)
        try:
            report = traceback.TracebackException.from_exception(error, compact=True)
            _forget_our_frames(report)
            text = "".join(report.format()).rstrip()
        except BaseException as again:  # noqa: BLE001 - an exception can break its own printing
            text = f"{type(error).__name__}: (its traceback cannot be printed: {type(again).__name__})"
        if len(text) > _TRACEBACK:
            text = f"{text[: _TRACEBACK // 4]}\n…\n{text[-3 * _TRACEBACK // 4 :]}"
        if isinstance(error, CellInterrupted | OutputFlood | CallRefused):
            text = text.replace(f"{type(error).__module__}.{type(error).__qualname__}", type(error).__name__)
        return text


async def _in_order(codes: list[types.CodeType], names: dict[str, Any]) -> Any:
    value = None
    for code in codes:
        value = eval(code, names)  # noqa: S307 - as above
        if code.co_flags & _CO_COROUTINE:
            value = await value
    return value


def _finished_in(error: BaseException) -> Finished | None:
    """What the tasks of a group finished the task with, if one of them has."""
    waiting = [error]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Finished):
            return each
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions
    return None


def _forget_our_frames(report: Any) -> None:
    """Remove the guest's own frames from a traceback, and from those of its causes."""
    seen = set()
    while report is not None and id(report) not in seen:
        seen.add(id(report))
        report.stack[:] = [frame for frame in report.stack if not frame.filename.startswith(_GUEST)]
        report = report.__cause__ or report.__context__
