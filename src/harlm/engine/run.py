"""What one run shares, as seen from one node of its recursion. Knows sockets and settings; every model call of the run
goes through here, so that it is counted, traced and limited in one place.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import os
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import msgspec

from harlm import events
from harlm.budget import Account, Caps, Till
from harlm.budget.finishing import working_seconds
from harlm.budget.pressure import NO_SPECULATION
from harlm.config import Engine
from harlm.engine.timing import Meter
from harlm.errors import BadCompletion, LimitExceeded, ModelError
from harlm.events import Event
from harlm.protocols import LanguageModel, Router, Sandbox, TraceSink
from harlm.types import Completion, Message, Sampling, without_surrogates

_CUT = 0.9  # of the limit that we sent: a reply that stops there stopped for it
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
        sub: what cells call.
        economy: what they call once most of the budget is gone; as ``sub`` when None.
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
    """Puts the layers of calls around a model, for one node."""

    def __call__(
        self,
        model: LanguageModel,
        meter: Callable[[LanguageModel], LanguageModel],
        *,
        told: Callable[[Event], None],
        may_hedge: Callable[[], bool],
    ) -> LanguageModel:
        """``model`` with its layers, the innermost of which ``meter`` makes."""
        ...


def _only_paid_for(
    model: LanguageModel,
    meter: Callable[[LanguageModel], LanguageModel],
    *,
    told: Callable[[Event], None],
    may_hedge: Callable[[], bool],
) -> LanguageModel:
    return meter(model)


class Shared:
    """What all nodes of one run have in common.

    Args:
        run_id: of the run.
        sandbox, router, sink: the sockets.
        settings: turns, depth, concurrency.
        till: what calls are paid with.
        around: puts the layers of calls around a model; by default none but the till.
        index_file: where search indexes are kept; None keeps them in memory.
        open_repls: how many REPLs may be open at once at each depth below the root.

    Attributes:
        slowest_root_s: the longest call of a root model so far; how long the last one may take.
    """

    def __init__(
        self,
        *,
        run_id: str,
        sandbox: Sandbox,
        router: Router,
        sink: TraceSink,
        settings: Engine,
        till: Till | None = None,
        around: Around = _only_paid_for,
        index_file: Path | None = None,
        open_repls: int = 16,
    ) -> None:
        self.run_id = run_id
        self.sandbox = sandbox
        self.router = router
        self.sink = sink
        self.settings = settings
        self.till = till or Till()
        self.around = around
        self.slowest_root_s = 0.0
        self.index_file = index_file
        self.call_slots = asyncio.Semaphore(settings.concurrency)
        self.repl_slots: defaultdict[int, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(open_repls)
        )
        self.event_numbers = itertools.count(1)
        self.call_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run at one node. Passed explicitly to whatever works for it.

    Attributes:
        shared: the same for all nodes.
        models: of this node.
        account: what this node and all below it are paid from.
        node, parent, depth: where this node stands; the root is ``0``.
        meter: call time of this node and all below it.
    """

    shared: Shared
    models: Models
    account: Account = field(default_factory=Account)
    node: str = "0"
    parent: str | None = None
    depth: int = 0
    meter: Meter = field(default_factory=Meter)
    _children: itertools.count[int] = field(default_factory=itertools.count)

    @property
    def settings(self) -> Engine:
        """The settings of the run."""
        return self.shared.settings

    @property
    def seconds_to_work(self) -> float:
        """Until this node has to stop and finish; infinity without a limit."""
        account = self.account
        if math.isinf(account.ends):
            return math.inf
        total = account.seconds
        return account.seconds_left - (total - working_seconds(total, self.shared.slowest_root_s))

    def child(self, root: LanguageModel | None = None, caps: Caps | None = None) -> Run:
        """The run as a new child of this node sees it.

        Args:
            root: writes its code, where it is not this node's root model.
            caps: what the child may use at most.
        """
        return Run(
            shared=self.shared,
            models=self.models if root is None else replace(self.models, root=root),
            account=self.account.child(caps),
            node=f"{self.node}.{next(self._children)}",
            parent=self.node,
            depth=self.depth + 1,
            meter=Meter(self.meter),
        )

    def emit(self, event: Event) -> None:
        """Stamp an event with its place in the run, and hand it to the sink."""
        shared = self.shared
        number = next(shared.event_numbers)
        shared.sink.emit(
            msgspec.structs.replace(
                event, seq=number, ts=time.time(), run=shared.run_id, node=self.node, parent=self.parent
            )
        )

    def repl_slot(self) -> asyncio.Semaphore:
        """Held while a node below the root has a REPL open. A node waits only for deeper ones, never in a circle."""
        return self.shared.repl_slots[self.depth]

    async def call(
        self,
        model: LanguageModel,
        messages: Sequence[Message],
        role: events.Role,
        *,
        limit: int | None = None,
        is_last: bool = False,
    ) -> tuple[Completion, float]:
        """One model call: waits for a slot, is paid for, traced and counted. A reply that is cut at a limit that we chose is
        asked for once more, with a larger one. Returns the seconds it took as well.

        Args:
            limit: tokens of the reply; None to choose it by what such calls take.
            is_last: whether it is the node's last call, which may use the time that is kept for it.

        Raises:
            ModelError: as the model raises it; ``BadCompletion`` for a reply without text, which is paid for all the same.
            LimitExceeded: the budget does not cover it, or the time is over.
        """
        seconds = self.account.seconds_left if is_last else self.seconds_to_work
        try:
            async with asyncio.timeout(None if math.isinf(seconds) else max(0.0, seconds)):
                async with self.shared.call_slots:
                    if limit is None:
                        completion, spent = await self._sized(model, messages, role)
                    else:
                        completion, spent = await self._traced(model, messages, role, limit)
        except TimeoutError:
            raise self.account.too_late() from None
        if not completion.text:
            raise _no_text(model, completion)
        return completion, spent

    async def _sized(
        self, model: LanguageModel, messages: Sequence[Message], role: events.Role
    ) -> tuple[Completion, float]:
        """A call with a limit for its reply, where money or tokens are limited."""
        outputs = self.shared.till.outputs
        if not (self.account.limits_money or self.account.limits_tokens):
            return await self._traced(model, messages, role, None)
        wanted = outputs.wanted(model.name, role)
        completion, seconds = await self._traced(model, messages, role, wanted)
        used = completion.usage.output_tokens
        if completion.stop == "end":
            outputs.learn(model.name, role, used)
        price = self.shared.till.price_of(model.name)
        ceiling = outputs.ceiling(price.max_output if price else None)
        was_ours = completion.stop == "length" and wanted * _CUT <= used <= wanted < ceiling
        if not was_ours:
            return completion, seconds
        try:
            larger, more = await self._traced(model, messages, role, ceiling)
        except LimitExceeded:
            return completion, seconds
        return larger, seconds + more

    async def _traced(
        self, model: LanguageModel, messages: Sequence[Message], role: events.Role, limit: int | None
    ) -> tuple[Completion, float]:
        """A call as the trace tells of it."""
        number = next(self.shared.call_numbers)
        self.emit(events.CallStarted(call=number, role=role, model=model.name, messages=tuple(messages)))
        self.meter.call_started()
        started = time.monotonic()
        try:
            sampling = Sampling(seed=self.settings.seed, max_tokens=limit)
            completion = await self._line(model).complete(messages, sampling)
        except ModelError as error:
            self.emit(events.CallFailed(call=number, error=str(error), status=error.status))
            raise
        except asyncio.CancelledError:
            self.emit(events.CallFailed(call=number, error="cancelled"))
            raise
        except LimitExceeded as error:
            self.emit(events.CallFailed(call=number, error=str(error)))
            raise
        except Exception as error:
            self.emit(events.CallFailed(call=number, error=f"{type(error).__name__}: {error}"))
            raise
        finally:
            seconds = time.monotonic() - started
            self.meter.call_ended(seconds)
        if role == "root":
            self.shared.slowest_root_s = max(self.shared.slowest_root_s, seconds)
        text = without_surrogates(completion.text)
        self.emit(
            events.CallFinished(
                call=number,
                text=text,
                usage=completion.usage,
                stop=completion.stop,
                latency_s=round(seconds, 6),
            )
        )
        return replace(completion, text=text), seconds

    def _line(self, model: LanguageModel) -> LanguageModel:
        """``model`` with all its layers, paid for by this node."""
        till, account = self.shared.till, self.account
        return self.shared.around(
            model,
            lambda each: till.metered(each, account),
            told=self.emit,
            may_hedge=lambda: account.pressure < NO_SPECULATION,
        )


def _no_text(model: LanguageModel, completion: Completion) -> BadCompletion:
    return BadCompletion(
        f"{model.name} answered with no text (it stopped for {completion.stop!r}); "
        "a reasoning model may have spent all its tokens on thinking",
        model=model.name,
        request_id=completion.request_id,
    )
