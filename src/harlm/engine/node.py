"""A node: one call of ``solve``, with its place in the recursion and the account that pays for it."""

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
from harlm.engine.prefix import PrefixGate
from harlm.engine.run import Models, Run
from harlm.engine.timing import CallClock
from harlm.events import Event
from harlm.protocols import LanguageModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One node of a run's recursion. Passed explicitly to everything that works for it.

    Attributes:
        run: what all nodes share.
        models: of this node.
        account: pays for this node and all nodes below it.
        name, parent, depth: its place in the recursion, such as ``0.1``, ``0`` and 1; the root is ``0``.
        clock: measures the call time of this node and all nodes below it.
        branch: part of the key of reused replies, so that children asked the same can answer differently.
        lineage: tells the node from others of its run by what it and the nodes above were asked, in every attempt at the run; equal
            for nodes that cannot change anything.
        layered: the models with their layers, which pay from ``account``, by ``id`` and whether their calls may wait.
        most_depth: how deep the route lets this node's children recurse; ``None`` for as deep as the settings do.
        prefix: opened by the first reply to this node or to one below it; ``None`` if nothing waits for that.
        is_early: whether its calls were not made by a cell yet.
    """

    run: Run
    models: Models
    account: Account = field(default_factory=Account)
    name: str = "0"
    parent: str | None = None
    depth: int = 0
    clock: CallClock = field(default_factory=CallClock)
    branch: str = ""
    lineage: str = ""
    layered: dict[tuple[int, bool], LanguageModel] = field(default_factory=dict)
    prefix: PrefixGate | None = None
    most_depth: int | None = None
    is_early: bool = False
    _children: itertools.count[int] = field(default_factory=itertools.count)

    @property
    def settings(self) -> EngineSettings:
        """The settings of the run."""
        return self.run.settings

    @property
    def deepest(self) -> int:
        """The depth of the deepest node that may have a REPL of its own below this one."""
        most = self.settings.max_depth
        return most if self.most_depth is None else min(most, self.most_depth)

    @property
    def seconds_to_work(self) -> float:
        """Seconds until this node must stop working and finish; infinity without a limit."""
        account = self.account
        if math.isinf(account.ends):
            return math.inf
        total = account.seconds
        return account.seconds_left - (total - working_seconds(total, self.run.slowest_root_s))

    def child(
        self,
        root: LanguageModel | None = None,
        caps: Caps | None = None,
        sample: int = 0,
        lineage: str = "",
    ) -> Node:
        """A new node below this one.

        Args:
            root: the model that writes its code; this node's root model if ``None``.
            caps: the most that the child may use; no limit of its own if ``None``.
            sample: 0, 1, 2, … among children that were asked the same.
            lineage: of the child.
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
            lineage=lineage,
            prefix=self.prefix,
            most_depth=self.most_depth,
            is_early=self.is_early,
        )

    def fork(self, caps: Caps | None = None, prefix: PrefixGate | None = None) -> Node:
        """A node for one branch of this node's work. It is at the same depth and shares the replies of calls, so that
        branches do not pay twice for equal ones; its usage is counted apart.

        Args:
            caps: the most that the branch may use; no limit of its own if ``None``.
            prefix: opened by its first reply; ``None`` if no other branch waits for it.
        """
        return Node(
            run=self.run,
            models=self.models,
            account=self.account.purse(caps),
            name=f"{self.name}.{next(self._children)}",
            parent=self.name,
            depth=self.depth,
            clock=CallClock(self.clock),
            branch=self.branch,
            lineage=self.lineage,
            prefix=prefix,
            most_depth=self.most_depth,
        )

    def with_purse(self, *, is_early: bool = False) -> Node:
        """The same node with a purse: an account for some of its calls, inside the node's account.

        Args:
            is_early: whether no cell has made these calls yet.
        """
        return replace(self, account=self.account.purse(), layered={}, is_early=self.is_early or is_early)

    def emit(self, event: Event) -> None:
        """Stamp an event with its number, time, run and node, and send it to the run's sink."""
        run = self.run
        number = next(run.event_numbers)
        run.sink.emit(
            msgspec.structs.replace(
                event, seq=number, ts=time.time(), run=run.id, node=self.name, parent=self.parent
            )
        )

    def repl_slot(self) -> asyncio.Semaphore:
        """Held while a node below the root has a REPL open.

        There is one for each depth, so a node waits for deeper nodes only, and never in a circle.
        """
        return self.run.repl_slots[self.depth]
