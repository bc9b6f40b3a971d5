"""How a statement waits for a pending value: in place, or in a task of its own while the statements after it
run.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from .expressions import evaluate, truth
from .frames import Frame
from .pending import Pending, Steps, Touched
from .syntax import of_all
from .tasks import Memo, ScoutTask, Suspend, run_block


def patiently(make: Callable[[], Any], task: ScoutTask) -> Steps:
    """``make()``, tried again each time that a missing value has arrived. Calls of earlier tries are not made
    again.
    """
    before, task.memo = task.memo, Memo()
    memo = task.memo
    try:
        while True:
            task.memo = memo
            memo.rewind()
            try:
                return make()
            except Suspend as waits:
                missing = waits.pending
            except Touched as touched:
                missing = touched.pending
            task.memo = before
            yield missing
    finally:
        task.memo = before


def head(make: Callable[[], Any], task: ScoutTask) -> Steps:
    """The value of an expression at the head of a compound statement; waited for if the task is careful."""
    if task.strict:
        return (yield from patiently(make, task))
    return make()


def evaluated(node: ast.expr, frame: Frame, task: ScoutTask) -> Steps:
    """The value of an expression at the head of a compound statement, as ``head``."""
    return head(lambda: evaluate(node, frame, task), task)


def tested(node: ast.expr, frame: Frame, task: ScoutTask) -> Steps:
    """Whether a condition is true, as ``head``; pending if that is not known and the task is not careful."""
    return head(lambda: truth(task, evaluate(node, frame, task)), task)


def arrived(pending: Pending) -> Steps:
    """Wait for a pending value; ends with the value."""
    yield pending
    return pending.value


def run_separately(
    nodes: list[ast.stmt],
    frame: Frame,
    task: ScoutTask,
    steps: Callable[[ScoutTask, Frame], Steps],
    *,
    is_careful: bool = False,
) -> Any:
    """Run statements in a task of their own; if it has to wait, the statements after them continue.

    Args:
        nodes: the statements, by which it is known what the task may bind and change.
        frame: the scope that they are in.
        task: the task that they are in.
        steps: runs them, given their task and their frame.
        is_careful: whether each statement must wait for every value that it uses, as inside ``try``.

    Returns:
        How the block ended, as ``tasks.run_block``.
    """
    changed: frozenset[str] = frozenset().union(*(task.world.changed_by(node, frame) for node in nodes))
    return run_block(task, frame, of_all(nodes), changed, steps, is_careful=is_careful)
