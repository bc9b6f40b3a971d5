"""Applies one operation of Python to values, some of which may be pending. Decides which values must have
arrived first, and keeps changes of shared objects in order. Does not depend on syntax.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from .pending import Pending, Touched, joined, settle_parts, settled, with_values
from .tasks import ScoutTask, Suspend

_TRIES = 8  # times that an operation is tried because it turned out to need another value

Operation = Callable[..., Any]
"""Ordinary code, which gets values that have arrived."""


def apply(task: ScoutTask, operation: Operation, *values: Any) -> Any:
    """The result of ``operation(*values)``, which is pending if values that it needs have not arrived.

    Raises:
        Exception: whatever the operation raises.
        Suspend: a value has not arrived, and the task is careful.
    """
    if Pending in map(type, values):
        values = tuple(map(settled, values))
    return _done(task, operation, values, _missing(task, values))[0]


def change(task: ScoutTask, operation: Operation, target: Any, *values: Any, tolerant: bool = False) -> Any:
    """The result of ``operation(target, *values)``, which changes ``target``. If it has to wait, ``target``
    is held until it is done.

    Args:
        tolerant: whether the operation only stores the values, so that they may be pending.

    Raises:
        Exception: whatever the operation raises.
        Suspend: a value has not arrived, and the task is careful.
    """
    if type(target) is Pending or Pending in map(type, values):
        target, *values = map(settled, (target, *values))  # type: ignore[assignment] # a sequence either way
    missing = _missing(task, (target,) if tolerant else (target, *values))
    if missing is None and not tolerant:
        missing = settle_parts(values)[0] or None
    if missing is None and task.world.undo is not None:
        task.world.undo.before(target)
    result, is_late = _done(task, operation, (target, *values), missing, kept=1)
    if is_late:
        _hold(task, target, result)
    return result


def _hold(task: ScoutTask, target: Any, change: Pending) -> None:
    """Hold an object, or what arrives in its place, until it is changed."""
    task.holds[id(target)] = (target, change)
    if type(target) is Pending and not target.done:
        target.then(lambda: None if change.done else _hold(task, settled(target), change))


def _done(
    task: ScoutTask,
    operation: Operation,
    values: Sequence[Any],
    missing: list[Pending] | None,
    *,
    kept: int = 0,
) -> tuple[Any, bool]:
    """The result of an operation, and whether the operation was put off."""
    asked = task.world.asked
    while missing is None:
        try:
            return operation(*values), False
        except (Touched, Exception) as stopped:
            if task.world.asked != asked:  # a second try would make its calls again
                if isinstance(stopped, Touched):
                    return task.world.never, True
                raise
            missing = _needed(task, stopped, values) or None
            values = tuple(map(with_values, values))
    return put_off(task, operation, values, missing, kept=kept), True


def put_off(
    task: ScoutTask, operation: Operation, values: Sequence[Any], missing: list[Pending], *, kept: int = 0
) -> Pending:
    """The pending result of ``operation(*values)``, which is done as soon as all ``missing`` values have
    arrived.

    Args:
        kept: how many of the first values are used as they will be then; of the others, containers are copied
            now.

    Raises:
        Suspend: the task is careful.
    """
    if task.strict:
        raise Suspend(missing[0])
    held = task.holds  # an object that a waiting block changes is used as it will be then
    as_now = [value if id(value) in held else _as_now(value) for value in values[kept:]]
    late = _Late(task, operation, (*values[:kept], *as_now))
    late.wait(missing)
    return late.result


def wait_for(missing: list[Pending], then: Callable[[], object]) -> None:
    """Call ``then`` as soon as all ``missing`` values have arrived."""
    left = len(missing)

    def one_less() -> None:
        nonlocal left
        left -= 1
        if not left:
            then()

    for pending in missing:
        if pending.done:
            one_less()
        else:
            pending.then(one_less)


class _Late:
    """An operation that was put off until its values have arrived."""

    __slots__ = ("_missing", "_operation", "_task", "_tries_left", "_values", "result")

    def __init__(self, task: ScoutTask, operation: Operation, values: Sequence[Any]) -> None:
        self._task = task
        self._operation = operation
        self._values = values
        self._missing: list[Pending] = []
        self._tries_left = _TRIES
        self.result: Pending = Pending(task.sources)

    def wait(self, missing: list[Pending]) -> None:
        """Try again as soon as all ``missing`` values have arrived."""
        self._missing = missing
        self.result.sources = joined((self.result.sources, *(value.sources for value in missing)))
        wait_for(missing, self._try_again)

    def _try_again(self) -> None:
        if self._task.is_given_up:
            return
        ready = self._task.world.ready
        self.result.sources = joined((self.result.sources, *(value.sources for value in self._missing)))
        for missing_value in self._missing:
            if missing_value.error is not None:
                self.result.fail(missing_value.error, ready)
                return
        values = tuple(map(with_values, self._values))
        world = self._task.world
        asked = world.asked
        try:
            self.result.resolve(self._operation(*values), ready)
        except (Touched, Exception) as stopped:  # noqa: BLE001 - handled below
            if world.asked != asked and isinstance(stopped, Touched):
                return  # a second try would make its calls again, so the result stays pending
            self._tries_left -= 1
            try:
                missing = _needed(self._task, stopped, values) if self._tries_left else []
            except Exception as error:  # noqa: BLE001 - raised by the operation
                self._task.world.failed(error, self._task)
                self.result.fail(error, ready)
                return
            self._values = tuple(map(with_values, values))
            if missing:
                self.wait(missing)
            elif self._tries_left:
                self._missing = []
                self._try_again()


def _missing(task: ScoutTask, values: Sequence[Any]) -> list[Pending] | None:
    """The pending values among ``values``, and those that tell when held ones are free; ``None`` if there are
    none.
    """
    missing = None
    for value in values:
        if type(value) is Pending:
            if value.error is not None:
                raise value.error
            missing = [value] if missing is None else [*missing, value]
        if task.holds and (held := task.holds.get(id(value))) is not None:
            if held[1].done:
                del task.holds[id(value)]
            else:
                missing = [held[1]] if missing is None else [*missing, held[1]]
    return missing


def _needed(task: ScoutTask, stopped: BaseException, values: Sequence[Any]) -> list[Pending]:
    """The values that a stopped operation needs; empty if it can be tried again at once.

    Raises:
        Exception: ``stopped`` itself, if it has nothing to do with pending values.
    """
    missing, found = settle_parts(values)
    changes = [held[1] for value in missing if (held := task.holds.get(id(value))) is not None]
    missing += [change for change in changes if not change.done]
    if isinstance(stopped, Touched):
        if not missing and not stopped.pending.done:
            return [stopped.pending]
        if stopped.pending.error is not None:
            raise stopped.pending.error
        if stopped.pending.done and not found:
            task.world.settle_names()
        return missing
    if not missing and not found:
        raise stopped
    return missing


def _as_now(value: Any) -> Any:
    """A copy of a container, so that an operation that was put off does not see later changes."""
    kind = type(value)
    if kind in (list, dict, set, deque):
        return kind(value)
    return settled(value)
