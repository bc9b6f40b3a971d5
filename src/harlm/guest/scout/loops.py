"""``for`` and ``while``, with the look-ahead of a loop that a result may end."""

from __future__ import annotations

import ast
import functools
from collections import deque
from contextlib import suppress
from typing import Any

from .assignment import assign
from .copies import Unforkable, copied
from .expressions import evaluate
from .frames import Frame
from .lazy import (
    END,
    Lazy,
    Plain,
    Slot,
    Slots,
    decided,
    end_search,
    freed,
    last_search,
    lazy,
    read,
    resumed,
    with_item,
)
from .operations import wait_for
from .pending import Pending, Steps, settled
from .reading import look_ahead, slots_of
from .search import Search
from .syntax import breaks, continues, facts, may_end_by_result, of_all
from .tasks import Returned, ScoutTask
from .waiting import arrived, head, run_separately, truth_of

BREAK, CONTINUE = "break", "continue"
"""How a block may end, besides ``None`` and ``Returned``."""


def run_for(node: ast.For, frame: Frame, task: ScoutTask) -> Steps:
    """Follow a ``for``: with a look-ahead if a result may end it, else round by round."""
    known = facts(node)
    if "yield" in known.exits:  # how far a generator function is followed is up to its reader
        source = yield from head(lambda: lazy(evaluate(node.iter, frame, task), task), task)
        return (yield from _run_rounds(source, node, frame, task))
    if not task.strict and may_end_by_result(node) and task.world.may_call(known):
        if known.exits <= {"raise"}:
            return run_separately([node], frame, task, lambda own, inner: _search_over(node, inner, own))
        return (yield from _search_over(node, frame, task))
    return (yield from _plain_for(node, frame, task))


def _search_over(node: ast.For, frame: Frame, task: ScoutTask) -> Steps:
    source = lazy(evaluate(node.iter, frame, task), task)
    return (yield from _search_rounds(source, node, frame, task))


def _search_rounds(source: Lazy, node: ast.For, frame: Frame, task: ScoutTask) -> Steps:
    """Follow a loop that a result may end, with a look-ahead."""
    yield from freed(source, task)
    if task.ahead_of is not None:  # it assumes that no loop ends, so it waits for nothing
        return (yield from _run_rounds(source, node, frame, task))
    before = task.search
    search = Search(before, task.world.ready, is_eager=task.world.is_eager, last=last_search(source))
    with suppress(Unforkable):
        memo: dict[int, Any] = {}
        fork = source.fork(memo)
        separate = copied(frame, facts(node).names, task.world.changed_by(node, frame), memo)
        look_ahead(search, task, lambda ahead: _look_ahead_rounds(search, fork, node, separate, ahead))
    task.search = search
    try:
        return (yield from _run_rounds(source, node, frame, task, search))
    finally:
        end_search(search, source)
        task.search = before
        if isinstance(source, Plain) and source.is_ahead:
            # Its next items have been taken from it already, so who else reads it is left to the cell.
            task.holds.update((id(part), (part, task.world.never)) for part in source.parts())


def _look_ahead_rounds(search: Search, fork: Lazy, node: ast.For, frame: Frame, task: ScoutTask) -> Steps:
    """Follow the rounds of a loop that is assumed not to end. While it is not known whether a slot has an
    item, the slots after it are made.
    """
    waiting: deque[Slot] = deque()
    is_first, has_more = True, True
    while waiting or has_more:
        test = settled(waiting[0].test) if waiting else None
        if type(test) is bool:
            slot = waiting.popleft()
            if not test:
                continue
            assign(node.target, slot.value, frame, task)
            signal = yield from task.world.run(node.body, frame, task)
            if signal is BREAK or isinstance(signal, Returned):
                return None
        elif type(test) is Pending and test.done:
            yield test  # its error is raised here
        elif has_more and (is_first or search.may_start()):
            if not is_first:
                search.started()
            is_first = False
            slot = yield from fork.slot(task, search)
            has_more = slot is not END
            waiting.extend([slot] if has_more else [])
        else:
            yield _either(test, search.advance, task) if waiting else search.advance
    return None


def _either(a: Any, b: Pending, task: ScoutTask) -> Pending:
    """Arrives when one of two pending values has arrived."""
    one = Pending()

    def arrive() -> None:
        if not one.done:
            one.resolve(None, task.world.ready)

    for each in (a, b):
        wait_for([each], arrive)
    return one


def _plain_for(node: ast.For, frame: Frame, task: ScoutTask) -> Steps:
    over = yield from head(lambda: lazy(evaluate(node.iter, frame, task), task), task)
    is_alone = not task.strict and facts(node).exits <= {"raise"}
    if not task.strict and over.calls and (over.waits or may_end_by_result(node)):
        if is_alone:
            return run_separately(
                [node], frame, task, lambda own, inner: _search_rounds(over, node, inner, own)
            )
        return (yield from _search_rounds(over, node, frame, task))
    if is_alone and isinstance(over, Plain) and over.is_late:
        return run_separately([node], frame, task, lambda own, inner: _run_rounds(over, node, inner, own))
    yield from freed(over, task)
    with resumed(over, task):
        return (yield from _run_rounds(over, node, frame, task))


def _run_rounds(
    source: Lazy, node: ast.For, frame: Frame, task: ScoutTask, search: Search | None = None
) -> Steps:
    body = of_all(node.body)
    is_separate = continues(node) and not breaks(node) and body.exits <= {"raise", "continue"}
    items = source.items() if type(source) is Plain else None
    while True:
        if items is None:
            value = yield from _next_value(source, node, task, search)
        else:
            value = next(items, END)
        if value is END:
            return (yield from task.world.run(node.orelse, frame, task))
        if type(value) is Slots:
            return run_separately([node], frame, task, functools.partial(_rounds_of, value, node))
        assign(node.target, value, frame, task)
        if is_separate and not task.strict:
            signal = run_separately(node.body, frame, task, functools.partial(_body, node))
        else:
            signal = yield from task.world.run(node.body, frame, task)
        if signal is BREAK or isinstance(signal, Returned):
            return None if signal is BREAK else signal
        if search is not None:
            search.survived()
        if task.ahead_of is not None:
            yield from _in_window(task)
        elif task.is_main and task.world.is_time_for_others():
            yield None


def _next_value(source: Lazy, node: ast.For, task: ScoutTask, search: Search | None) -> Steps:
    """The next item; ``END`` if there is none. If all items are read, and it depends on a reply which there are:
    the slots of all that are left, so that they are asked for now.
    """
    is_alone = search is None and not task.strict and facts(node).exits <= {"raise"}
    while (slot := (yield from _next_slot(source, task, search))) is not END:
        if type(slot.test) is Pending and is_alone and not isinstance(source, Slots):
            return Slots(task, [slot, *(yield from slots_of(source, task, None))])
        if (yield from decided(slot.test, task, search, assumed=False)):
            return slot.value
        if search is not None:
            search.survived()
    return END


def _body(node: ast.For, task: ScoutTask, frame: Frame) -> Steps:
    return (yield from task.world.run(node.body, frame, task))


def _in_window(task: ScoutTask) -> Steps:
    """Wait until a look-ahead may ask more, also inside one of its rounds."""
    while task.ahead_of is not None and not task.ahead_of.may_go_on():
        yield task.ahead_of.advance


def _rounds_of(source: Lazy, node: ast.For, task: ScoutTask, frame: Frame) -> Steps:
    return (yield from _run_rounds(source, node, frame, task))


def _next_slot(source: Lazy, task: ScoutTask, search: Search | None) -> Steps:
    """The next slot; in a task of its own, and without a test, if this one is careful."""
    if not task.strict or type(source) is Plain:
        return (yield from source.slot(task, search))
    reader = read(source, task, lambda own: with_item(source, own, None))
    if not reader.is_done:
        yield reader.result
        return reader.result.value
    return reader.outcome


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


def _rest_of_while(node: ast.While, tested: Pending, task: ScoutTask, frame: Frame) -> Steps:
    return (yield from _run_while(node, frame, task, may_pass=False, tested=tested))


def _run_while(
    node: ast.While, frame: Frame, task: ScoutTask, *, may_pass: bool, tested: Pending | None = None
) -> Steps:
    """Follow the rounds of a ``while``.

    Args:
        node: the loop.
        frame: the scope that it is in.
        task: the block that it is in.
        may_pass: whether the statements after it may run before it ends.
        tested: the first test, if that has been evaluated.
    """
    before, search = task.search, None
    try:
        while True:
            task.world.step()
            test = tested if tested is not None else (yield from truth_of(node.test, frame, task))
            tested = None
            if type(test) is Pending:
                if may_pass and not task.strict and facts(node).exits <= {"raise"}:
                    return run_separately([node], frame, task, functools.partial(_rest_of_while, node, test))
                if search is None and _may_look_ahead(node, task):
                    search = task.search = _search_of_while(node, frame, task)
                test = yield from arrived(test)
            if not test:
                return (yield from task.world.run(node.orelse, frame, task))
            signal = yield from task.world.run(node.body, frame, task)
            if signal is BREAK:
                return None
            if isinstance(signal, Returned):
                return signal
            if search is not None:
                search.survived()
            yield from _in_window(task)
            if task.is_main and task.world.is_time_for_others():
                yield None
    finally:
        if search is not None:
            search.end()
            task.search = before


def _may_look_ahead(node: ast.While, task: ScoutTask) -> bool:
    """Whether the rounds of a ``while``, but not its test, make calls that may be asked for ahead."""
    may_call = task.world.may_call
    return (
        task.ahead_of is None
        and not task.strict
        and may_call(of_all(node.body))
        and not may_call(facts(node.test))
    )


def _search_of_while(node: ast.While, frame: Frame, task: ScoutTask) -> Search:
    """A look-ahead of a ``while`` whose test waits for a reply: it assumes that no reply changes what the test reads."""
    search = Search(task.search, task.world.ready, is_eager=task.world.is_eager, skips=True)
    with suppress(Unforkable):
        separate = copied(frame, facts(node).names, task.world.changed_by(node, frame))
        look_ahead(search, task, lambda ahead: _look_ahead_while(search, node, separate, ahead))
    return search


def _look_ahead_while(search: Search, node: ast.While, frame: Frame, task: ScoutTask) -> Steps:
    """Follow the rounds of a ``while`` that is assumed not to be changed by replies."""
    while True:
        while not search.may_start():
            yield search.advance
        search.started()
        test = yield from truth_of(node.test, frame, task)
        if type(test) is Pending or not test:
            return None
        signal = yield from task.world.run(node.body, frame, task)
        if signal is BREAK or isinstance(signal, Returned):
            return None
