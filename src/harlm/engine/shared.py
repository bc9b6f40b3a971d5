"""What all nodes of one run have in common: its models, its sockets, its slots. Knows no node."""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from harlm.budget import Till
from harlm.config import Engine, Remembering
from harlm.events import Event
from harlm.memory import Memory, RamStore, Reuse
from harlm.protocols import LanguageModel, Router, Sandbox, TraceSink

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
        remembering: how much is shown of what was found out.
        memory: what was found out; by default it is forgotten with the run.
        reuse: replies that need not be asked for again; None to ask always.
        identity_of: what a model's replies may be reused by; None where they must not be.
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
        remembering: Remembering | None = None,
        memory: Memory | None = None,
        reuse: Reuse | None = None,
        identity_of: Callable[[LanguageModel], str | None] = lambda _: None,
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
        self.remembering = remembering or Remembering()
        self.memory = Memory(RamStore(), run=run_id) if memory is None else memory
        self.goal = self.memory.goal
        self.reuse = reuse
        self.identity_of = identity_of
        self.call_slots = asyncio.Semaphore(settings.concurrency)
        self.repl_slots: defaultdict[int, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(open_repls)
        )
        self.event_numbers = itertools.count(1)
        self.call_numbers = itertools.count(1)
