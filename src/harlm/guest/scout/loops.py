"""``for`` and ``while``, with the look-ahead of a loop that a result may end."""

from __future__ import annotations

import ast
from contextlib import suppress
from typing import Any

from .assignment import assign
from .expressions import evaluate
from .frames import Frame
from .operations import apply
from .pending import Pending, Steps
from .search import Search, copied
from .syntax import breaks, continues, facts, may_end_by_result, of_all
from .tasks import Returned, ScoutTask
from .waiting import arrived, head, run_separately, tested

BREAK, CONTINUE = "break", "continue"
"""How a block may end, besides ``None`` and ``Returned``."""


def run_for(node: ast.For, frame: Frame, task: ScoutTask) -> Steps:
    """Follow a ``for``: with a look-ahead if a result may end it, else round by round."""
    known = facts(node)
    if task.strict or not may_end_by_result(node) or not task.world.may_call(known):
        return (yield from _plain_for(node, frame, task))
    if known.exits <= {"raise"}:
        return run_separately([node], frame, task, lambda own, inner: _search_rounds(node, inner, own))
    return (yield from _search_rounds(node, frame, task))


def _search_rounds(node: ast.For, frame: Frame, task: ScoutTask) -> Steps:
    """Follow a loop that a result may end, with a look-ahead."""
    iterator = apply(task, iter, evaluate(node.iter, frame, task))
    if type(iterator) is Pending:
        iterator = yield from arrived(iterator)
    items = list(iterator)
    before = task.search
    search = task.search = Search(before, is_eager=task.world.is_eager)
    _start_look_ahead(search, items, node, frame, task)
    try:
        return (yield from _run_rounds(items, node, frame, task, search))
    finally:
        search.has_ended = True
        task.search = before


def _start_look_ahead(search: Search, items: list[Any], node: ast.For, frame: Frame, task: ScoutTask) -> None:
    """Start the task that asks ahead of the loop."""
    ahead = ScoutTask(task.world, task)
    ahead.search, ahead.ahead_of, ahead.holds = search.outer, search, dict(task.holds)
    ahead.tries += 1  # an error here may come from its assumption, so it must not end the cell
    separate = copied(frame, facts(node).names, task.world.changed_by(node, frame))
    with suppress(Exception):
        ahead.start(_look_ahead_rounds(search, items, node, separate, ahead), lambda: lambda: None)


def _look_ahead_rounds(
    search: Search, items: list[Any], node: ast.For, frame: Frame, task: ScoutTask
) -> Steps:
    for number, item in enumerate(items):
        while not search.may_start(number):
            yield search.advance
        if search.has_ended:
            return None
        assign(node.target, item, frame, task)
        signal = yield from task.world.run(node.body, frame, task)
        if signal is BREAK or isinstance(signal, Returned):
            return None
    return None


def _plain_for(node: ast.For, frame: Frame, task: ScoutTask) -> Steps:
    items = yield from head(lambda: apply(task, iter, evaluate(node.iter, frame, task)), task)
    if type(items) is Pending:
        if not task.strict and facts(node).exits <= {"raise"}:
            return run_separately(
                [node], frame, task, lambda own, inner: _rounds_when_known(items, node, inner, own)
            )
        items = yield from arrived(items)
    return (yield from _run_rounds(items, node, frame, task))


def _rounds_when_known(pending: Pending, node: ast.For, frame: Frame, task: ScoutTask) -> Steps:
    items = yield from arrived(pending)
    return (yield from _run_rounds(items, node, frame, task))


def _run_rounds(
    items: Any, node: ast.For, frame: Frame, task: ScoutTask, search: Search | None = None
) -> Steps:
    is_separate = continues(node) and not breaks(node) and of_all(node.body).exits <= {"raise", "continue"}
    for item in items:
        assign(node.target, item, frame, task)
        if is_separate and not task.strict:
            signal = run_separately(
                node.body, frame, task, lambda own, inner: task.world.run(node.body, inner, own)
            )
        else:
            signal = yield from task.world.run(node.body, frame, task)
        if signal is BREAK:
            return None
        if isinstance(signal, Returned):
            return signal
        if search is not None:
            search.survived(task.world.ready)
        if task.is_main and task.world.is_time_for_others():
            yield None
    return (yield from task.world.run(node.orelse, frame, task))


def run_while(node: ast.While, frame: Frame, task: ScoutTask) -> Steps:
    """Follow a ``while``, in a task of its own if it may have to wait and nothing after it depends on how it
    ends.
    """
    known = facts(node)
    if not task.strict and known.exits <= {"raise"} and task.world.may_call(known) and breaks(node):
        return run_separately(
            [node], frame, task, lambda own, inner: _run_while(node, inner, own, may_pass=False)
        )
    return (yield from _run_while(node, frame, task, may_pass=True))


def _run_while(node: ast.While, frame: Frame, task: ScoutTask, *, may_pass: bool) -> Steps:
    while True:
        task.world.step()
        test = yield from tested(node.test, frame, task)
        if type(test) is Pending:
            if may_pass and not task.strict and facts(node).exits <= {"raise"}:
                return run_separately(
                    [node], frame, task, lambda own, inner: _run_while(node, inner, own, may_pass=False)
                )
            test = yield from arrived(test)
        if not test:
            return (yield from task.world.run(node.orelse, frame, task))
        signal = yield from task.world.run(node.body, frame, task)
        if signal is BREAK:
            return None
        if isinstance(signal, Returned):
            return signal
        if task.is_main and task.world.is_time_for_others():
            yield None
