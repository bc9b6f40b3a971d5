"""Draws two first replies of the root model at once, and takes the one whose code promises more.

The first reply decides how a task is worked on. Nothing is run to compare two: the code of each is analysed. If the
reply that arrives first leaves nothing to be wished for, the other is cancelled; otherwise both are waited for.
"""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace

from harlm import events
from harlm.budget.pressure import NO_SPECULATION
from harlm.cleanup import all_ended
from harlm.engine.call import Call, make
from harlm.engine.node import Node
from harlm.engine.root_reply import RootReply, root_reply_in
from harlm.errors import LimitExceeded, ModelError
from harlm.scheduler.analysis import LONGEST_CELL, EarlierCells
from harlm.syntax import parsed
from harlm.types import Completion, Mode

_FINISHES = ("FINAL", "FINAL_VAR", "SUBMIT")
_READS = ("context", "search")  # names by which a cell gets at the text
_DRAW = "first reply"  # the name of the choice between two in the run's journal
_SECOND = 1  # the sample of the second draw, which is sent with a temperature


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Promise:
    """What the code of a first reply promises. The fields are compared in their order.

    Attributes:
        is_code: there is code, all of it arrived, and it can be parsed.
        reads: it uses the context.
        calls: it calls models; in *repl* mode, which has none, true.
        covers: it loops or calls in batches over more than a fixed part of the context.
        soundness: the negative number of faults that can be foreseen: calls that wait for one another in a loop, and a finish
            before any output was seen.
    """

    is_code: bool = False
    reads: bool = False
    calls: bool = False
    covers: bool = False
    soundness: int = 0

    @property
    def is_full(self) -> bool:
        """Whether nothing is left to be wished for."""
        return self.is_code and self.reads and self.calls and self.covers and not self.soundness


def promise_of(said: RootReply, mode: Mode) -> Promise:
    """What a first reply promises in *repl* or *full* mode."""
    cells = said.reply.cells
    if not cells or said.cut or any(len(cell) > LONGEST_CELL for cell in cells):
        return Promise()
    earlier, sites, faults = EarlierCells(), 0, 0
    is_many = False
    trees: list[ast.Module] = []
    for cell in cells:
        try:
            trees.append(parsed(cell))
            plan = earlier.plan_of(cell)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return Promise()
        earlier.add(cell)
        sites += len(plan.sites)
        faults += sum(bool(site.steps) for site in plan.sites)
        is_many |= any(site.is_many for site in plan.sites)
    names = {node.id for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Name)}
    calls_none = mode != "full"
    return Promise(
        is_code=True,
        reads=not names.isdisjoint(_READS),
        calls=calls_none or sites > 0,
        covers=(is_many or (calls_none and _has_loop(trees))) and not _reads_a_part_only(trees),
        soundness=-(faults + (not names.isdisjoint(_FINISHES))),
    )


async def first_reply(node: Node, call: Call, mode: Mode) -> Completion:
    """The first reply to a node's root model: the better of two, if branches are allowed and the budget is not nearly
    spent; otherwise the only one.

    Raises:
        ModelError, LimitExceeded: as the first call raises it, if the second has no reply either.
    """
    if node.settings.branches < 2 or node.parent is not None or node.account.pressure >= NO_SPECULATION:
        return (await make(node, call))[0]
    drawn = node.run.journal.choice(node.name, _DRAW)
    if drawn is not None:  # by an earlier attempt, which took this reply
        return (await make(node, replace(call, sample=int(drawn) * _SECOND)))[0]
    unheard = replace(
        call, on_text=None, is_enough=None
    )  # nothing is run early for a reply that may not be taken
    draws = {
        asyncio.create_task(_drawn(payer, each)): payer
        for payer, each in (
            (node.with_purse(), unheard),
            (node.with_purse(), replace(unheard, sample=_SECOND)),
        )
    }
    began = asyncio.get_running_loop().time()
    try:
        best = await _best(tuple(draws), mode)
        node.run.journal.choose(node.name, _DRAW, str(tuple(draws).index(best)))
    finally:
        for task in draws:
            task.cancel()
        await all_ended(draws)
    node.emit(_raced(node, draws, best, asyncio.get_running_loop().time() - began))
    return best.result()


async def _drawn(payer: Node, call: Call) -> Completion:
    return (await make(payer, call))[0]


async def _best(draws: tuple[asyncio.Task[Completion], ...], mode: Mode) -> asyncio.Task[Completion]:
    """The draw with the better code; the first one if none has a reply."""
    waiting, promises = set(draws), dict[asyncio.Task[Completion], Promise]()
    while waiting:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in sorted(done, key=draws.index):
            error = task.exception()
            if error is None:
                promises[task] = promise_of(root_reply_in(task.result()), mode)
            elif not isinstance(error, ModelError | LimitExceeded) or _concerns_both(error):
                return task
        if any(promise.is_full for promise in promises.values()):
            break
    return max(promises, key=promises.__getitem__) if promises else draws[0]


def _concerns_both(error: ModelError | LimitExceeded) -> bool:
    """Whether the other draw must fail as well: the key was refused."""
    return isinstance(error, ModelError) and error.is_about_access


def _raced(
    node: Node, draws: Mapping[asyncio.Task[Completion], Node], best: asyncio.Task[Completion], seconds: float
) -> events.Raced:
    branches = []
    for number, (task, payer) in enumerate(draws.items(), start=1):
        usage, error = payer.account.usage, None if task.cancelled() else task.exception()
        branches.append(
            events.RacedBranch(
                strategy=f"first reply {number}",
                node=node.name,
                status="cancelled"
                if task.cancelled()
                else "failed"
                if error
                else "won"
                if task is best
                else "beaten",
                seconds=round(seconds, 6),
                calls=usage.calls,
                tokens=usage.input_tokens + usage.output_tokens,
                cost_micros=usage.cost_micros,
                reason="" if error is None else str(error),
            )
        )
    won = next((each.strategy for each in branches if each.status == "won"), None)
    return events.Raced(
        branches=tuple(branches),
        winner=won,
        stopped_by="best" if won else "failure",
        seconds=round(seconds, 6),
    )


def _has_loop(trees: list[ast.Module]) -> bool:
    loops = (ast.For, ast.While, ast.comprehension)
    return any(isinstance(node, loops) for tree in trees for node in ast.walk(tree))


def _reads_a_part_only(trees: list[ast.Module]) -> bool:
    """Whether every use of ``context`` takes an item or a slice with fixed bounds, such as ``context[:3000]``."""
    uses = fixed = 0
    for tree in trees:
        for node in ast.walk(tree):
            uses += isinstance(node, ast.Name) and node.id == "context"
            if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
                fixed += node.value.id == "context" and _is_fixed(node.slice)
    return 0 < uses <= fixed


def _is_fixed(place: ast.expr) -> bool:
    if isinstance(place, ast.Slice):
        return place.upper is not None and _is_fixed(place.upper)
    return isinstance(place.operand if isinstance(place, ast.UnaryOp) else place, ast.Constant)
