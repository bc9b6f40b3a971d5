"""The values of comprehensions, whose items, tests and length may be pending, and generator expressions, whose
items are made when they are read. Adds both to what ``expressions`` evaluates.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from .assignment import assign
from .copies import copied, is_iterator
from .expressions import EVALUATORS, after, evaluate, truth
from .frames import Frame
from .lazy import END, NO_ITEM, Lazy, Plain, Slot, decided, lazy
from .operations import apply
from .pending import Pending, Steps, settle_parts
from .reading import listed
from .search import Search
from .syntax import facts
from .tasks import ScoutTask
from .world import Lost

Eager = ast.ListComp | ast.SetComp | ast.DictComp
Comprehension = Eager | ast.GeneratorExp


class GeneratorExpression(Lazy):
    """The iterator that a generator expression, or a comprehension over an iterator, stands for.

    Args:
        task: the block that it is in.
        node: its syntax.
        frame: the scope that it is in.
        source: the iterator of its first ``for``.
    """

    def __init__(self, task: ScoutTask, node: Comprehension, frame: Frame, source: Lazy) -> None:
        super().__init__(task, [source])
        self._node = node
        self._frames = [frame]
        first, *others = node.generators
        self._own_calls = task.world.may_call(facts(node))
        self.calls = self.calls or self._own_calls
        self.has_tests = source.has_tests or bool(node.generators[-1].ifs)
        self.waits = self.waits or (bool(others) and (source.has_tests or bool(first.ifs)) and self.calls)

    def _slot(self, task: ScoutTask, search: Search | None) -> Steps:
        try:
            while self._sources:
                task.world.step()
                slot = yield from self._sources[-1].slot(task, search)
                if slot is END:
                    self._sources, self._frames = self._sources[:-1], self._frames[:-1]
                elif (found := (yield from self._in_round(slot, task, search))) is not None:
                    return found
        except Exception:
            self.close()
            raise
        return END

    def whole(self, task: ScoutTask) -> Any:
        """See ``Lazy``."""
        source = self._sources[0] if len(self._sources) == len(self._node.generators) == 1 else None
        items = source.items() if type(source) is Plain else None
        if items is None or self._is_closed:
            return NotImplemented
        self.close()
        return _comprehension_over(items, self._node, self._frames[0], task)

    def _in_round(self, slot: Slot, task: ScoutTask, search: Search | None) -> Steps:
        """The slot that one round of the innermost loop makes; ``None`` if it makes none."""
        depth = len(self._sources)
        generator, is_last = self._node.generators[depth - 1], depth == len(self._node.generators)
        no_item = NO_ITEM if self._sources[-1].calls or self._may_call(generator.ifs, task) else None
        inner = Frame({}, self._frames[-1], is_block=True)
        if is_last and type(slot.test) is Pending:
            return self._late(slot, generator, inner, task)
        if not (yield from decided(slot.test, task, search, assumed=False)):
            return no_item
        assign(generator.target, slot.value, inner, task)
        test = _tests(generator.ifs, 0, inner, task)
        if test is False:
            return no_item
        if is_last:
            if type(test) is Pending:
                return Slot(after(test, self._node, inner, task, _if_passed(self._node)), test)
            return Slot(_element(self._node, inner, task))
        if not (yield from decided(test, task, search, assumed=False)):
            return no_item
        following = self._node.generators[depth]
        self._sources = [*self._sources, lazy(evaluate(following.iter, inner, task), task)]
        self._frames = [*self._frames, inner]
        return None

    def _late(self, slot: Slot, generator: ast.comprehension, inner: Frame, task: ScoutTask) -> Slot:
        """The slot that a round makes of one that may turn out to have no item."""

        def test(has_item: Any, frame: Frame, own: ScoutTask) -> Any:
            if not has_item:
                return False
            assign(generator.target, slot.value, frame, own)
            return _tests(generator.ifs, 0, frame, own)

        def element(has_item: Any, frame: Frame, own: ScoutTask) -> Any:
            if not has_item:
                return None
            assign(generator.target, slot.value, frame, own)
            return _element(self._node, frame, own)

        tested = truth(task, after(slot.test, self._node, inner, task, test))
        if type(tested) is not Pending:
            return NO_ITEM if not tested else Slot(element(True, inner, task))
        return Slot(after(tested, self._node, inner, task, element), tested)

    def _may_call(self, nodes: list[ast.expr], task: ScoutTask) -> bool:
        return self._own_calls and any(task.world.may_call(facts(node)) for node in nodes)

    def part(self, memo: dict[int, Any]) -> None:
        """See ``Lazy``. What its expressions change is copied."""
        super().part(memo)
        if not self._frames:
            return
        changed = self._task.world.changed_by(self._node, self._frames[0])
        if changed:
            names = facts(self._node).names
            self._frames = [copied(frame, names, changed, memo) for frame in self._frames]


def _generator_expression(node: ast.GeneratorExp, frame: Frame, task: ScoutTask) -> Any:
    def make() -> GeneratorExpression:
        if any(generator.is_async for generator in node.generators):
            raise Lost("an asynchronous generator expression")
        source = lazy(evaluate(node.generators[0].iter, frame, task), task)
        return GeneratorExpression(task, node, frame, source)

    if task.strict and task.memo is not None:
        return task.memo.once(node, make)
    return make()


def _comprehension(node: Eager, frame: Frame, task: ScoutTask) -> Any:
    return _comprehension_over(evaluate(node.generators[0].iter, frame, task), node, frame, task)


def _comprehension_over(over: Any, node: Comprehension, frame: Frame, task: ScoutTask) -> Any:
    if isinstance(over, Lazy) or (
        task.strict and is_iterator(over)
    ):  # it is not read again from its beginning
        made = GeneratorExpression(task, node, frame, lazy(over, task))
        return _collected(node, listed(made, task, node), task)
    items: list[Any] = []
    try:
        result = _generate(node, 0, over, items, frame, task)
    except _UnknownLength as stopped:
        return _once_arrived(stopped.items, over, node, frame, task)
    if type(result) is Pending:
        return result
    if any(type(slot) is _Maybe for slot in items):
        tests = [slot.test for slot in items if type(slot) is _Maybe]
        return apply(task, lambda *_: _collected(node, _passed(items), task), *tests)
    return _collected(node, items, task)


class _UnknownLength(Lost):
    """An inner loop of unknown length.

    Attributes:
        items: what it goes over.
    """

    def __init__(self, items: Pending) -> None:
        super().__init__("an inner loop of unknown length")
        self.items = items


def _once_arrived(items: Pending, over: Any, node: Comprehension, frame: Frame, task: ScoutTask) -> Any:
    """The result of a comprehension with an inner loop of unknown length: evaluated as a whole once all that it goes over has
    arrived.

    Raises:
        Lost: it calls models, so it would wait for them one after another, or it changes something, so it cannot be evaluated
            again from its beginning.
    """
    if task.strict or _may_call_inside(node, task) or task.world.changed_by(node, frame):
        raise Lost("an inner loop of unknown length")
    over = list(over) if type(over) is list else over  # as it is now
    arrived = apply(task, lambda *_: None, *(settle_parts([over])[0] or [items]))
    return after(
        arrived, node, frame, task, lambda _, inner, own: _comprehension_over(over, node, inner, own)
    )


def _may_call_inside(node: Comprehension, task: ScoutTask) -> bool:
    """Whether a comprehension calls models, other than for what it goes over."""
    elements = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    tests = [test for generator in node.generators for test in generator.ifs]
    loops = [generator.iter for generator in node.generators[1:]]
    return any(task.world.may_call(facts(each)) for each in (*elements, *tests, *loops))


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


def _collected(node: Comprehension, made: Any, task: ScoutTask) -> Any:
    if isinstance(node, ast.ListComp | ast.GeneratorExp):
        return made
    return apply(task, set if isinstance(node, ast.SetComp) else dict, made)


def _generate(
    node: Comprehension, depth: int, over: Any, made: list[Any], frame: Frame, task: ScoutTask
) -> Any:
    """Put the items of a comprehension into ``made``.

    Returns:
        ``None``; if even the number of items is pending, the pending value of the whole comprehension.
    """
    generator = node.generators[depth]
    if generator.is_async:
        raise Lost("an asynchronous comprehension")
    items = apply(task, iter, listed(over, task) if isinstance(over, Lazy) else over)
    if type(items) is Pending:
        if depth:
            raise _UnknownLength(items)
        return after(
            items, node, frame, task, lambda known, inner, own: _comprehension_over(known, node, inner, own)
        )
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
            over = evaluate(node.generators[depth + 1].iter, inner, task)
            if (late := _generate(node, depth + 1, over, made, inner, task)) is not None:
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


for _kind in (ast.ListComp, ast.SetComp, ast.DictComp):
    EVALUATORS[_kind] = _comprehension
EVALUATORS[ast.GeneratorExp] = _generator_expression
