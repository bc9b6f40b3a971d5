"""The values of comprehensions and generator expressions, whose items, tests and length may be pending. Adds
them to what ``expressions`` evaluates.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from .assignment import assign
from .expressions import EVALUATORS, after, evaluate, truth
from .frames import Frame
from .operations import apply
from .pending import Pending
from .tasks import ScoutTask
from .world import Lost

Comprehension = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp


class Items(list[Any]):
    """All items of a generator expression, made at once; ``next`` takes them one by one."""

    _at = 0

    def __next__(self) -> Any:
        if self._at >= len(self):
            raise StopIteration
        self._at += 1
        return self[self._at - 1]


def _comprehension(node: Comprehension, frame: Frame, task: ScoutTask) -> Any:
    made: list[Any] = []
    result = _generate(node, 0, made, frame, task)
    if type(result) is Pending:
        return result
    if any(type(slot) is _Maybe for slot in made):
        tests = [slot.test for slot in made if type(slot) is _Maybe]
        return apply(task, lambda *_: _collected(node, _passed(made), task), *tests)
    return _collected(node, made, task)


class _Maybe:
    """An item that belongs to the result only if a pending test is true."""

    __slots__ = ("test", "value")

    def __init__(self, test: Pending, value: Any) -> None:
        self.test = test
        self.value = value


def _passed(made: list[Any]) -> list[Any]:
    return [
        slot.value if type(slot) is _Maybe else slot
        for slot in made
        if type(slot) is not _Maybe or slot.test.value
    ]


def _collected(node: Comprehension, made: list[Any], task: ScoutTask) -> Any:
    if isinstance(node, ast.ListComp):
        return made
    if isinstance(node, ast.GeneratorExp):
        return Items(made)
    return apply(task, set if isinstance(node, ast.SetComp) else dict, made)


def _generate(node: Comprehension, depth: int, made: list[Any], frame: Frame, task: ScoutTask) -> Any:
    """Put the items of a comprehension into ``made``.

    Returns:
        ``None``; if even the number of items is pending, the pending value of the whole comprehension.
    """
    generator = node.generators[depth]
    if generator.is_async:
        raise Lost("an asynchronous comprehension")
    items = apply(task, iter, evaluate(generator.iter, frame, task))
    if type(items) is Pending:
        if depth:
            raise Lost("an inner loop of unknown length")
        return after(items, node, frame, task, lambda _, inner, own: _comprehension(node, inner, own))
    for item in items:
        task.world.step()
        inner = Frame({}, frame, is_block=True)
        assign(generator.target, item, inner, task)
        test = _tests(generator.ifs, 0, inner, task)
        if test is False:
            continue
        if type(test) is Pending:
            if depth < len(node.generators) - 1:
                raise Lost("an inner loop that depends on a pending test")
            made.append(_Maybe(test, after(test, node, inner, task, _if_passed(node))))
        elif depth < len(node.generators) - 1:
            if (late := _generate(node, depth + 1, made, inner, task)) is not None:
                raise Lost(repr(late))
        else:
            made.append(_element(node, inner, task))
    return None


def _if_passed(node: Comprehension) -> Callable[[Any, Frame, ScoutTask], Any]:
    return lambda passed, inner, own: _element(node, inner, own) if passed else None


def _tests(tests: list[ast.expr], at: int, frame: Frame, task: ScoutTask) -> Any:
    """Whether an item passes all tests from number ``at`` on; pending if that is not known yet."""
    for number in range(at, len(tests)):
        test = truth(task, evaluate(tests[number], frame, task))
        if test is False:
            return False
        if type(test) is Pending:
            if number == len(tests) - 1:
                return test
            rest = ast.BoolOp(op=ast.And(), values=tests[number:])
            return truth(task, evaluate(rest, frame, task))
    return True


def _element(node: Comprehension, frame: Frame, task: ScoutTask) -> Any:
    if isinstance(node, ast.DictComp):
        return (evaluate(node.key, frame, task), evaluate(node.value, frame, task))
    return evaluate(node.elt, frame, task)


for _kind in (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp):
    EVALUATORS[_kind] = _comprehension
