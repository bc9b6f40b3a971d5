"""One interpreter of Monty, as something that is started, steps from call to call, is looked at, saved and killed. Everything here
blocks, and belongs into the one thread of its REPL. Knows pydantic-monty; refuses to know who answers calls.
"""

from __future__ import annotations

import builtins
import contextlib
import os
import re
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from harlm.guest.worker.output import Captured, OutputFlood
from harlm.protocols import ReplSetup
from harlm.sandbox.monty.functions import ALWAYS, as_text
from harlm.sandbox.monty.variables import LOOK, PRELUDE, Look, looked
from harlm.types import pieces, without_surrogates

if TYPE_CHECKING:
    import pydantic_monty as pm

KEPT = (
    16 << 20
)  # characters of context, or bytes of a saved state, beyond which nothing is saved before a cell
_APART = 1 << 18  # characters of context from which on it is left out of a saved state, and sent again
_FRAME = 32 << 20  # characters sent at once: Monty takes 256 MiB
_SUSPENSIONS = 10**9  # calls are bounded by time and by the host's budget
_TRACEBACK = 4000
_FINISHED = "the task is finished"

_INPUT = re.compile(r"<python-input-\d+>|\bmain\.py\b")
_MISSING = re.compile(
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
class Asked:
    """A cell waits for a call."""

    function: str
    args: tuple[object, ...]
    kwargs: Mapping[str, object]


@dataclass(frozen=True)
class Ended:
    """A cell ended. ``why``: what ended it, if that was a limit, so that its interpreter may be beyond use."""

    error: str | None = None
    why: Literal["time", "memory", "flood", "size", "crash"] | None = None


class Dead(Exception):
    """The interpreter is of no more use."""


class Interpreter:
    """One Monty process with the names of one REPL.

    Responsibilities: start and end it, keep what it prints, tell how it stands with its variables.
    """

    def __init__(self, pool: pm.Monty, setup: ReplSetup, *, memory_bytes: int, seconds: float) -> None:
        import pydantic_monty

        self._pm = pydantic_monty
        self.failures = (pydantic_monty.MontyError, RuntimeError)
        self._setup = setup
        self._texts = [without_surrogates(document.text) for document in setup.context.documents]
        self._functions = {name: _stub(name) for name in (*ALWAYS, *setup.functions)}
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
        """Start the process, with the context and, if given, with the variables of a saved state."""
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
        """The variables, and a small context; a large one is sent again, which costs the same and keeps the state small."""
        assert self._session is not None
        if not self._is_apart:
            return self._session.dump()
        self._feed("context = _harlm_context = None")
        try:
            return self._session.dump()
        finally:
            self._bind()

    def start(self, cell: str, output: Captured) -> Asked | Ended:
        """Run a cell up to its first call, or its end."""
        assert self._session is not None
        session = self._session
        self.output, self.finished, self._flooded = output, False, False
        return self._until_asked(
            lambda: session.feed_start(cell, inputs=dict(self._functions), print_callback=self._print)
        )

    def answer(self, value: object) -> Asked | Ended:
        """Return from the call that the cell waits for."""
        return self._resume({"return_value": value})

    def refuse(self, error: Exception) -> Asked | Ended:
        """Raise in the cell: a TypeError or a ValueError as such, all else as a RuntimeError."""
        message = without_surrogates(str(error))
        if isinstance(error, TypeError):
            return self._resume({"exc_type": "TypeError", "message": message})
        kind: Literal["ValueError", "RuntimeError"] = (
            "ValueError" if isinstance(error, ValueError) else "RuntimeError"
        )
        return self._resume({"exc_type": kind, "message": message})

    def finish(self) -> Asked | Ended:
        """End the cell: no ``except Exception`` holds this, and nothing that it prints or asks from now on counts."""
        self.finished = True
        return self._resume({"exc_type": "KeyboardInterrupt", "message": _FINISHED})

    def value_of(self, name: str) -> object:
        """The value of a variable.

        Raises:
            NameError: there is none.
        """
        try:
            return self._feed(name)
        except self._pm.MontyError as error:
            if isinstance(error.exception(), NameError):
                raise NameError(
                    f"FINAL_VAR({name!r}): there is no variable {name!r}; SHOW_VARS() lists them"
                ) from None
            raise

    def look(self) -> Look:
        """How it stands with the variables. Also puts back ``context``, and finds out whether the interpreter can go on.

        Raises:
            Dead: it cannot.
        """
        try:
            return looked(self._feed(LOOK))
        except self._pm.MontyRuntimeError as error:
            if isinstance(error.exception(), MemoryError | TimeoutError):
                raise Dead(str(error)) from error
            return Look()  # a cell put something else in the place of what looks; that is its own loss
        except (self._pm.MontyError, RuntimeError) as error:
            raise Dead(str(error)) from error

    def kill(self) -> None:
        """End the process at once. The only method for other threads, while one of the others is under way."""
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
        """Send the context, in parts if it is large."""
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
        """Run code of ours, in silence."""
        assert self._session is not None
        return self._session.feed_run(code, inputs=inputs, print_callback=lambda *_: None)

    def _resume(self, result: pm.ExternalResult) -> Asked | Ended:
        assert self._waiting is not None
        waiting, self._waiting = self._waiting, None
        return self._until_asked(lambda: waiting.resume(result))

    def _until_asked(self, begin: Callable[[], pm.SyncSnapshot]) -> Asked | Ended:
        """Run to the next call of ours; what else Monty asks for (files, modules, unknown names) does not exist here."""
        try:
            now = begin()
            while not isinstance(now, self._pm.MontyComplete):
                if isinstance(now, self._pm.NameLookupSnapshot):
                    now = now.resume()
                elif not isinstance(now, self._pm.FunctionSnapshot) or not self._is_ours(now):
                    now = now.resume_auto()
                elif self.finished:  # it caught what ended it
                    now = now.resume({"exc_type": "KeyboardInterrupt", "message": _FINISHED})
                else:
                    self._waiting = now
                    return Asked(str(now.function_name), now.args, now.kwargs)
            self._echo(now.output)
            return Ended()
        except OutputFlood as flood:
            return Ended(str(flood), "flood")
        except (self._pm.MontyError, RuntimeError, ValueError, OverflowError) as error:
            return self._ended(error)

    def _is_ours(self, call: pm.FunctionSnapshot) -> bool:
        """Whether a call is for the host; one of a name that nobody defined looks the same."""
        return not call.is_os_function and call.object_id is None and call.function_name in self._functions

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
            return Ended(None if self.finished else _traceback(text))
        return Ended(str(error), "size")

    def _print(self, stream: str, text: str) -> None:
        if self.finished or self._flooded:
            return
        try:
            self.output.write(text)
        except OutputFlood:
            self._flooded = True  # an exception from here would be raised after the cell, whenever that ends
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


def _stub(name: str) -> Callable[..., None]:
    """Something that has a name, for Monty to make a function of; its calls come back as ``Asked``."""

    def stub(*_: object, **__: object) -> None: ...

    stub.__name__ = stub.__qualname__ = name
    return stub


def _traceback(text: str) -> str:
    text = _INPUT.sub("<cell>", text)
    hint = f"\n{_HINT}" if _MISSING.search(text) else ""
    if len(text) > _TRACEBACK:
        text = f"{text[: _TRACEBACK // 4]}\n…\n{text[-3 * _TRACEBACK // 4 :]}"
    return text + hint
