"""What one run shares, as seen from one node of its recursion. Knows sockets and settings; every model call of the run
goes through here, so that it is counted, traced and limited in one place.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from harlm import events
from harlm.config import Engine
from harlm.engine.timing import Meter
from harlm.errors import BadCompletion, ModelError
from harlm.events import Event
from harlm.protocols import LanguageModel, Router, Sandbox, TraceSink
from harlm.types import Completion, Message, Sampling, Usage, without_surrogates

_PERHAPS_BILLED = Usage(cost_micros=None)  # nobody told what a call cost that was cancelled
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
    """

    root: LanguageModel
    sub: LanguageModel

    def by_name(self) -> Mapping[str, LanguageModel]:
        """The models that a cell may name, by full name and without the provider."""
        named: dict[str, LanguageModel] = {}
        for model in (self.root, self.sub):
            named[model.name.partition("/")[2] or model.name] = model
            named[model.name] = model
        return named


class Shared:
    """What all nodes of one run have in common.

    Args:
        run_id: of the run.
        sandbox, router, sink: the sockets.
        settings: turns, depth, concurrency.
        index_file: where search indexes are kept; None keeps them in memory.
        open_repls: how many REPLs may be open at once at each depth below the root.
    """

    def __init__(
        self,
        *,
        run_id: str,
        sandbox: Sandbox,
        router: Router,
        sink: TraceSink,
        settings: Engine,
        index_file: Path | None = None,
        open_repls: int = 16,
    ) -> None:
        self.run_id = run_id
        self.sandbox = sandbox
        self.router = router
        self.sink = sink
        self.settings = settings
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
        node, parent, depth: where this node stands; the root is ``0``.
        meter: usage and time of this node and all below it.
    """

    shared: Shared
    models: Models
    node: str = "0"
    parent: str | None = None
    depth: int = 0
    meter: Meter = field(default_factory=Meter)
    _children: itertools.count[int] = field(default_factory=itertools.count)

    @property
    def settings(self) -> Engine:
        """The settings of the run."""
        return self.shared.settings

    def child(self, root: LanguageModel | None = None) -> Run:
        """The run as a new child of this node sees it; ``root`` writes its code, where it is not this node's root model."""
        return Run(
            shared=self.shared,
            models=self.models if root is None else Models(root=root, sub=self.models.sub),
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
        self, model: LanguageModel, messages: Sequence[Message], role: events.Role
    ) -> tuple[Completion, float]:
        """One model call: waits for a slot, is traced, and is counted. Returns the seconds it took as well.

        Raises:
            ModelError: as the model raises it; ``BadCompletion`` for a reply without text, which is counted all the same.
        """
        async with self.shared.call_slots:
            number = next(self.shared.call_numbers)
            self.emit(events.CallStarted(call=number, role=role, model=model.name, messages=tuple(messages)))
            self.meter.call_started()
            started = time.monotonic()
            usage = None
            try:
                completion = await model.complete(messages, Sampling(seed=self.settings.seed))
                usage = completion.usage.of_model(model.name)
            except ModelError as error:
                self.emit(events.CallFailed(call=number, error=str(error), status=error.status))
                raise
            except asyncio.CancelledError:
                usage = _PERHAPS_BILLED
                self.emit(events.CallFailed(call=number, error="cancelled"))
                raise
            except Exception as error:
                self.emit(events.CallFailed(call=number, error=f"{type(error).__name__}: {error}"))
                raise
            finally:
                seconds = time.monotonic() - started
                self.meter.call_ended(seconds, usage)
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
            if not text:
                raise BadCompletion(
                    f"{model.name} answered with no text (it stopped for {completion.stop!r}); "
                    "a reasoning model may have spent all its tokens on thinking",
                    model=model.name,
                    request_id=completion.request_id,
                )
            return replace(completion, text=text), seconds
