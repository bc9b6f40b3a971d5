"""How a statement waits for a pending value: in place, or in a task of its own while the statements after it run."""

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
    """``make()``, which is tried again each time that something was missing and has come."""
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
    """What stands at the head of a compound statement."""
    if task.strict:
        return (yield from patiently(make, task))
    return make()


def evaluated(node: ast.expr, frame: Frame, task: ScoutTask) -> Steps:
    return head(lambda: evaluate(node, frame, task), task)


def tested(node: ast.expr, frame: Frame, task: ScoutTask) -> Steps:
    return head(lambda: truth(task, evaluate(node, frame, task)), task)


def arrived(pending: Pending) -> Steps:
    """The value of what is waited for."""
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
    """Run statements in a task of their own."""
    changed: frozenset[str] = frozenset().union(*(task.world.changed_by(node, frame) for node in nodes))
    return run_block(task, frame, of_all(nodes), changed, steps, is_careful=is_careful)
