"""One operation of Python, on values of which some are not there yet. Knows what must be there before an operation can be
done, and what it does to shared objects; refuses to know syntax.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from .pending import Pending, Touched, joined, settle_parts, settled, with_values
from .tasks import ScoutTask, Suspend

_AGAIN = 8  # times that an operation may turn out to need still another value

Operation = Callable[..., Any]


def apply(task: ScoutTask, operation: Operation, *values: Any) -> Any:
    """``operation(*values)``, or a pending value where it cannot be told yet.

    Raises:
        Exception: as the operation does.
        Suspend: something is missing, and the task is careful.
    """
    if Pending in map(type, values):
        values = tuple(map(settled, values))
    return _done(task, operation, values, _missing(task, values))[0]


def change(task: ScoutTask, operation: Operation, target: Any, *values: Any, tolerant: bool = False) -> Any:
    """``operation(target, *values)``, which changes ``target``. Where it has to wait, ``target`` is held until it is done.

    Args:
        tolerant: whether the operation only stores the values, so that they need not be there.

    Raises:
        as ``apply``.
    """
    if type(target) is Pending or Pending in map(type, values):
        target, *values = map(settled, (target, *values))  # type: ignore[assignment] # a sequence either way
    missing = _missing(task, (target,) if tolerant else (target, *values))
    if missing is None and not tolerant:
        missing = settle_parts(values)[0] or None
    result, is_late = _done(task, operation, (target, *values), missing, kept=1)
    if is_late:
        task.holds[id(target)] = (target, result)
    return result


def _done(
    task: ScoutTask,
    operation: Operation,
    values: Sequence[Any],
    missing: list[Pending] | None,
    *,
    kept: int = 0,
) -> tuple[Any, bool]:
    """What an operation comes to, and whether that is late."""
    asked = task.world.asked
    while missing is None:
        try:
            return operation(*values), False
        except (Touched, Exception) as stopped:
            if task.world.asked != asked:  # tried again, it would ask again
                if isinstance(stopped, Touched):
                    return task.world.never, True
                raise
            missing = _needed(task, stopped, values) or None
    return put_off(task, operation, values, missing, kept=kept), True


def put_off(
    task: ScoutTask, operation: Operation, values: Sequence[Any], missing: list[Pending], *, kept: int = 0
) -> Pending:
    """What ``operation(*values)`` comes to when all that is ``missing`` is there.

    Args:
        kept: how many of the values are taken as they are then, not as they are now.

    Raises:
        Suspend: the task is careful.
    """
    if task.strict:
        raise Suspend(missing[0])
    held = task.holds  # what somebody has yet to change is wanted as it is then
    as_now = [value if id(value) in held else _as_now(value) for value in values[kept:]]
    late = _Late(task, operation, (*values[:kept], *as_now))
    late.wait(missing)
    return late.result


def wait_for(missing: list[Pending], then: Callable[[], object]) -> None:
    """Call ``then`` when all are there."""
    left = len(missing)

    def one_less() -> None:
        nonlocal left
        left -= 1
        if not left:
            then()

    for each in missing:
        if each.done:
            one_less()
        else:
            each.then(one_less)


class _Late:
    """An operation that waits for its values."""

    __slots__ = ("_missing", "_operation", "_task", "_tries_left", "_values", "result")

    def __init__(self, task: ScoutTask, operation: Operation, values: Sequence[Any]) -> None:
        self._task = task
        self._operation = operation
        self._values = values
        self._missing: list[Pending] = []
        self._tries_left = _AGAIN
        self.result: Pending = Pending(task.sources)

    def wait(self, missing: list[Pending]) -> None:
        """Go on when all are there."""
        self._missing = missing
        self.result.sources = joined((self.result.sources, *(each.sources for each in missing)))
        wait_for(missing, self._go_on)

    def _go_on(self) -> None:
        ready = self._task.world.ready
        self.result.sources = joined((self.result.sources, *(each.sources for each in self._missing)))
        for each in self._missing:
            if each.error is not None:
                self.result.fail(each.error, ready)
                return
        values = tuple(map(with_values, self._values))
        world = self._task.world
        asked = world.asked
        try:
            self.result.resolve(self._operation(*values), ready)
        except (Touched, Exception) as stopped:  # noqa: BLE001 - handed on below
            if world.asked != asked and isinstance(stopped, Touched):
                return  # tried again, it would ask again; so nobody learns its result here
            self._tries_left -= 1
            try:
                missing = _needed(self._task, stopped, values) if self._tries_left else []
            except Exception as error:  # noqa: BLE001 - the operation's own
                self._task.world.failed(error, self._task)
                self.result.fail(error, ready)
                return
            self._values = tuple(map(with_values, values))
            if missing:
                self.wait(missing)
            elif self._tries_left:
                self._missing = []
                self._go_on()


def _missing(task: ScoutTask, values: Sequence[Any]) -> list[Pending] | None:
    """What of ``values`` is not there, or held by somebody; None where nothing is."""
    missing = None
    for value in values:
        if type(value) is Pending:
            if value.error is not None:
                raise value.error
            missing = [value] if missing is None else [*missing, value]
        elif task.holds and (held := task.holds.get(id(value))) is not None:
            if held[1].done:
                del task.holds[id(value)]
            else:
                missing = [held[1]] if missing is None else [*missing, held[1]]
    return missing


def _needed(task: ScoutTask, stopped: BaseException, values: Sequence[Any]) -> list[Pending]:
    """What an operation that was stopped needs; nothing where it can be tried again at once.

    Raises:
        Exception: ``stopped`` itself, where it has nothing to do with values that are not there.
    """
    missing, found = settle_parts(values)
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
    """A container as it is now, for later: what is done to it meanwhile is not for who asked before."""
    kind = type(value)
    if kind in (list, dict, set, deque):
        return kind(value)
    return settled(value)
