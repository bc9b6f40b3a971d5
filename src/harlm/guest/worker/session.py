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
from collections.abc import Callable, Iterator
from typing import Any

from ..vocabulary import FINISHING
from .channel import CallRefused, Frame
from .context import Document, Documents, Library
from .functions import Finished, HostFunctions, finishing_functions
from .interrupts import CellInterrupted
from .output import Captured, OutputFlood
from .scout_process import ScoutLauncher

_NOT_OWN = frozenset({"answer", *FINISHING})  # names that the session sets up and a cell may replace
_SHOWN_NAMES = 40  # changed variables that are reported
_NAME_LENGTH = 100  # characters of a reported name
_BUILTINS = dict(vars(builtins))
_put_back_builtins = vars(builtins).update
_SHORT = 60  # characters of a value in a description
_TRACEBACK = 4000  # characters of a traceback; more of its end is kept, which says most
_GUEST = __file__.rpartition(os.sep)[0].rpartition(os.sep)[0]
_PLAIN_DEPTH = 12  # levels of containers that are sent; deeper ones are sent as text
_CO_COROUTINE = 0x80  # inspect.CO_COROUTINE, without the 15 ms that importing inspect takes


class Session:
    """One namespace, and the cells that run in it.

    Args:
        library: the texts behind ``context``.
        shape: ``text`` if ``context`` is one text; else it is a list.
        functions: the names of the host functions that cells may call.
        call: calls a host function.
        call_many: calls a host function many times at once.
        head: characters kept from the beginning of a cell's output.
        tail: characters kept from its end.
        sign_of_life: called at most once a second while a cell prints.

    Attributes:
        running: whether a cell runs, and may be interrupted.
    """

    def __init__(
        self,
        library: Library,
        *,
        shape: str,
        functions: list[str],
        call: Callable[[str, Frame], Any],
        call_many: Callable[[str, list[Frame]], list[Any]],
        head: int,
        tail: int,
        sign_of_life: Callable[[], None] = lambda: None,
    ) -> None:
        self._module = types.ModuleType("__main__")
        self._names = self._module.__dict__
        self._answer: dict[str, Any] = {"content": None, "ready": False}
        self._head, self._tail = head, tail
        self._sign_of_life = sign_of_life
        self._sources: dict[str, str] = {}
        self.running = False
        self._reserved: dict[str, Any] = {
            "context": library.context(shape),
            **HostFunctions(call, call_many).named(functions),
            **finishing_functions(self._names),
            "SHOW_VARS": self._show_vars(),
        }
        self._restore()

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
        output = Captured(self._head, self._tail, self._sign_of_life)
        before = {name: id(value) for name, value in self._own_names()}
        files = sys.stdout, sys.stderr, sys.modules.get("__main__")
        sys.modules["__main__"] = self._module
        sys.stdout = sys.stderr = output
        started = time.perf_counter()
        finished: Finished | None = None
        error = None
        try:
            self.running = True
            try:
                self._execute(cell, output, ahead)
            finally:
                _put_back_builtins(_BUILTINS)  # first: a cell may have deleted some that are used below
        except Finished as done:
            finished = done
        except SystemExit as leaving:
            error = f"SystemExit: {leaving.code!r} ended the cell; the REPL and its variables are kept"
        except BaseException as raised:  # noqa: BLE001 - whatever a cell raises is shown to the model
            self.running = False
            error = self._traceback(raised)
        finally:
            self.running = False
            sys.stdout, sys.stderr = files[0], files[1]
            if files[2] is not None:
                sys.modules["__main__"] = files[2]
        final = None
        try:
            finished = finished or self._answered()
            final = None if finished is None else {"value": plain(finished.value)}
        except BaseException as raised:  # noqa: BLE001 - the value may be of a class that the cell defined
            error = (
                error or f"The value that the cell finished with cannot be sent: {self._traceback(raised)}"
            )
        self._restore()
        head, tail = output.take()
        changed = [(name, value) for name, value in self._own_names() if before.get(name) != id(value)]
        return {
            "head": head,
            "tail": tail,
            "chars": output.length,
            "error": error,
            "final": final,
            "names": [[name[:_NAME_LENGTH], describe(value)] for name, value in changed[:_SHOWN_NAMES]],
            "wall_s": time.perf_counter() - started,
        }

    def _execute(self, cell: str, output: Captured, ahead: ScoutLauncher | None) -> None:
        file = f"<cell {len(self._sources) + 1}>"
        self._sources[file] = cell
        flags = PyCF_ALLOW_TOP_LEVEL_AWAIT
        tree = compile(cell, file, "exec", flags | PyCF_ONLY_AST, dont_inherit=True)
        assert isinstance(tree, Module)
        if ahead is not None:
            ahead.mark_start(tree, file, self._sources, self._names)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], Expr) else None
        self._evaluate(compile(tree, file, "exec", flags, dont_inherit=True))
        if isinstance(last, Expr):
            value = self._evaluate(compile(Expression(last.value), file, "eval", flags, dont_inherit=True))
            if value is not None:
                output.write(_echo(value, self._head + self._tail) + "\n")

    def start_early(self, ahead: ScoutLauncher) -> None:
        """Start a scout for the next cell, while it is being written."""
        ahead.start_early(f"<cell {len(self._sources) + 1}>", self._sources, self._names)

    def _evaluate(self, code: types.CodeType) -> Any:
        if code.co_flags & _CO_COROUTINE:
            import asyncio

            return asyncio.run(_awaited(code, self._names))
        return eval(code, self._names)  # noqa: S307 - running model-written code is what this file is for

    def _restore(self) -> None:
        """Restore the names that a cell may have overwritten or deleted. A variable that a cell named
        ``answer`` stays.
        """
        self._names.update(self._reserved, __builtins__=builtins.__dict__)
        self._names.setdefault("answer", self._answer)
        self._answer["ready"] = False  # if the host does not accept the answer, the cell must set it again

    def _answered(self) -> Finished | None:
        """The answer, if the cell finished through the ``answer`` dict."""
        answer = self._names.get("answer", self._answer)
        if type(answer) is dict and answer.get("ready"):
            return Finished(answer.get("content"))
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


async def _awaited(code: types.CodeType, names: dict[str, Any]) -> Any:
    return await eval(code, names)  # noqa: S307 - as above


def _forget_our_frames(report: Any) -> None:
    """Remove the guest's own frames from a traceback, and from those of its causes."""
    seen = set()
    while report is not None and id(report) not in seen:
        seen.add(id(report))
        report.stack[:] = [frame for frame in report.stack if not frame.filename.startswith(_GUEST)]
        report = report.__cause__ or report.__context__


def _echo(value: Any, limit: int) -> str:
    """What Python shows for a bare expression. A long text is cut before it is copied."""
    if isinstance(value, str):
        return str(value[: limit + 1])
    if type(value) in (list, tuple, dict, set) and len(value) > 1000:
        return f"{describe(value)}; print a slice of it"
    return repr(value)


def _type_name(kind: type) -> str:
    """The name of a type, whatever its metaclass says."""
    return str(type.__dict__["__name__"].__get__(kind))[:_NAME_LENGTH]


def describe(value: Any) -> str:
    """A short description of a value, such as ``list of 12``; runs no code of the value's class."""
    kind = type(value)
    name = _type_name(kind)
    if kind is int and value.bit_length() > 3 * _SHORT:
        return f"int of {value.bit_length():,} bits"
    if kind in (int, float, bool, type(None)):
        return f"{name} {value!r}"
    if kind in (str, Document):
        text = str(value[:_SHORT])
        return f"str {text!r}" if len(value) <= _SHORT else f"str of {str.__len__(value):,} characters"
    if kind in (list, tuple, dict, set, frozenset, bytes, Documents):
        return f"{'list' if kind is Documents else kind.__name__} of {len(value):,}"
    if isinstance(value, list):
        return f"{name} of {list.__len__(value):,}"
    if isinstance(value, dict):
        return f"{name} of {dict.__len__(value):,}"
    return name


def _digits(value: int) -> str:
    """A huge integer in decimal, or in hexadecimal beyond what Python converts (4,300 digits)."""
    try:
        return str(int(value))
    except ValueError:
        return hex(value)


def plain(value: Any, depth: int = 0) -> Any:
    """A value that a frame can hold. What is not text, a number or a container becomes its text, as does what
    is nested too deep.
    """
    if value is None or isinstance(value, bool | float):
        return value if value is None or isinstance(value, bool) else float(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value) if -(1 << 63) <= value < 1 << 63 else _digits(value)
    if depth < _PLAIN_DEPTH:
        if isinstance(value, dict):
            return {str(key): plain(item, depth + 1) for key, item in value.items()}
        if isinstance(value, set | frozenset):
            return [plain(item, depth + 1) for item in sorted(value, key=repr)]
        if isinstance(value, list | tuple):
            return [plain(item, depth + 1) for item in value]
    return str(value)
