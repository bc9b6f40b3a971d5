"""``HARLM``: the Python interface. Holds settings, but no state of a run, so one object can serve many
runs at once.
"""

from __future__ import annotations

import asyncio
import copy
import os
import queue
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

import msgspec

from harlm import config, events
from harlm.batch.client_part import Batches
from harlm.checks import (
    check_kind,
    check_models,
    checked_approve,
    checked_mode,
    checked_question,
    question_in,
)
from harlm.cleanup import finished
from harlm.engine.approval import Approve
from harlm.errors import ConfigError
from harlm.events import Event
from harlm.home import user_config_file
from harlm.interruption import Interruption
from harlm.loading import LoadingClock, load, load_async
from harlm.models.choosing import ModelChoice
from harlm.protocols import TraceSink
from harlm.resuming import origin_of
from harlm.running import ClientParts, answered, with_type
from harlm.synchronous import InThread, run_here
from harlm.tools import FunctionTool
from harlm.tools.mcp import McpServer
from harlm.tools.toolset import toolset_of
from harlm.tracing.notebook import notebook_progress
from harlm.tracing.request import Sources
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
    from harlm.sessions import LiveSession


class HARLM(Batches):
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
        strategy: the strategy of every question, without a root model (mode *plan*): a built-in one, or one that an installed
            package brings.
        max_depth: the greatest depth of a node with its own REPL.
        max_turns: the most turns of a REPL; the last one must give an answer.
        concurrency: the most model requests in flight at once.
        speculation: which calls are made before model-written code makes them
            (``harlm.config.EngineSettings``).
        branches: the most strategies, or first replies of the root model, side by side, each if it is worth its cost.
        value_per_second: dollars that each second is worth by which the answer comes earlier.
        sandbox: the isolation tier of model-written code; ``auto`` uses the strongest that works here.
        cache: whether the replies of earlier runs are reused instead of new calls.
        home: the folder of runs, indexes and memory.
        api_key: the key for the models of this object, instead of the one in the environment.
        window: the context window of the models in tokens, if the built-in figure is wrong.
        offline: refuse every model that needs a network.
        cheap: whether calls of model-written code that come together wait for a batch of their provider, at half the price.
        seed: for models that accept a seed, and for ``random`` in the REPL.
        budget: the limits of each run; a run that reaches one raises ``LimitExceeded`` with the partial
            answer.
        prices: prices by full model name, above those that HARLM ships with.
        tools: functions that model-written code may call: plain ones, made with ``harlm.tool``, or names of tools that installed
            packages bring. They run in this process.
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
        cheap: bool | None = None,
        seed: int | None = None,
        budget: Budget | None = None,
        prices: Mapping[str, Price] | None = None,
        tools: Sequence[Callable[..., object] | FunctionTool | str] = (),
        mcp: Sequence[str | Mapping[str, object] | McpServer] = (),
        approve: Approve | None = None,
        settings: config.Config | None = None,
    ) -> None:
        check_kind("budget", budget, Budget, "Budget, such as Budget(usd=0.5)")
        check_kind("home", home, (str, Path), "str or Path")
        check_kind("prices", prices, Mapping, "dict of Price by full model name")
        check_kind("settings", settings, config.Config, "harlm.config.Config")
        check_models(model=model, sub_model=sub_model)
        flags: dict[str, object] = {
            "models.root": _named(model),
            "models.sub": _named(sub_model),
            "models.api_key": api_key,
            "models.window": window,
            "models.offline": offline,
            "models.cheap": cheap,
            "engine.mode": mode,
            "engine.strategy": strategy,
            **_limits(budget or Budget(), max_depth),
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
        effective, note = _effective(settings, flags)
        parts = ClientParts(
            root=None if isinstance(model, str) else model, sub=None if isinstance(sub_model, str) else sub_model,
            prices=prices, tools=toolset_of(tools, mcp), approve=checked_approve(approve), note=note,
        )  # fmt: skip
        given = {name: value for name, value in flags.items() if value is not None}
        super().__init__(effective, given, parts)

    def limited(self, budget: Budget) -> Self:
        """A client like this one whose runs have the limits in ``budget``, as far as they are lower than its own."""
        own = {**msgspec.structs.asdict(self._config.budget), "depth": self._config.engine.max_depth}
        own["usd"] = config.DEFAULT_USD if own["usd"] is None else own["usd"]
        asked = {name: most for name in own if (most := getattr(budget, name, None)) is not None}
        lower = {name: most for name, most in asked.items() if own[name] is None or most < own[name]}
        flags = {name: most for name, most in _limits(Budget(**lower), None).items() if most is not None}
        twin = copy.copy(self)
        Batches.__init__(twin, config.overridden(self._config, flags), {**self._flags, **flags}, self._parts)
        return twin

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
        origin: Sources | None = None,
        interruption: Interruption | None = None,
    ) -> Answer:
        """The answer to a question over a context.

        Args:
            question: the question.
            context: paths to read, or the text itself as a ``str``, a list or a dict, or a ``Context``.
            mode: overrides the mode of the client.
            schema: the type of ``data`` of the answer: a pydantic model, a dataclass, a ``TypedDict``, a ``msgspec.Struct``, a
                JSON Schema as a dict, or a ``Path`` to a file with one (``harlm.typed.schema_of``).
            sinks: receive the events of the run as they happen; without any, a notebook shows its progress.
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
        with notebook_progress(sinks, is_wanted=self._config.tracing.notebook) as told:
            return await answered(
                self._parts,
                task,
                self._config,
                origin or origin_of(context),
                sinks=told,
                began=began,
                interruption=interruption or Interruption(),
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

        root, sub = known_models(
            self._config, root=self._parts.root, sub=self._parts.sub, prices=self._parts.prices
        )
        return estimate_run(self._task(question, context, mode), self._config, root, sub)

    def explain(self, question: str, context: object) -> Explanation:
        """How the router would have the question answered, why, and what would change its choice; arguments and errors as for
        ``estimate``.
        """
        from harlm.estimate import known_models  # here, as above
        from harlm.explaining import explained

        root, sub = known_models(
            self._config, root=self._parts.root, sub=self._parts.sub, prices=self._parts.prices
        )
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
        if self._parts.tools and (strategy is not None or chosen in ("direct", "plan")):
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
        origin: Sources | None = None,
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

    def session(
        self,
        context: object = None,
        *,
        mode: Literal["repl", "full"] = "full",
        resume: str | None = None,
        origin: Sources | None = None,
        accept_changes: bool = False,
    ) -> LiveSession:
        """Many questions over one context, whose cells find what those of the questions before have defined.

        Args:
            context: as in ``aask``; may be left out for a session that is taken up again and whose paths can be read again.
            mode: of every question.
            resume: the id of a stored session that is taken up again, the beginning of it, or ``last``.
            origin: as in ``aask``.
            accept_changes: whether the documents of that session may have changed since.

        Raises:
            ConfigError: the mode has no REPL.
            TraceError: there is no such session.
        """
        from harlm.sessions import LiveSession  # here, since most clients have none

        return LiveSession(
            self._parts, self._config, self._flags, context, mode=mode, resumed=resume, origin=origin,
            accept_changes=accept_changes,
        )  # fmt: skip

    def completion(self, prompt: object, root_prompt: str | None = None) -> Answer:
        """The interface of the reference RLM, so that switching to HARLM changes one line.

        Args:
            prompt: the context.
            root_prompt: the question. By default the prompt contains it: its last or its first line if that is a
                question or begins with ``Question:`` or the like, else anything that the model finds in it.
        """
        return self.ask(root_prompt or question_in(prompt), prompt)


class _QueueSink:
    """A sink that puts events into a queue."""

    def __init__(self, pending: asyncio.Queue[Event | None]) -> None:
        self._pending = pending

    def emit(self, event: Event) -> None:
        """Put one event into the queue."""
        self._pending.put_nowait(event)


def _named(model: ModelChoice | None) -> str | None:
    """The name of a model that is given by name."""
    return model if isinstance(model, str) else None


def _limits(budget: Budget, max_depth: int | None) -> dict[str, object]:
    return {
        "engine.max_depth": max_depth if max_depth is not None else budget.depth,
        "budget.usd": budget.usd,
        "budget.tokens": budget.tokens,
        "budget.calls": budget.calls,
        "budget.seconds": budget.seconds,
    }


def _effective(
    settings: config.Config | None, flags: Mapping[str, object]
) -> tuple[config.Config, str | None]:
    """The config with ``flags``, and what the project file of the current folder has set in it, as a note."""
    if settings is not None:
        return config.overridden(settings, flags), None
    loaded = config.load(flags=flags, environment=os.environ, folder=Path.cwd(), user_file=user_config_file())
    return loaded.config, loaded.note
