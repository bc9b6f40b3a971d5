"""Blocks of a scout without a cell, for tests of its parts."""

from __future__ import annotations

import ast
from typing import Any

from harlm.guest.scout.expressions import evaluate
from harlm.guest.scout.pending import Pending
from harlm.guest.scout.statements import run
from harlm.guest.scout.tasks import ScoutTask
from harlm.guest.scout.world import Asking, World

FILE = "<cell 1>"


class Calls:
    """Takes the calls of a scout; replies arrive when a test says so."""

    def __init__(self) -> None:
        self.asked: list[Asking] = []
        self.replies: list[Pending] = []

    def ask(self, asking: Asking) -> Pending:
        self.asked.append(asking)
        self.replies.append(Pending(frozenset({len(self.asked)}), is_text=True))
        return self.replies[-1]


def llm_query(prompt: str, model: str | None = None) -> str:
    """Stands for the tool; ``Calls`` takes its calls."""
    raise AssertionError("a scout calls tools through its world only")


def task_over(
    calls: Calls | None = None, code: str = "", *, careful: bool = False, **names: Any
) -> ScoutTask:
    """The main task of a cell whose text is ``code`` and whose variables are ``names``."""
    world = World(
        {"__name__": "__main__", **names},
        {FILE: code},
        {"llm_query": llm_query},
        FILE,
        (calls or Calls()).ask,
        run,
    )
    task = ScoutTask(world, None)
    task.strict = int(careful)
    return task


def value_of(expression: str, task: ScoutTask) -> Any:
    """The value of an expression in the module of ``task``."""
    return evaluate(ast.parse(expression, mode="eval").body, task.world.frame, task)


def start(code: str, task: ScoutTask) -> None:
    """Follow statements until they end or wait."""
    task.start(run(ast.parse(code).body, task.world.frame, task), lambda: lambda: None)
    settle(task)


def settle(task: ScoutTask) -> None:
    """Let every step run that can."""
    while len(task.world.ready):
        task.world.ready.round()


def arrive(pending: Pending, value: object, task: ScoutTask) -> None:
    """Let a value arrive, and every step run that waited for it."""
    pending.resolve(value, task.world.ready)
    settle(task)
