"""One ``solve``: where it stands in the recursion, and what it is paid from."""

from __future__ import annotations

import asyncio
import itertools
import math
import time
from dataclasses import dataclass, field, replace

import msgspec

from harlm.budget import Account, Caps
from harlm.budget.finishing import working_seconds
from harlm.config import EngineSettings
from harlm.engine.run import Models, Run
from harlm.engine.timing import CallClock
from harlm.events import Event
from harlm.protocols import LanguageModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One node of a run's recursion. Passed explicitly to whatever works for it.

    Attributes:
        run: what all nodes share.
        models: of this node.
        account: what this node and all below it are paid from.
        name, parent, depth: where this node stands; the root is ``0``.
        clock: call time of this node and all below it.
        branch: keeps nodes apart that were asked the same to get different answers.
    """

    run: Run
    models: Models
    account: Account = field(default_factory=Account)
    name: str = "0"
    parent: str | None = None
    depth: int = 0
    clock: CallClock = field(default_factory=CallClock)
    branch: str = ""
    _children: itertools.count[int] = field(default_factory=itertools.count)

    @property
    def settings(self) -> EngineSettings:
        """The settings of the run."""
        return self.run.settings

    @property
    def seconds_to_work(self) -> float:
        """Seconds until this node must stop working and finish; infinity without a limit."""
        account = self.account
        if math.isinf(account.ends):
            return math.inf
        total = account.seconds
        return account.seconds_left - (total - working_seconds(total, self.run.slowest_root_s))

    def child(self, root: LanguageModel | None = None, caps: Caps | None = None, sample: int = 0) -> Node:
        """A new node below this one.

        Args:
            root: writes its code; this node's root model if ``None``.
            caps: what the child may use at most.
            sample: 0, 1, 2, … among children that were asked the same.
        """
        return Node(
            run=self.run,
            models=self.models if root is None else replace(self.models, root=root),
            account=self.account.child(caps),
            name=f"{self.name}.{next(self._children)}",
            parent=self.name,
            depth=self.depth + 1,
            clock=CallClock(self.clock),
            branch=f"{self.branch}/{sample}" if sample else self.branch,
        )

    def with_purse(self) -> Node:
        """The same node, with an account of its own for some of its calls."""
        return replace(self, account=self.account.purse())

    def emit(self, event: Event) -> None:
        """Stamp an event with its place in the run, and hand it to the sink."""
        run = self.run
        number = next(run.event_numbers)
        run.sink.emit(
            msgspec.structs.replace(
                event, seq=number, ts=time.time(), run=run.id, node=self.name, parent=self.parent
            )
        )

    def repl_slot(self) -> asyncio.Semaphore:
        """Held while a node below the root has a REPL open. A node waits only for deeper ones, never in a circle."""
        return self.run.repl_slots[self.depth]
