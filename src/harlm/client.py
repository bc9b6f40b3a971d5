"""``HARLM``: the Python interface. Holds settings, but no state of a run, so one object can serve many
runs at once.
"""

from __future__ import annotations

import asyncio
import os
import queue
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from harlm import config, events
from harlm.checks import check_kind, check_models, checked_approve, checked_mode, checked_question, request_in
from harlm.cleanup import finished
from harlm.engine.approval import Approve
from harlm.errors import ConfigError
from harlm.events import Event
from harlm.home import runs_of, user_config_file
from harlm.interruption import Interruption
from harlm.loading import LoadingClock, load, load_async
from harlm.models.choosing import ModelChoice
from harlm.protocols import TraceSink
from harlm.resuming import config_of, context_of, origin_of, resumption_of
from harlm.running import Parts, answered, with_type
from harlm.synchronous import InThread, run_here
from harlm.tools import FunctionTool
from harlm.tools.mcp import McpServer
from harlm.tools.toolset import toolset_of
from harlm.tracing.jsonl import find_run
from harlm.tracing.request import Origin
from harlm.typed import schema_of
from harlm.types import (
    Answer,
    Budget,
    Mode,
    Price,
    Strategy,
    Task,
)

if TYPE_CHECKING:
    from harlm.budget.estimate import RunEstimate
    from harlm.explaining import Explanation
    from harlm.replaying import Replay


class HARLM:
    """Asks questions over any amount of text.

    >>> harlm = HARLM(model="openai/gpt-5", sub_model="openai/gpt-5-mini")
    >>> harlm.ask("Which services still use TLS 1.1?", Path("./docs")).text

    Settings that are not passed come from the environment and the user's file, narrowed by the project file of
    the current folder, as on the command line. What a project file has set is the first note of each run.

    Args:
        model: the root model: a name such as ``openai/gpt-5`` or ``openai/name@http://127.0.0.1:8000/v1``, a
            callable, or a ``LanguageModel``.
        sub_model: the model that model-written code calls; by default the root model.
        mode: the mode of every question; ``auto`` lets the router choose.
        strategy: the strategy of every question, without a root model (mode *plan*).
        max_depth: the greatest depth of a node with its own REPL.
        max_turns: the most turns of a REPL; the last one must give an answer.
        concurrency: the most model requests in flight at once.
        speculation: which calls are made before model-written code makes them
            (``harlm.config.EngineSettings``).
        branches: the most strategies, or first replies of the root model, side by side, each if it is worth its cost.
        value_per_second: dollars that each second is worth by which the answer comes earlier.
        sandbox: the isolation tier of model-written code; ``auto`` uses the strongest that works on this
            machine.
        cache: whether the replies of earlier runs are reused instead of new calls.
        home: the folder of runs, indexes and memory.
        api_key: the key for the models of this object, instead of the one in the environment.
        window: the context window of the models in tokens, if the built-in figure is wrong.
        offline: refuse every model that needs a network.
        seed: for models that accept a seed, and for ``random`` in the REPL.
        budget: the limits of each run; a run that reaches one raises ``LimitExceeded`` with the partial
            answer.
        prices: prices by full model name, above those that HARLM ships with.
        tools: functions that model-written code may call: plain ones, or made with ``harlm.tool``. They run in this process.
        mcp: MCP servers whose tools model-written code may call: addresses, commands, or dicts (``harlm.tools.mcp.McpServer``).
        approve: is given each cell (a ``PendingCell``) before it runs, and refuses it by returning false. Nothing then runs early.
        settings: a complete config that replaces the environment and the files; the other arguments override
            it.

    Raises:
        ConfigError: a setting cannot be used.
    """

    def __init__(
        self,
        model: ModelChoice | None = None,
        *,
        sub_model: ModelChoice | None = None,
        mode: Mode | Literal["auto"] | None = None,
        strategy: Strategy | None = None,
        max_depth: int | None = None,
        max_turns: int | None = None,
        concurrency: int | None = None,
        speculation: config.Speculation | None = None,
        branches: int | None = None,
        value_per_second: float | None = None,
        sandbox: config.Tier | None = None,
        cache: bool | None = None,
        home: str | Path | None = None,
        api_key: str | None = None,
        window: int | None = None,
        offline: bool | None = None,
        seed: int | None = None,
        budget: Budget | None = None,
        prices: Mapping[str, Price] | None = None,
        tools: Sequence[Callable[..., object] | FunctionTool] = (),
        mcp: Sequence[str | Mapping[str, object] | McpServer] = (),
        approve: Approve | None = None,
        settings: config.Config | None = None,
    ) -> None:
        check_kind("budget", budget, Budget, "Budget, such as Budget(usd=0.5)")
        check_kind("home", home, (str, Path), "str or Path")
        check_kind("prices", prices, Mapping, "dict of Price by full model name")
        check_kind("settings", settings, config.Config, "harlm.config.Config")
        check_models(model=model, sub_model=sub_model)
        self._tools, self._prices, limits = toolset_of(tools, mcp), prices, budget or Budget()
        self._approve = checked_approve(approve)
        named = {"models.root": model, "models.sub": sub_model}
        flags: dict[str, object] = {
            **{name: choice for name, choice in named.items() if isinstance(choice, str)},
            "models.api_key": api_key,
            "models.window": window,
            "models.offline": offline,
            "engine.mode": mode,
            "engine.strategy": strategy,
            "engine.max_depth": max_depth if max_depth is not None else limits.depth,
            "budget.usd": limits.usd,
            "budget.tokens": limits.tokens,
            "budget.calls": limits.calls,
            "budget.seconds": limits.seconds,
            "engine.max_turns": max_turns,
            "engine.concurrency": concurrency,
            "engine.speculation": speculation,
            "engine.branches": branches,
            "engine.value_per_second": value_per_second,
            "engine.seed": seed,
            "sandbox.tier": sandbox,
            "memory.cache": cache,
            "tracing.home": None if home is None else str(home),
        }
        self._flags = {name: value for name, value in flags.items() if value is not None}
        self._config, note = _effective(settings, flags)
        self._root = None if isinstance(model, str) else model
        self._sub = None if isinstance(sub_model, str) else sub_model
        self._parts = Parts(
            root=self._root, sub=self._sub, prices=prices, tools=self._tools, approve=self._approve, note=note
        )

    # -- asking --------------------------------------------------------------------------------------------

    async def aask(
        self,
        question: str,
        context: object,
        *,
        mode: Mode | Literal["auto"] | None = None,
        schema: object = None,
        sinks: Sequence[TraceSink] = (),
        began: float | None = None,
        origin: Origin | None = None,
        interruption: Interruption | None = None,
    ) -> Answer:
        """The answer to a question over a context.

        Args:
            question: the question.
            context: paths to read, or the text itself as a ``str``, a list or a dict, or a ``Context``.
            mode: overrides the mode of the client.
            schema: the type of ``data`` of the answer: a pydantic model, a dataclass, a ``TypedDict``, a ``msgspec.Struct``, a
                JSON Schema as a dict, or a ``Path`` to a file with one (``harlm.typed.schema_of``).
            sinks: receive the events of the run as they happen.
            began: when the time limit began to count, by ``time.monotonic``; by default now, before the context
                is read.
            origin: where the context comes from, so that a stopped run can read it again; by default the paths in it.
            interruption: stops the run, which then raises ``Interrupted``.

        Raises:
            ConfigError: the question is empty, or a model cannot be used.
            ContextError: the context cannot be read.
            ModelError: a model failed that the run cannot do without, or a key was refused.
            SandboxFailure: no REPL could be opened, or it broke.
            NoAnswer: ``engine.strict`` is set, and nothing in the context supports an answer.
            SchemaMismatch: no answer follows the schema.
            LimitExceeded: a limit of the budget was reached.

        ``partial`` of a ``LimitExceeded``, a ``ModelError``, a ``SandboxFailure`` or a ``SchemaMismatch`` is the answer so far; ``None`` if
        nothing had been found.
        """
        asked = checked_question(question)
        chosen = self._mode(mode)
        wanted = None if schema is None else schema_of(schema)
        began = time.monotonic() if began is None else began
        clock = LoadingClock(self._config.budget.seconds, began)
        loaded = await load_async(context, self._config.loading, clock)
        strategy = self._config.engine.strategy
        task = Task(question=asked, context=loaded, mode=chosen, strategy=strategy, schema=wanted)
        return await answered(
            self._parts,
            task,
            self._config,
            origin or origin_of(context),
            sinks=sinks,
            began=began,
            interruption=interruption or Interruption(),
        )

    async def aresume(
        self,
        run: str,
        context: object = None,
        *,
        schema: object = None,
        accept_changes: bool = False,
        repeats: bool | None = None,
        sinks: Sequence[TraceSink] = (),
        began: float | None = None,
        interruption: Interruption | None = None,
    ) -> Answer:
        """The answer of a run that was stopped, killed or cut short: it runs again under its id, and pays for nothing twice but for
        requests that were in flight. It has its own settings, with the arguments that this object was made with.

        Args:
            run: its id, the beginning of it, or ``last``.
            context: its documents, if they cannot be read from where they were.
            schema: as in ``aask``; by default the JSON Schema that the run was asked with.
            accept_changes: whether its documents may have changed since.
            repeats: whether calls of tools that change something are made again if it is unknown whether they took place, or the
                cell is told so; ``None`` refuses to take up such a run.
            sinks: as in ``aask``.
            began: when the time limit began to count, by ``time.monotonic``; by default now.
            interruption: as in ``aask``.

        Raises:
            TraceError: there is no such run, it has its answer, or it is open in another process.
            ContextError: its documents have changed, or cannot be read.
            HarlmError: as ``aask``.
        """
        stored = find_run(runs_of(self._config), run)
        resumption = resumption_of(stored, accept_changes=accept_changes, repeats=repeats)
        config = config_of(resumption.request, self._config, self._flags)
        began = time.monotonic() if began is None else began
        clock = LoadingClock(config.budget.seconds, began)
        kept = resumption.request.schema
        wanted = schema if schema is not None else dict(kept) if kept is not None else None
        task = await context_of(
            resumption, context, None if wanted is None else schema_of(wanted), config, clock
        )
        origin = resumption.request.origin
        return await answered(
            self._parts,
            task,
            config,
            origin,
            sinks=sinks,
            began=began,
            interruption=interruption or Interruption(),
            resumption=resumption,
        )

    def estimate(
        self, question: str, context: object, *, mode: Mode | Literal["auto"] | None = None
    ) -> RunEstimate:
        """The estimated cost of the question over the context, in each mode. Calls no model and needs no key.

        Args:
            question: the question.
            context: as in ``aask``.
            mode: overrides the mode of the client.

        Raises:
            ConfigError: the question is empty, or a model cannot be used.
            ContextError: the context cannot be read.
        """
        from harlm.estimate import estimate_run, known_models  # here, since most runs are not estimated

        root, sub = known_models(self._config, root=self._root, sub=self._sub, prices=self._prices)
        return estimate_run(self._task(question, context, mode), self._config, root, sub)

    def explain(self, question: str, context: object) -> Explanation:
        """How the router would have the question answered, why, and what would change its choice; arguments and errors as for
        ``estimate``.
        """
        from harlm.estimate import known_models  # here, as above
        from harlm.explaining import explained

        root, sub = known_models(self._config, root=self._root, sub=self._sub, prices=self._prices)
        return explained(self._task(question, context, "auto"), self._config, root, sub)

    def _task(self, question: str, context: object, mode: Mode | Literal["auto"] | None) -> Task:
        return Task(
            question=checked_question(question),
            context=load(context, self._config.loading),
            mode=self._mode(mode),
            strategy=self._config.engine.strategy,
        )

    def _mode(self, mode: str | None) -> Mode | Literal["auto"]:
        """The mode of a question; *plan* if a strategy is set and no mode.

        Raises:
            ConfigError: the mode does not exist, or a strategy is set for another one.
        """
        chosen = checked_mode(mode or self._config.engine.mode)
        strategy = self._config.engine.strategy
        if self._tools and (strategy is not None or chosen in ("direct", "plan")):
            raise ConfigError(
                f"mode {'plan' if strategy else chosen} calls no tools; use mode full or repl, or leave the tools out"
            )
        if strategy is None:
            return chosen
        if chosen not in ("auto", "plan"):
            raise ConfigError(
                f"the strategy {strategy!r} works in mode plan, and the mode is {chosen!r}; leave one of them out"
            )
        return "plan"

    def ask(
        self,
        question: str,
        context: object,
        *,
        mode: Mode | Literal["auto"] | None = None,
        schema: object = None,
        sinks: Sequence[TraceSink] = (),
        began: float | None = None,
        origin: Origin | None = None,
        interruption: Interruption | None = None,
    ) -> Answer:
        """``aask`` for callers that do not use asyncio; also works in Jupyter."""
        asking = self.aask(
            question,
            context,
            mode=mode,
            schema=schema,
            sinks=sinks,
            began=began,
            origin=origin,
            interruption=interruption,
        )
        return run_here(asking)

    def resume(self, run: str, context: object = None, **how: Any) -> Answer:
        """``aresume``, with its arguments, for callers that do not use asyncio."""
        return run_here(self.aresume(run, context, **how))

    def replay(self, run: str | Path, context: object = None) -> Replay:
        """A stored run once more, from its journal: no model is asked, no tool is called, nothing that is stored changes.

        Args:
            run: its id, the beginning of it, or ``last``; or a file that ``harlm runs export`` has written.
            context: its documents, if they cannot be read from where they were.

        Returns:
            what was the same, and the first difference if something was not.

        Raises:
            TraceError: there is no such run, or it has no journal.
            ContextError: its documents have changed, or cannot be read.
        """
        from harlm.replaying import replayed, stored_run  # here, since most runs are not replayed

        with stored_run(runs_of(self._config), run) as stored:
            return run_here(replayed(stored, self._config, context))

    async def astream(
        self,
        question: str,
        context: object,
        *,
        mode: Mode | Literal["auto"] | None = None,
        schema: object = None,
    ) -> AsyncGenerator[Event, None]:
        """The events of a run as they happen; the last one is ``Answered``, with the answer.

        Raises:
            HarlmError: as ``aask``, after the events until the failure.
        """
        wanted = None if schema is None else schema_of(schema)
        pending: asyncio.Queue[Event | None] = asyncio.Queue()
        asking = asyncio.create_task(
            self.aask(question, context, mode=mode, schema=wanted, sinks=[_QueueSink(pending)])
        )
        asking.add_done_callback(lambda _: pending.put_nowait(None))
        try:
            while (event := await pending.get()) is not None:
                if isinstance(event, events.Answered) and wanted is not None:
                    event = msgspec.structs.replace(event, answer=with_type(event.answer, wanted))
                yield event
            await asking
        finally:
            asking.cancel()
            await finished(asyncio.wait([asking]))
            if not asking.cancelled():
                asking.exception()  # retrieved: it was raised above, or the events are no longer wanted

    def stream(
        self,
        question: str,
        context: object,
        *,
        mode: Mode | Literal["auto"] | None = None,
        schema: object = None,
    ) -> Iterator[Event]:
        """``astream`` for callers that do not use asyncio. Closing the iterator cancels the run."""
        pending: queue.Queue[Event | BaseException | None] = queue.Queue()

        async def pump() -> None:
            async for event in self.astream(question, context, mode=mode, schema=schema):
                pending.put(event)

        with InThread(pump()) as running:
            running.add_done_callback(lambda done: pending.put(done.exception()))
            while (event := pending.get()) is not None:
                if isinstance(event, BaseException):
                    raise event
                yield event

    def completion(self, prompt: object, root_prompt: str | None = None) -> Answer:
        """The interface of the reference RLM, so that switching to HARLM changes one line.

        Args:
            prompt: the context.
            root_prompt: the question. By default the prompt contains it: its last or its first line if that is a
                question or begins with ``Question:`` or the like, else anything that the model finds in it.
        """
        question = root_prompt or request_in(prompt)
        return self.ask(
            question or "Do what is asked for in the context; it holds the request and its data.", prompt
        )


class _QueueSink:
    """A sink that puts events into a queue."""

    def __init__(self, pending: asyncio.Queue[Event | None]) -> None:
        self._pending = pending

    def emit(self, event: Event) -> None:
        """Put one event into the queue."""
        self._pending.put_nowait(event)


def _effective(
    settings: config.Config | None, flags: Mapping[str, object]
) -> tuple[config.Config, str | None]:
    """The config with ``flags``, and what the project file of the current folder has set in it, as a note."""
    if settings is not None:
        return config.overridden(settings, flags), None
    loaded = config.load(flags=flags, environment=os.environ, folder=Path.cwd(), user_file=user_config_file())
    return loaded.config, loaded.note
