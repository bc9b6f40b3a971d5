"""Coroutines: ``async def`` functions that cells defined, ``await``, and the functions of asyncio that gather them.

A call has its value when it returns, also in a cell that awaits it (``worker.awaitable``), so a coroutine runs to its end as
soon as it is awaited, gathered or made a task, and the scout follows it there. What waits for anything else is left to the
cell.
"""

from __future__ import annotations

import ast
import types
from collections.abc import Callable
from typing import Any

from .expressions import EVALUATORS, evaluate
from .frames import Frame
from .pending import Pending, settled
from .tasks import ScoutTask
from .world import Lost

_LOCKS = ("Semaphore", "BoundedSemaphore", "Lock")


class Coroutine:
    """A call of an ``async def`` function that has not run yet.

    Args:
        start: follows the function; returns its result, which may be pending.
    """

    def __init__(self, start: Callable[[], Any]) -> None:
        self._start = start
        self._has_run = False
        self._result: Any = None

    def run(self) -> Any:
        """The result of the function, which is followed once."""
        if not self._has_run:
            self._has_run = True
            self._result = self._start()
        return self._result

    def close(self) -> None:
        """Never run."""
        self._has_run = True


class Gathered:
    """Something that can be awaited and has a result: a task, a gathering.

    Args:
        value: the result, which may be pending.
    """

    def __init__(self, value: Any) -> None:
        self._value = value

    def result(self) -> Any:
        """The result."""
        return self._value


class TimeLimit:
    """A limit of time that is not reached (``asyncio.timeout``)."""


class TaskSet:
    """A group of tasks (``asyncio.TaskGroup``)."""

    def create_task(self, coroutine: Any, **_: Any) -> Gathered:
        """A task of the group."""
        return Gathered(awaited(coroutine))


def awaited(value: Any) -> Any:
    """What awaiting a value returns, which may be pending.

    Raises:
        Lost: it waits for what the scout does not follow.
    """
    value = settled(value)
    if type(value) is Coroutine:
        return awaited_result(value.run())
    if type(value) is Gathered:
        return value.result()
    if type(value) is types.CoroutineType:
        return _run_real(value)
    if type(value) is not Pending and hasattr(type(value), "__await__"):
        raise Lost("a value that is awaited")
    return value


def awaited_result(value: Any) -> Any:
    """The result of a coroutine: that of the coroutine that it returns, if it returns one."""
    return awaited(value) if type(value) is Coroutine else value


def _run_real(coroutine: Any) -> Any:
    """The result of a coroutine of Python itself that waits for nothing.

    Raises:
        Lost: it waits.
    """
    if coroutine.cr_code.co_name == "sleep":
        coroutine.close()
        return None
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    except Exception as error:
        if not _wants_the_loop(error):
            raise
    coroutine.close()
    raise Lost("a coroutine that waits")


def _wants_the_loop(error: Exception) -> bool:
    """Whether an exception comes from asyncio itself, which has no event loop here."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    return at is not None and str(at.tb_frame.f_globals.get("__name__")).startswith("asyncio.")


def over_asyncio(function: Any, values: list[Any], named: dict[str, Any]) -> Any:
    """The result of a function of asyncio; ``NotImplemented`` for what is none.

    Raises:
        Lost: it is not followed.
    """
    if type(function) is not types.FunctionType or not str(function.__module__).startswith("asyncio."):
        return NotImplemented
    match function.__name__:
        case "gather":
            if any(type(settled(each)) is Pending and not each.is_text for each in values):
                raise Lost("the number of gathered results is not known")
            return Gathered([awaited(each) for each in values])
        case "create_task" | "ensure_future" | "wait_for" | "shield" if values:
            return Gathered(awaited(values[0]))
        case "run" if values:
            return awaited(values[0])
        case "sleep":
            return Gathered(values[1] if len(values) > 1 else named.get("result"))
        case "timeout" | "timeout_at":
            return TimeLimit()
    raise Lost(f"asyncio.{function.__name__}")


def entered(manager: Any) -> Any:
    """What ``async with`` over a manager binds: nothing if it only waits for its turn, or a group of tasks.

    Raises:
        Lost: it is not followed.
    """
    kind = type(manager)
    if kind is TimeLimit or (kind.__module__ == "asyncio.locks" and kind.__name__ in _LOCKS):
        return None
    if kind.__module__ == "asyncio.taskgroups":
        return TaskSet()
    raise Lost("async with")


def _await(node: ast.Await, frame: Frame, task: ScoutTask) -> Any:
    return awaited(evaluate(node.value, frame, task))


EVALUATORS[ast.Await] = _await
