"""A REPL without a process: cells run in a thread of the test itself. It protects from nothing, and knows only what the
contract of ``Repl`` asks for; use it for cells that the test wrote.
"""

from __future__ import annotations

import asyncio
import builtins
import copy
import time
import traceback
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import CancelledError, Future
from dataclasses import asdict
from typing import Any

from harlm.cleanup import finished
from harlm.context.tables import ask_tables
from harlm.errors import CodeError
from harlm.guest.arguments import child_context
from harlm.guest.worker.memory import CellMemory
from harlm.guest.worker.tools import functions_of
from harlm.protocols import EarlyScout, Foresight, ReplHost, ReplSetup
from harlm.types import Final, Observation

_ENDS_S = 1.0  # in which a cell ends whose calls are cancelled
_CANCELLED = "the cell that made this call was cancelled"


class _CellCancelled(RuntimeError):
    pass


class _Finished(BaseException):
    def __init__(self, value: object) -> None:
        super().__init__("finished")
        self.value = value


class FakeSandbox:
    """Opens REPLs that are threads. See the module for what it is not."""

    tier = "fake"

    async def open(self, setup: ReplSetup, host: ReplHost) -> _FakeRepl:
        """A REPL with the context as plain ``str`` or ``list`` of ``str``."""
        return _FakeRepl(setup, host)

    async def close(self) -> None:
        """See ``harlm.protocols.Sandbox``."""


class _FakeRepl:
    def __init__(self, setup: ReplSetup, host: ReplHost) -> None:
        self._setup = setup
        self._host = host
        self._printed: list[str] = []
        texts = [document.text for document in setup.context.documents]
        self._reserved: dict[str, Any] = {
            "__builtins__": {**vars(builtins), "print": self._print},
            "context": texts[0] if setup.context.shape == "text" else texts,
            "ask_tables": lambda question: ask_tables(question, setup.context.documents),
            "FINAL": self._finish,
            "SUBMIT": self._finish,
            "FINAL_VAR": lambda name: self._finish(self._names[name]),
            "SHOW_VARS": lambda: "\n".join(self._own()),
        }
        for function in setup.functions:
            self._reserved[function] = self._function(function)
        self._reserved |= functions_of(list(map(asdict, setup.tools)), self._ask)
        if any(function.startswith("memory_") for function in setup.functions):
            self._reserved["memory"] = CellMemory(self._ask)
        self._names: dict[str, Any] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._failure: Exception | None = None
        self._open: set[Future[Any]] = set()  # the calls of the cell that runs
        self._is_cancelled = False

    async def run(self, cell: str, *, ahead: Foresight | None = None) -> Observation:
        """See ``harlm.protocols.Repl``."""
        self._loop = asyncio.get_running_loop()
        self._names |= {**self._reserved, "answer": {"content": None, "ready": False}}
        before = self._own()
        self._printed.clear()
        started = time.monotonic()
        self._is_cancelled = False
        executing = asyncio.ensure_future(asyncio.to_thread(self._execute, cell))
        try:
            final, error = await asyncio.shield(executing)
        except asyncio.CancelledError:
            self._is_cancelled = True
            waits_for = tuple(self._open)
            for call in waits_for:
                call.cancel()
            if waits_for:  # a cell that computes cannot be ended: it is left alone
                await finished(asyncio.wait([executing], timeout=_ENDS_S))
            executing.cancel()
            raise
        if self._failure is not None:
            raise self._failure
        output = "".join(self._printed)
        return Observation(
            output=output,
            output_chars=len(output),
            error=error,
            final=final,
            names=tuple((name, kind) for name, kind in self._own().items() if name not in before),
            wall_s=time.monotonic() - started,
        )

    async def scout(self, foresight: Foresight) -> EarlyScout | None:
        """There are none here."""
        return None

    async def fork(self, host: ReplHost, *, read_only: bool = False) -> _FakeRepl:
        """A REPL with deep copies of the variables. Files are not kept apart."""
        branch = _FakeRepl(self._setup, host)
        branch._names = {name: copy.deepcopy(self._names[name]) for name in self._own()}
        return branch

    async def twin(self, host: ReplHost) -> _FakeRepl | None:
        """A fork. ``random`` is that of the test, and is shared."""
        return await self.fork(host)

    async def close(self) -> None:
        """See ``harlm.protocols.Repl``."""

    def _execute(self, cell: str) -> tuple[Final | None, str | None]:
        try:
            exec(compile(cell, "<cell>", "exec"), self._names)  # noqa: S102 - a fake runs cells that the test wrote
        except _Finished as done:
            return Final(value=done.value), None
        except BaseException:  # noqa: BLE001 - whatever a cell raises is its observation
            return None, traceback.format_exc()
        answer = self._names["answer"]
        return (Final(value=answer["content"]) if answer["ready"] else None), None

    def _own(self) -> dict[str, str]:
        hidden = {*self._reserved, "answer"}
        return {name: type(value).__name__ for name, value in self._names.items() if name not in hidden}

    def _print(self, *values: object, sep: str = " ", end: str = "\n", **_: object) -> None:
        self._printed.append(sep.join(map(str, values)) + end)

    @staticmethod
    def _finish(value: object) -> None:
        raise _Finished(value)

    def _ask(self, function: str, arguments: Mapping[str, object]) -> Any:
        return self._result(lambda: self._host.call(function, arguments))

    def _result(self, work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """The result of ``work``, which the event loop does. Called in the thread of a cell."""
        assert self._loop is not None
        self._refuse_if_cancelled()
        waiting = asyncio.run_coroutine_threadsafe(work(), self._loop)
        self._open.add(waiting)
        try:
            self._refuse_if_cancelled()
            return waiting.result()
        except (CancelledError, _CellCancelled):
            raise RuntimeError(_CANCELLED) from None
        except CodeError as error:
            raise RuntimeError(str(error)) from None
        except Exception as error:  # a fault of the host ends the run, whatever the cell does with it
            self._failure = error
            raise
        finally:
            self._open.discard(waiting)
            waiting.cancel()

    def _refuse_if_cancelled(self) -> None:
        if self._is_cancelled:
            raise _CellCancelled(_CANCELLED)

    def _function(self, name: str) -> Any:
        def ask(arguments: Mapping[str, object]) -> Any:
            return self._ask(name.removesuffix("_batched"), arguments)

        def single(prompt: str, context: object = None, model: str | None = None) -> Any:
            given = {"prompt": prompt, "model": model}
            return ask({**given, "context": _sent(context)} if name.startswith("rlm") else given)

        def batched(prompts: list[str], model: str | None = None) -> list[Any]:
            base = name.removesuffix("_batched")
            return list(self._result(lambda: _together(self._host, base, prompts, model)))

        if name == "budget":
            return lambda: ask({})
        return batched if name.endswith("_batched") else single


async def _together(host: ReplHost, function: str, prompts: list[str], model: str | None) -> list[Any]:
    calls = [host.call(function, {"prompt": prompt, "model": model}) for prompt in prompts]
    return await asyncio.gather(*calls)


def _sent(context: object) -> object:
    if context is None:
        return None
    if isinstance(context, str):
        return child_context("text", [(context, None)])
    return child_context("documents", [(text, None) for text in context])  # type: ignore[attr-defined] # a list of str
