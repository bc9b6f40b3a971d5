"""What all nodes of one run share: sandbox, router, sink, memory, billing, slots. Does not depend on any
node.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from harlm.branching.brought import BroughtStrategies
from harlm.branching.calibration import Calibration
from harlm.budget import Account, Billing
from harlm.config import EngineSettings, MemorySettings, RouterSettings
from harlm.engine.approval import Approval
from harlm.engine.conversation import Conversation
from harlm.engine.stopping import RunStop
from harlm.errors import LimitExceeded, ModelError
from harlm.events import Event
from harlm.journal import Reuse, RunJournal
from harlm.memory import Memory
from harlm.protocols import LanguageModel, Router, Sandbox, Tool, TraceSink
from harlm.redact import Redactor
from harlm.threads import Threads
from harlm.types import Completion, ModelFacts

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_run_id() -> str:
    """A ULID: 48 bits of milliseconds and 80 random ones, in 26 characters that sort by time."""
    number = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """The models of a run by role.

    Attributes:
        root: writes code and answers.
        sub: is called by cells.
        economy: is called by cells once most of the budget is spent; ``sub`` if ``None``.
    """

    root: LanguageModel
    sub: LanguageModel
    economy: LanguageModel | None = None

    def by_name(self) -> Mapping[str, LanguageModel]:
        """The models that a cell may name, by full name and without the provider."""
        named: dict[str, LanguageModel] = {}
        for model in (self.root, self.sub):
            named[model.name.partition("/")[2] or model.name] = model
            named[model.name] = model
        return named


class Around(Protocol):
    """Puts the layers of the call path around a model, for one node."""

    def __call__(
        self,
        model: LanguageModel,
        meter: Callable[[LanguageModel], LanguageModel],
        *,
        on_event: Callable[[Event], None],
        may_hedge: Callable[[], bool],
    ) -> LanguageModel:
        """``model`` with its layers.

        Args:
            model: the innermost model.
            meter: makes the innermost layer, which counts what calls cost.
            on_event: called for each event of a layer, such as a retry.
            may_hedge: whether a slow call may be sent a second time, asked for each call.
        """
        ...


class InBatches(Protocol):
    """Calls that may wait, made in batches of their providers, which costs less."""

    def takes(self, model: LanguageModel) -> bool:
        """Whether the calls of a model can be made in batches, as far as that is known."""
        ...

    def around(
        self,
        model: LanguageModel,
        meter: Callable[[LanguageModel], LanguageModel],
        direct: LanguageModel,
        *,
        on_event: Callable[[Event], None],
    ) -> LanguageModel:
        """A model that ``takes`` accepts, asked in batches first.

        Args:
            model: the model.
            meter: pays for its requests at the price of batches.
            direct: the same model, asked where there is no batch.
            on_event: called for what the user should know.
        """
        ...

    async def replies(
        self, model: LanguageModel, batch: str, choices: Mapping[str, tuple[str, ...]]
    ) -> Mapping[str, Completion | ModelError]:
        """The results of a batch of an earlier process, once it has ended.

        Args:
            model: that was asked.
            batch: its id at the provider.
            choices: by the id of each request in it, the texts of which the reply should be one.

        Returns:
            By request, the reply, or why it was not served, which costs nothing. Others may have been served.

        Raises:
            ModelError: that cannot be found out.
        """
        ...


def _only_metered(
    model: LanguageModel,
    meter: Callable[[LanguageModel], LanguageModel],
    *,
    on_event: Callable[[Event], None],
    may_hedge: Callable[[], bool],
) -> LanguageModel:
    return meter(model)


@dataclass(slots=True, kw_only=True, eq=False)
class Run:
    """One run: everything that its nodes share.

    Attributes:
        id: the run's name, a ULID.
        sandbox, router, sink: open REPLs, choose modes, take events.
        settings: turns, depth, concurrency.
        memory: the results found in this run.
        memory_settings: how much of the memory is shown to models.
        router_settings: whether doubtful answers are followed by another mode, and what is weighed.
        billing: prices and counts calls.
        around: puts the layers of the call path around a model; by default the meter alone.
        batches: makes calls that may wait in batches of their provider; ``None`` makes each at once.
        index_file: where search indexes are kept; ``None`` keeps them in memory.
        journal: keeps what the run asks for; by default nothing.
        conversation: of the session that the run is; ``None`` for a run of one question.
        stopping: whether the run is to stop.
        redactor: keeps secrets out of what is written down.
        repeats: whether a tool that changes something is called again if it is unknown whether an earlier attempt's call took place;
            otherwise the cell is told so.
        reuse: knows replies that were paid for before; ``None`` makes every call.
        identity_of: the identity under which a model's replies are reused; ``None`` if they must not be.
        calibrations: turn what speaks for an answer into its confidence.
        skill_of: the share of a root model's own runs in code that ended cleanly; ``None`` if none is known.
        draw: a random number of this run, for routers that try other modes; ``None`` if they must not.
        tools: the user's tools, by name.
        approval: asks the user before a cell runs; ``None`` lets all run.
        temperature: of every call, unless it is a repeated one; ``None`` leaves it to the servers.
        open_repls: how many REPLs may be open at once at each depth below the root.
        slowest_root_s: the longest call of a root model so far, in seconds.
        call_slots: held during each call, so that no more than ``settings.concurrency`` are in flight.
        repl_slots: by depth, held while a node below the root has a REPL open.
        threads: run work that the event loop must not do itself.
        thoughtless: names of models that have replied without any thoughts, and so mark them if they have some.
        told_batches: the batches of which the user was told.
        told_served: the models of which the user was told that another one answers.
        tool_slots: held during each call of a tool, so that no more than ``settings.concurrency`` run at once.
        tool_values: what deterministic tools returned, by a digest of the call.
        brought: the strategies that installed packages bring.
        opening_notes: what the user is told of the opening of the run.
        event_numbers, call_numbers: 1, 2, 3, … for the run's events and calls.
    """

    id: str
    sandbox: Sandbox
    router: Router
    sink: TraceSink
    settings: EngineSettings
    memory: Memory
    memory_settings: MemorySettings = field(default_factory=MemorySettings)
    router_settings: RouterSettings = field(default_factory=RouterSettings)
    billing: Billing = field(default_factory=Billing)
    around: Around = _only_metered
    batches: InBatches | None = None
    index_file: Path | None = None
    journal: RunJournal = field(default_factory=RunJournal)
    conversation: Conversation | None = None
    stopping: RunStop = field(default_factory=RunStop)
    redactor: Redactor = field(default_factory=lambda: Redactor(()))
    repeats: bool = False
    reuse: Reuse | None = None
    identity_of: Callable[[LanguageModel], str | None] = lambda _: None
    calibrations: tuple[Calibration, ...] = ()
    skill_of: Callable[[str], float | None] = lambda _: None
    draw: float | None = None
    tools: Mapping[str, Tool] = field(default_factory=dict)
    approval: Approval | None = None
    temperature: float | None = 0.0
    open_repls: int = 16
    slowest_root_s: float = 0.0
    brought: BroughtStrategies = field(default_factory=BroughtStrategies)
    opening_notes: tuple[str, ...] = ()
    call_slots: asyncio.Semaphore = field(init=False)
    tool_slots: asyncio.Semaphore = field(init=False)
    repl_slots: defaultdict[int, asyncio.Semaphore] = field(init=False)
    threads: Threads = field(init=False, default_factory=Threads)
    thoughtless: set[str] = field(init=False, default_factory=set)
    told_batches: set[str] = field(init=False, default_factory=set)
    told_served: set[str] = field(init=False, default_factory=set)
    tool_values: dict[bytes, asyncio.Future[object]] = field(init=False, default_factory=dict)
    event_numbers: Iterator[int] = field(init=False, default_factory=lambda: itertools.count(1))
    call_numbers: Iterator[int] = field(init=False, default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.call_slots = asyncio.Semaphore(self.settings.concurrency)
        self.tool_slots = asyncio.Semaphore(self.settings.concurrency)
        self.repl_slots = defaultdict(lambda: asyncio.Semaphore(self.open_repls))

    def stop(self, account: Account, reason: LimitExceeded) -> None:
        """Ask for nothing more, and finish with what is there.

        Args:
            account: of the root.
            reason: ends the run.
        """
        account.end(reason)
        self.stopping.stop()

    def continues(self, account: Account) -> None:
        """Take a stop back: the next question of a session is answered.

        Args:
            account: of the root.
        """
        account.reopen()
        self.stopping = RunStop()

    async def end_tools(self) -> None:
        """End the calls of tools that nothing waits for any more."""
        running = [each for each in self.tool_values.values() if not each.done()]
        for each in running:
            each.cancel()
        if running:
            await asyncio.wait(running)

    @property
    def goal(self) -> str:
        """The question of the root, to which all summaries are fitted."""
        return self.memory.goal

    def facts_of(self, model: LanguageModel) -> ModelFacts:
        """Name, window and price of one of the run's models."""
        return ModelFacts(name=model.name, window=model.window, price=self.billing.price_of(model.name))
