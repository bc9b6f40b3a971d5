"""The REPL in which the baselines' models run code: HARLM's own sandbox, one cell at a time and nothing ahead of it.

The code can ask the sub-model if it is allowed to. Nothing here knows prompts.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from harlm.config import SandboxSettings
from harlm.errors import CodeError
from harlm.protocols import Repl, ReplSetup
from harlm.sandbox.tiers import ChosenSandbox
from harlm.types import Context, Observation
from harlm_bench.systems.attempt import Effort, EndpointFailed, LimitReached, PromptTooLong
from harlm_bench.systems.chat import Chat
from harlm_bench.systems.wording import reply_tokens

_MEMORY_MB = 2_048
_CELL_S = 120.0
_SHOWN = 10_000  # characters of an output, head and tail


class Cells:
    """A REPL of one question. Use as a context manager; runs one cell after another.

    Args:
        context: what ``context`` is in the cells.
        chat: asks the sub-model for ``llm_query``.
        effort: takes the CPU of the interpreter.
        may_ask: whether the cells have ``llm_query``.
    """

    def __init__(self, context: Context, chat: Chat, effort: Effort, *, may_ask: bool) -> None:
        self._setup = ReplSetup(context=context, functions=("llm_query",) if may_ask else ())
        self._host = _Host(chat)
        self._chat = chat
        self._effort = effort
        seconds = min(_CELL_S, max(1.0, chat.limits.wall_s))
        self._settings = SandboxSettings(memory_mb=_MEMORY_MB, cell_seconds=seconds, cpu_seconds=seconds)
        self._runner = asyncio.Runner()
        self._sandbox: ChosenSandbox | None = None
        self._repl: Repl | None = None

    def __enter__(self) -> Self:
        self._runner.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._runner.run(self._close())
        finally:
            self._runner.__exit__(kind, error, trace)

    def run(self, code: str) -> Observation:
        """Run one cell.

        Raises:
            LimitReached: the time is up, or a sub-call reached a limit of the question.
            EndpointFailed: a sub-call found no endpoint.
            SandboxFailure: there is no sandbox on this machine, or it broke.
        """
        observed = self._runner.run(self._run(code))
        if self._host.failure is not None:
            raise self._host.failure
        return observed

    async def _run(self, code: str) -> Observation:
        try:
            async with asyncio.timeout(max(self._chat.left_s, 0)):
                return await (await self._opened()).run(code)
        except TimeoutError as error:
            raise LimitReached(f"{self._chat.limits.wall_s:g} s are up; a cell was running") from error

    async def _opened(self) -> Repl:
        if self._repl is None:
            self._sandbox = ChosenSandbox(self._settings)
            self._repl = await self._sandbox.open(self._setup, self._host)
            self._effort.notes["sandbox"] = self._sandbox.tier
        return self._repl

    async def _close(self) -> None:
        if self._repl is not None and self._chat.left_s > 0:
            with contextlib.suppress(Exception):
                used = await self._repl.run("import time\nprint(time.process_time())")
                self._effort.cpu_s += float(used.output)
        if self._sandbox is not None:
            await self._sandbox.close()


class _Host:
    """Serves the cells' calls, one at a time: what the paper's REPL does.

    Attributes:
        failure: what ended the question, if a call did.
    """

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._one = asyncio.Lock()
        self.failure: EndpointFailed | LimitReached | None = None

    async def call(self, function: str, arguments: Mapping[str, object]) -> object:
        """See ``harlm.protocols.ReplHost``."""
        if function != "llm_query":
            raise CodeError(f"there is no {function} here; use Python")
        async with self._one:
            return await asyncio.to_thread(self._asked, str(arguments.get("prompt", "")))

    def _asked(self, prompt: str) -> str:
        try:
            return self._chat.ask_many([prompt], max_tokens=reply_tokens(self._chat.model.window))[0].text
        except PromptTooLong as refused:
            raise CodeError(str(refused)) from refused
        except (EndpointFailed, LimitReached) as failed:
            self.failure = failed
            raise CodeError(str(failed)) from failed


def shown(observed: Observation) -> str:
    """What a model sees of a cell: its output, cut in the middle, and its error."""
    output = observed.output
    if len(output) > _SHOWN:
        half = _SHOWN // 2
        output = f"{output[:half]}\n[… {len(output) - _SHOWN:,} characters left out …]\n{output[-half:]}"
    parts = [part for part in (output.rstrip(), (observed.error or "").rstrip()) if part]
    return "\n".join(parts) or "(no output)"
