"""Generator functions that cells defined and that may call models: followed statement by statement, as far as
they are read.
"""

from __future__ import annotations

import ast
from typing import Any

from .copies import Unforkable, copied, is_iterator
from .expressions import evaluate
from .frames import Frame
from .lazy import END, Lazy, Slot, decided, lazy
from .pending import Steps, Yielded, joined
from .search import Search
from .syntax import Function
from .tasks import ScoutTask
from .waiting import head
from .world import facts_of_body


class Produced(Lazy):
    """The iterator that a call of a generator function returns.

    Args:
        task: the block that calls.
        text: the function's syntax.
        frame: a scope with its arguments.
    """

    def __init__(self, task: ScoutTask, text: Function, frame: Frame) -> None:
        given = [value for value in frame.names.values() if isinstance(value, Lazy)]
        super().__init__(task, given)
        known = facts_of_body(text)
        self._text = text
        self._frame = frame
        self._steps: Steps | None = None
        self._own = self._body_of(task)
        self.calls = self.calls or task.world.may_call(known)
        self.waits = True
        self.has_end = False

    @staticmethod
    def _body_of(task: ScoutTask) -> ScoutTask:
        own = ScoutTask(task.world, task)
        own.strict, own.gives = 0, True
        return own

    def _slot(self, task: ScoutTask, search: Search | None) -> Steps:
        own = self._own
        own.search, own.ahead_of, own.holds = task.search, task.ahead_of, task.holds
        own.sources = joined((own.sources, task.sources))
        if self._steps is None:
            assert not isinstance(self._text, ast.Lambda)
            self._steps = task.world.run(self._text.body, self._frame, own)
        error: Exception | None = None
        try:
            while True:
                try:
                    step = self._steps.send(None) if error is None else self._steps.throw(error)
                except StopIteration:
                    return END
                if type(step) is Yielded:
                    return Slot(step.value)
                error = None
                try:
                    yield step
                except Exception as raised:  # noqa: BLE001 - raised inside the function
                    error = raised
        except Exception:
            self.close()
            raise

    def parts(self) -> list[Any]:
        """See ``Lazy``. All iterators that its names hold count."""
        held = [value for value in self._frame.names.values() if is_iterator(value)]
        return [
            self,
            *(part for value in held for part in (value.parts() if isinstance(value, Lazy) else [value])),
        ]

    def fork(self, memo: dict[int, Any]) -> Lazy:
        """See ``Lazy``."""
        if self._steps is not None:
            raise Unforkable
        return super().fork(memo)

    def part(self, memo: dict[int, Any]) -> None:
        """See ``Lazy``. What the function changes is copied."""
        known = facts_of_body(self._text)
        names = {name: _separate(value, memo) for name, value in self._frame.names.items()}
        outer = self._frame.outer
        frame = Frame(names, outer, shared=self._frame.shared, world=self._frame.world)
        self._frame = copied(frame, known.names | names.keys(), known.changed, memo)
        self._frame.is_block = False
        self._own = self._body_of(self._task)


def _separate(value: Any, memo: dict[int, Any]) -> Any:
    return value.fork(memo) if isinstance(value, Lazy) else value


def produce(statement: ast.stmt, frame: Frame, task: ScoutTask) -> Steps:
    """Follow a simple statement with a ``yield`` in it."""
    node = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(node, ast.Yield | ast.YieldFrom):
        yield task.world.never  # what is sent to a generator is not followed
        return
    if isinstance(node, ast.Yield):
        value = None
        if (given := node.value) is not None:
            value = yield from head(lambda: evaluate(given, frame, task), task)
        yield Yielded(value)
        return
    source = yield from head(lambda: lazy(evaluate(node.value, frame, task), task), task)
    while (slot := (yield from source.slot(task, None))) is not END:
        if (yield from decided(slot.test, task, None, assumed=False)):
            yield Yielded(slot.value)
