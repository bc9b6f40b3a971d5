"""One Monty interpreter: it is started, runs a cell from call to call, is inspected, saved and killed.

Every method blocks and must run in the one thread of its REPL, except ``Interpreter.kill``. Handles
pydantic-monty. Does not depend on what answers the calls.
"""

from __future__ import annotations

import builtins
import contextlib
import os
import re
import signal
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from keyword import iskeyword
from typing import TYPE_CHECKING, Literal

from harlm.guest.vocabulary import INNER
from harlm.guest.worker.finishing import expression, is_quoted, name_in
from harlm.guest.worker.output import Captured, OutputFlood
from harlm.patterns import lazy_pattern
from harlm.protocols import ReplSetup
from harlm.sandbox.monty.functions import ALWAYS, as_text
from harlm.sandbox.monty.variables import ECHOED, HOLDING, LOOK, PRELUDE, Look, looked
from harlm.types import pieces, without_surrogates

if TYPE_CHECKING:
    import pydantic_monty as pm

KEPT = 16 << 20
"""Characters of context, or bytes of a saved state, above which nothing is saved before a cell."""

_APART = 1 << 18  # characters; a larger context is left out of a saved state, and sent again
_FRAME = 32 << 20  # characters sent at once: Monty takes 256 MiB
_SUSPENSIONS = 10**9  # calls are limited by time and by the host's budget
_TRACEBACK = 4000
_FINISHED = "the task is finished"
_LEAVING = ("exit", "quit")
_HELP = "help"  # prints all about a tool; Monty itself has none
_SIMPLE = (str, int, float, bool)  # values that are the same after they have left Monty and come back

_INPUT = lazy_pattern(r"<python-input-\d+>|\bmain\.py\b")
_MISSING = lazy_pattern(
    r"^(?:NotImplementedError|ModuleNotFoundError|ImportError): |not yet support|: module '\w+' has no attribute"
    rf"|^NameError: name '(?:{'|'.join(name for name in dir(builtins) if name.isidentifier())})' ",
    re.MULTILINE,
)
_HINT = (
    "(This REPL is Monty, a subset of Python: no inheritance, no generators (`yield`), no `del`, no files; only some of the standard "
    "library, such as re, json, math, collections, itertools, functools, datetime, random, csv, hashlib; llm_query and the like "
    "are called in loops and comprehensions, not by map() or sorted().)"
)


@dataclass(frozen=True)
class AskedCall:
    """A cell waits for the result of a call.

    Attributes:
        function: the name of the function.
        args, kwargs: its arguments.
    """

    function: str
    args: tuple[object, ...]
    kwargs: Mapping[str, object]


@dataclass(frozen=True)
class Ended:
    """A cell has ended.

    Attributes:
        error: the traceback, or why it was ended; ``None`` if it ended normally.
        why: the limit that ended it; ``None`` for none. After a limit the interpreter may be unusable.
    """

    error: str | None = None
    why: Literal["time", "memory", "flood", "size", "crash"] | None = None


class Dead(Exception):
    """The interpreter is unusable."""


class Interpreter:
    """One Monty process with the names of one REPL.

    Responsibilities: start and end it, run cells in it, keep their output, report the variables.

    Args:
        pool: gives the process.
        setup: of the REPL.
        memory_bytes: that the interpreter may use.
        seconds: that one cell may run, as the interpreter counts them.

    Attributes:
        failures: the exceptions that mean that Monty failed.
        output: of the last cell.
        finished: whether the last cell has finished the task.
    """

    def __init__(self, pool: pm.Monty, setup: ReplSetup, *, memory_bytes: int, seconds: float) -> None:
        import pydantic_monty

        self._pm = pydantic_monty
        self.failures = (pydantic_monty.MontyError, RuntimeError)
        self._setup = setup
        self._texts = [without_surrogates(document.text) for document in setup.context.documents]
        offered = (
            *ALWAYS,
            *(name for name in setup.functions if name not in INNER),
            *((_HELP, *(each.name for each in setup.tools)) if setup.tools else ()),
        )
        self._functions = {name: _stub(name) for name in offered}
        self._checkout = pool.checkout(
            limits={
                "max_memory": memory_bytes,
                "max_feed_duration_secs": seconds,
                "max_suspensions": _SUSPENSIONS,
            },
            os_policy={"random_start": {"seed": setup.seed}, "sleep": "zero"},
        )
        self._session: pm.MontySession | None = None
        self._waiting: pm.FunctionSnapshot | None = None
        self._process: int | None = None
        self.output = Captured(0, 0)
        self.finished = False
        self._flooded = False

    def open(self, state: bytes | None) -> Look:
        """Start the process with the context and, unless ``state`` is ``None``, the variables of a saved
        state.

        Raises:
            Dead: the interpreter is unusable.
        """
        self._session = session = self._checkout.__enter__()
        assert session is not None
        self._process = session.worker_pid
        if state is None:
            self._feed(PRELUDE)
        else:
            session.load_session(state)
        if state is None or self._is_apart:
            self._bind()
        return self.look()

    def save(self) -> bytes:
        """A saved state: the variables, and the context if it is small. A large one is sent again when the
        state is loaded.
        """
        assert self._session is not None
        if not self._is_apart:
            return self._session.dump()
        self._feed("context = _harlm_context = None")
        try:
            return self._session.dump()
        finally:
            self._bind()

    def start(self, cell: str, output: Captured) -> AskedCall | Ended:
        """Run a cell up to its first call, or its end."""
        assert self._session is not None
        session = self._session
        self.output, self.finished, self._flooded = output, False, False
        return self._until_asked(
            lambda: session.feed_start(cell, inputs=dict(self._functions), print_callback=self._print)
        )

    def answer(self, value: object) -> AskedCall | Ended:
        """Return ``value`` from the call that the cell waits for, and run on as ``start`` does."""
        return self._resume({"return_value": value})

    def refuse(self, error: Exception) -> AskedCall | Ended:
        """Raise ``error`` in the cell, and run on as ``start`` does. It arrives as a TypeError or a
        ValueError if it is one, else as a RuntimeError.
        """
        message = without_surrogates(str(error))
        if isinstance(error, TypeError):
            return self._resume({"exc_type": "TypeError", "message": message})
        kind: Literal["ValueError", "RuntimeError"] = (
            "ValueError" if isinstance(error, ValueError) else "RuntimeError"
        )
        return self._resume({"exc_type": kind, "message": message})

    def finish(self) -> AskedCall | Ended:
        """End a cell that has finished the task. ``except Exception`` does not stop this, and whatever the
        cell still prints or calls is ignored.
        """
        self.finished = True
        return self._resume({"exc_type": "KeyboardInterrupt", "message": _FINISHED})

    def meant(self, text: str, variables: Collection[str], cells: Sequence[str]) -> object:
        """What ``FINAL_VAR`` means by a text; see ``harlm.guest.worker.finishing``.

        Args:
            text: the text.
            variables: the names of the variables, as far as they are known.
            cells: the text of all cells.

        Raises:
            NameError: it is the name of a variable that does not exist.
        """
        wanted = name_in(text)
        if wanted in variables or (_is_a_name(wanted) and not hasattr(builtins, wanted)):
            with contextlib.suppress(NameError):
                return self._value_of(wanted)
        in_quotes = is_quoted(text, cells)
        if wanted.isidentifier() and in_quotes:
            if self._feed(HOLDING, _harlm_sent=text):
                return text
            raise NameError(f"FINAL_VAR({text!r}): there is no variable {wanted!r}; SHOW_VARS() lists them")
        if in_quotes and (code := expression(wanted, variables)) is not None:
            return self._feed(code)
        return text

    def _value_of(self, name: str) -> object:
        try:
            return self._feed(name)
        except self._pm.MontyError as error:
            if isinstance(error.exception(), NameError):
                raise NameError(name) from None
            raise

    def look(self) -> Look:
        """The variables. Also restores ``context``, in case the cell has assigned to it.

        Raises:
            Dead: the interpreter is unusable.
        """
        try:
            return looked(self._feed(LOOK), self._functions)
        except self._pm.MontyRuntimeError as error:
            if isinstance(error.exception(), MemoryError | TimeoutError):
                raise Dead(str(error)) from error
            return Look()  # a cell has replaced the inspecting function, so its variables are not listed
        except (self._pm.MontyError, RuntimeError) as error:
            raise Dead(str(error)) from error

    def kill(self) -> None:
        """Kill the process at once. The only method that other threads may call while another method runs."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(self._process, getattr(signal, "SIGKILL", signal.SIGTERM))

    def close(self) -> None:
        """End the process."""
        self._process = self._waiting = None
        if self._session is not None:
            self._session = None
            self._checkout.__exit__(None, None, None)

    @property
    def _is_apart(self) -> bool:
        return self._setup.context.characters > _APART

    def _bind(self) -> None:
        """Send the context, in pieces if it is large, and define ``context``."""
        batch: list[str] = []
        self._feed("_harlm_context = []")
        for text in self._texts:
            if len(text) > _FRAME:
                self._append(batch)
                self._feed("_harlm_parts = []")
                for piece in pieces(text, _FRAME):
                    self._feed("_harlm_parts.append(_harlm_sent)", _harlm_sent=piece)
                self._feed("_harlm_context.append(''.join(_harlm_parts)); _harlm_parts = None")
            else:
                batch.append(text)
                if sum(map(len, batch)) > _FRAME:
                    self._append(batch)
        self._append(batch)
        first = "_harlm_context = _harlm_context[0]; " if self._setup.context.shape == "text" else ""
        self._feed(f"{first}context = _harlm_context; _harlm_sent = None")

    def _append(self, batch: list[str]) -> None:
        if batch:
            self._feed("_harlm_context += _harlm_sent", _harlm_sent=batch)
            batch.clear()

    def _feed(self, code: str, **inputs: object) -> object:
        """Run code of HARLM's own, without output."""
        assert self._session is not None
        return self._session.feed_run(code, inputs=inputs, print_callback=lambda *_: None)

    def _resume(self, result: pm.ExternalResult) -> AskedCall | Ended:
        assert self._waiting is not None
        waiting, self._waiting = self._waiting, None
        return self._until_asked(lambda: waiting.resume(result))

    def _until_asked(self, begin: Callable[[], pm.SyncSnapshot]) -> AskedCall | Ended:
        """Run to the next call of a host function. Anything else that Monty asks for (files, modules, unknown
        names) does not exist here.
        """
        try:
            now = begin()
            while not isinstance(now, self._pm.MontyComplete):
                if isinstance(now, self._pm.NameLookupSnapshot):
                    now = now.resume()
                elif isinstance(now, self._pm.FunctionSnapshot) and self._is_leaving(now):
                    code = as_text(now.args[0]) if now.args else "None"
                    now = now.resume({"exc_type": "SystemExit", "message": code})
                elif not isinstance(now, self._pm.FunctionSnapshot) or not self._is_ours(now):
                    now = now.resume_auto()
                elif now.function_name == _HELP and not self.finished:
                    self._print("stdout", self._help(now.args))
                    now = now.resume({"return_value": None})
                elif self.finished:  # it caught the exception that ended it
                    now = now.resume({"exc_type": "KeyboardInterrupt", "message": _FINISHED})
                else:
                    self._waiting = now
                    return AskedCall(str(now.function_name), now.args, now.kwargs)
            self._echo(now.output)
            return Ended()
        except OutputFlood as flood:
            return Ended(str(flood), "flood")
        except (self._pm.MontyError, RuntimeError, ValueError, OverflowError) as error:
            return self._ended(error)

    def _is_ours(self, call: pm.FunctionSnapshot) -> bool:
        """Whether a call is for the host. A call of an undefined name looks the same except for the name."""
        return not call.is_os_function and call.object_id is None and call.function_name in self._functions

    def _help(self, asked: tuple[object, ...]) -> str:
        """What ``help`` prints for a tool, or for its name: a function arrives by its name."""
        known = {each.name: each.help for each in self._setup.tools}
        named = str(asked[0]) if asked else ""
        return f"{known.get(named) or 'help(name) describes ' + ', '.join(known)}\n"

    def _is_leaving(self, call: pm.FunctionSnapshot) -> bool:
        """Whether a call is one of those that end an interactive Python, which Monty does not have."""
        return not call.is_os_function and call.object_id is None and call.function_name in _LEAVING

    def _ended(self, error: Exception) -> Ended:
        if self._flooded:
            return Ended(str(error), "flood")
        if isinstance(error, self._pm.MontyCrashedError):
            return Ended(str(error), "time" if error.timed_out else "crash")
        if isinstance(error, self._pm.MontySyntaxError | self._pm.MontyRuntimeError):
            text, inner = error.display(), error.exception()
            if isinstance(inner, MemoryError) and "memory limit" in str(inner):
                return Ended(_traceback(text), "memory")
            if isinstance(inner, TimeoutError) and not error.traceback():
                return Ended(text, "time")
            if isinstance(inner, SystemExit) and not self.finished:
                return Ended(f"SystemExit: {inner} ended the cell; the REPL and its variables are kept")
            return Ended(None if self.finished else _traceback(text))
        return Ended(str(error), "size")

    def _print(self, stream: str, text: str) -> None:
        if self.finished or self._flooded:
            return
        try:
            self.output.write(text)
        except OutputFlood:
            self._flooded = True  # an exception raised here would take effect only after the cell has ended
            self.kill()

    def _echo(self, value: object) -> None:
        """Show the value of a last bare expression, as Python would."""
        if value is None or self.finished:
            return
        if isinstance(value, list | tuple | dict | set | frozenset) and len(value) > 1000:
            shown = f"{type(value).__name__} of {len(value):,}; print a slice of it"
        else:
            shown = as_text(value)
        self.output.write(f"{shown}\n")
        if type(value) in _SIMPLE and (not isinstance(value, str) or len(value) <= _APART):
            with contextlib.suppress(*self.failures):  # a cell has replaced what the code uses
                self._feed(ECHOED, _harlm_sent=value)


def _is_a_name(text: str) -> bool:
    return text.isidentifier() and not iskeyword(text)


def _stub(name: str) -> Callable[..., None]:
    """A function of this name for Monty, whose calls come back as ``AskedCall``."""

    def stub(*_: object, **__: object) -> None: ...

    stub.__name__ = stub.__qualname__ = name
    return stub


def _traceback(text: str) -> str:
    text = _INPUT.sub("<cell>", text)
    hint = f"\n{_HINT}" if _MISSING.search(text) else ""
    if len(text) > _TRACEBACK:
        text = f"{text[: _TRACEBACK // 4]}\n…\n{text[-3 * _TRACEBACK // 4 :]}"
    return text + hint
