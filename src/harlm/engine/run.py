"""What one run shares, as seen from one node of its recursion. Knows sockets and settings; every model call of the run
goes through here, so that it is counted, traced and limited in one place.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from harlm import events
from harlm.budget import Account, Caps
from harlm.budget.finishing import working_seconds
from harlm.budget.pressure import NO_SPECULATION
from harlm.config import Engine
from harlm.engine import prompts
from harlm.engine.shared import Models, Shared
from harlm.engine.timing import Meter
from harlm.errors import BadCompletion, LimitExceeded, ModelError
from harlm.events import Event
from harlm.memory.reuse import Make
from harlm.protocols import LanguageModel
from harlm.types import Completion, Message, Sampling, Usage, without_surrogates

Heard = Callable[[str], None] | None

_AGAIN = 4  # times the limit that was too small
_QUESTION = 600  # characters of a prompt that are remembered with its reply
_CUT = 0.9  # of the limit that we sent: a reply that stops there stopped for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run at one node. Passed explicitly to whatever works for it.

    Attributes:
        shared: the same for all nodes.
        models: of this node.
        account: what this node and all below it are paid from.
        node, parent, depth: where this node stands; the root is ``0``.
        meter: call time of this node and all below it.
        branch: keeps nodes apart that were asked the same to get different answers.
    """

    shared: Shared
    models: Models
    account: Account = field(default_factory=Account)
    node: str = "0"
    parent: str | None = None
    depth: int = 0
    meter: Meter = field(default_factory=Meter)
    branch: str = ""
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

    def child(self, root: LanguageModel | None = None, caps: Caps | None = None, sample: int = 0) -> Run:
        """The run as a new child of this node sees it.

        Args:
            root: writes its code, where it is not this node's root model.
            caps: what the child may use at most.
            sample: 0, 1, 2, … among children that were asked the same.
        """
        return Run(
            shared=self.shared,
            models=self.models if root is None else replace(self.models, root=root),
            account=self.account.child(caps),
            node=f"{self.node}.{next(self._children)}",
            parent=self.node,
            depth=self.depth + 1,
            meter=Meter(self.meter),
            branch=f"{self.branch}/{sample}" if sample else self.branch,
        )

    def with_purse(self) -> Run:
        """The same node, with an account of its own for some of its calls."""
        return replace(self, account=self.account.purse())

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
        heard: Heard = None,
        sample: int = 0,
    ) -> tuple[Completion, float]:
        """The reply of a model: one that is known, else one call, which waits for a slot, is paid for, traced and counted. A
        reply that is cut at a limit that we chose is asked for once more, with a larger one. Returns the seconds it took as well.

        Args:
            limit: tokens of the reply; None to choose it by what such calls take.
            is_last: whether it is the node's last call, which may use the time that is kept for it.
            heard: told the reply so far, by models that can stream.
            sample: 0, 1, 2, … among calls that ask the same and are meant to be made several times.

        Raises:
            ModelError: as the model raises it; ``BadCompletion`` for a reply without text, which is paid for all the same.
            LimitExceeded: the budget does not cover it, or the time is over.
        """

        async def make() -> tuple[Completion, float]:
            async with self.shared.call_slots:
                if limit is None:
                    return await self._sized(model, messages, role, heard)
                return await self._traced(model, messages, role, limit, heard)

        seconds = self.account.seconds_left if is_last else self.seconds_to_work
        try:
            async with asyncio.timeout(None if math.isinf(seconds) else max(0.0, seconds)) as time_limit:
                completion, spent = await self._remembered(model, messages, role, make, limit, sample)
        except TimeoutError:
            if not time_limit.expired():
                raise  # the model's own
            raise self.account.too_late() from None
        except LimitExceeded as refusal:
            self.account.refused = refusal
            raise
        if not completion.text:
            raise _no_text(model, completion)
        return completion, spent

    async def _remembered(
        self,
        model: LanguageModel,
        messages: Sequence[Message],
        role: events.Role,
        make: Make,
        limit: int | None,
        sample: int,
    ) -> tuple[Completion, float]:
        """A reply that is known from before, or that is made now and kept."""
        shared = self.shared
        identity = None if shared.reuse is None else shared.identity_of(model)
        if shared.reuse is None or identity is None:
            completion, seconds = await make()
            if role == "sub" and completion.text:
                self._keep(completion, messages)
            return completion, seconds
        sampling = Sampling(seed=self.settings.seed)
        lasting = messages if role == "sub" else prompts.lasting(messages)
        key = shared.reuse.key(f"{identity}{self.branch}", lasting, sampling, sample)

        def keep(made: Completion) -> None:
            if role == "sub":
                self._keep(made, messages, key)
            else:
                shared.memory.store_only(key, made.text, model=made.model, usage=made.usage)

        completion, seconds, is_known = await shared.reuse.reply(key, make, keep, limit)
        if not is_known:
            shared.memory.counts.misses += 1
            return completion, seconds
        keep(completion)
        shared.memory.counts.saved(completion.usage)
        self.emit(
            events.Reused(
                role=role,
                model=model.name,
                messages=tuple(messages),
                text=completion.text,
                saved=completion.usage,
            )
        )
        return replace(completion, usage=Usage()), seconds

    def _keep(self, completion: Completion, messages: Sequence[Message], key: str | None = None) -> None:
        """Remember the reply of a sub-call."""
        self.shared.memory.put(
            completion.text,
            kind="reply",
            node=self.node,
            depth=self.depth,
            question=prompts.excerpt(messages[-1].content, _QUESTION) if messages else "",
            model=completion.model,
            key=key,
            usage=completion.usage,
        )

    async def _sized(
        self, model: LanguageModel, messages: Sequence[Message], role: events.Role, heard: Heard = None
    ) -> tuple[Completion, float]:
        """A call with a limit for its reply, where money or tokens are limited."""
        outputs = self.shared.till.outputs
        if not (self.account.limits_money or self.account.limits_tokens):
            return await self._traced(model, messages, role, None, heard)
        wanted = outputs.wanted(model.name, role)
        completion, seconds = await self._traced(model, messages, role, wanted, heard)
        used = completion.usage.output_tokens
        if completion.stop == "end":
            outputs.learn(model.name, role, used)
        price = self.shared.till.price_of(model.name)
        ceiling = outputs.ceiling(price.max_output if price else None)
        was_ours = completion.stop == "length" and wanted * _CUT <= used <= wanted < ceiling
        if not was_ours:
            return completion, seconds
        try:
            larger, more = await self._traced(model, messages, role, min(ceiling, _AGAIN * wanted))
        except (LimitExceeded, ModelError):
            return completion, seconds
        if larger.stop == "end":
            outputs.learn(model.name, role, larger.usage.output_tokens)
        return larger, seconds + more

    async def _traced(
        self,
        model: LanguageModel,
        messages: Sequence[Message],
        role: events.Role,
        limit: int | None,
        heard: Heard = None,
    ) -> tuple[Completion, float]:
        """A call as the trace tells of it."""
        number = next(self.shared.call_numbers)
        self.emit(events.CallStarted(call=number, role=role, model=model.name, messages=tuple(messages)))
        self.meter.call_started()
        started = time.monotonic()
        try:
            sampling = Sampling(seed=self.settings.seed, max_tokens=limit, heard=heard)
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
        return (completion if text is completion.text else replace(completion, text=text)), seconds

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
