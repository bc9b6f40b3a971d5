"""Calls of tools, of functions that cells defined, and of all other functions. Decides which calls are asked
for early, which functions are followed statement by statement, and which are run as they are. Adds calls and
lambdas to what ``expressions`` evaluates.
"""

from __future__ import annotations

import ast
import functools
import heapq
import math
import statistics
import time
import types
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from typing import Any

from ..vocabulary import MOMENTARY
from .asking import ask
from .coroutines import over_asyncio
from .expressions import EVALUATORS, displayed, evaluate
from .frames import Frame
from .functions import defined, follow, is_followed, is_known
from .lazy import Lazy
from .operations import apply, change
from .pending import (
    Pending,
    Touched,
    settle_parts,
)
from .reading import Items, listed
from .syntax import CHANGING
from .tasks import ScoutTask, Suspend, hold_owners
from .world import Lost, facts_of_body

_CONTAINERS = (list, dict, set, deque, defaultdict, Counter, OrderedDict, bytearray)
_STORING = frozenset({"append", "appendleft", "insert"})
_IGNORED = frozenset({id(print), id(time.sleep)})
_UNPREDICTABLE_NAMES = frozenset(
    "time time_ns perf_counter perf_counter_ns monotonic monotonic_ns process_time now today utcnow uuid1 uuid4 urandom "
    "token_hex token_bytes token_urlsafe randbelow getpid get_ident input localtime gmtime ctime".split()
).union(MOMENTARY)
"""Names of functions whose results cannot be known in advance."""


_READING = frozenset(
    map(
        id,
        (
            list, tuple, set, frozenset, dict, deque, Counter, OrderedDict, sum, sorted, min, max, functools.reduce, math.fsum,
            math.prod, heapq.nlargest, heapq.nsmallest, *(getattr(statistics, name) for name in statistics.__all__),
        ),
    )
)  # fmt: skip
"""The ``id`` of functions that read the iterators that they get to their ends."""

OVER_FUNCTIONS: dict[Any, Callable[[list[Any], dict[str, Any], ScoutTask], Any]] = {}
"""How functions of Python are followed that take functions or iterators. A handler returns ``NotImplemented`` if
no model call can happen inside. Filled by ``functionals``.
"""

_PYTHONS = (type, types.BuiltinFunctionType)


def _lambda(node: ast.Lambda, frame: Frame, task: ScoutTask) -> Any:
    return defined(node, frame, task)


def _call(node: ast.Call, frame: Frame, task: ScoutTask) -> Any:
    if task.memo is None or not task.strict:
        return _called(node, frame, task)
    value = task.memo.once(node, lambda: _called(node, frame, task))
    if type(value) is Pending and not value.is_text:
        if not value.done:
            raise Suspend(value)
        if value.error is not None:
            raise value.error
        return value.value
    return value


def _called(node: ast.Call, frame: Frame, task: ScoutTask) -> Any:
    if isinstance(node.func, ast.Attribute):
        target = evaluate(node.func.value, frame, task)
        values, named = _arguments(node, frame, task)
        result = _method(target, node.func.attr, values, named, task)
        if type(target) is Pending and node.func.attr in CHANGING:
            hold_owners(task, frame, node.func.value, result)
        return result
    function = evaluate(node.func, frame, task)
    values, named = _arguments(node, frame, task)
    return invoke(function, values, named, task)


def _arguments(node: ast.Call, frame: Frame, task: ScoutTask) -> tuple[list[Any], dict[str, Any]]:
    values: list[Any] = displayed(node.args, list, frame, task)
    named: dict[str, Any] = {}
    for keyword in node.keywords:
        value = evaluate(keyword.value, frame, task)
        if keyword.arg is not None:
            named[keyword.arg] = value
        elif type(value) is Pending:
            raise Lost("arguments of unknown names")
        else:
            named.update(value)
    return values, named


def _method(target: Any, name: str, values: list[Any], named: dict[str, Any], task: ScoutTask) -> Any:
    """The result of ``target.name(…)``."""
    kind = type(target)
    if (kind is str or kind in _CONTAINERS) and name not in _STORING and _has_iterator(values, named):
        values, named = _whole(values, named, task)
    if kind in _CONTAINERS or (kind is Pending and not target.is_text):
        call = _bound(name, list(named))
        if name in CHANGING:
            return change(task, call, target, *values, *named.values(), tolerant=name in _STORING)
        return apply(task, call, target, *values, *named.values())
    if kind is str or kind is Pending:
        return apply(task, _bound(name, list(named)), target, *values, *named.values())
    own = getattr(kind, name, None) if kind.__module__ == "__main__" else None
    if type(own) is types.FunctionType and (
        is_followed(own, task.world) or (_has_iterator(values, named) and is_known(own, task.world))
    ):
        return follow(own, [target, *values], named, task)
    function = None if id(target) in task.holds else apply(task, getattr, target, name)
    if function is None or type(function) is Pending:
        return change(task, _bound(name, list(named)), target, *values, *named.values())
    return invoke(function, values, named, task)


def _bound(name: str, names: list[str]) -> Callable[..., Any]:
    """The operation ``target.name(*values, **named)``, which takes the named values last."""
    if not names:
        return lambda target, *values: getattr(target, name)(*values)
    count = len(names)

    def called(target: Any, *values: Any) -> Any:
        given = dict(zip(names, values[-count:], strict=True))
        return getattr(target, name)(*values[:-count], **given)

    return called


def invoke(function: Any, values: list[Any], named: dict[str, Any], task: ScoutTask) -> Any:
    """The result of calling ``function``, which may be pending.

    Raises:
        Exception: whatever the function raises.
        Lost: it cannot be followed.
        Suspend: a value has not arrived, and the task is careful.
    """
    world = task.world
    is_lazy = _has_iterator(values, named)
    if type(function) is Pending:
        return apply(task, _plain_call(list(named)), function, *values, *named.values())
    tool = world.tools.get(id(function))
    if tool is not None:
        return ask(tool, function, *(_whole(values, named, task) if is_lazy else (values, named)), task)
    if id(function) in _IGNORED:
        return None
    over = over_asyncio(function, values, named)
    if over is not NotImplemented:
        return over
    if _is_unpredictable(function):
        return world.never
    if type(function) is functools.partial:
        return invoke(function.func, [*function.args, *values], {**function.keywords, **named}, task)
    if is_lazy and id(function) in _READING:
        values, named = _whole(values, named, task)
    over = OVER_FUNCTIONS.get(function) if type(function) in _PYTHONS else None
    found = NotImplemented if over is None else over(values, named, task)
    if found is not NotImplemented:
        return found
    if is_followed(function, world) or (is_lazy and is_known(function, world)):
        if type(function) is types.MethodType:
            return follow(function.__func__, [function.__self__, *values], named, task)
        return follow(function, values, named, task)
    if is_lazy and getattr(function, "__module__", None) != "__main__":
        values, named = _whole(values, named, task, only_plain=True)
    return _run(function, values, named, task)


def _has_iterator(values: list[Any], named: dict[str, Any]) -> bool:
    for each in values:
        if isinstance(each, Lazy):
            return True
    return bool(named) and any(isinstance(each, Lazy) for each in named.values())


def _whole(
    values: list[Any], named: dict[str, Any], task: ScoutTask, *, only_plain: bool = False
) -> tuple[list[Any], dict[str, Any]]:
    """Arguments with all items of an iterator in its place.

    Args:
        only_plain: whether to leave iterators as they are that have no end, or that calls are made for.
    """

    def whole(value: Any) -> Any:
        if not isinstance(value, Lazy) or (only_plain and (value.calls or not value.has_end)):
            return value
        return apply(task, Items, listed(value, task))

    return [whole(each) for each in values], {name: whole(each) for name, each in named.items()}


def _plain_call(names: list[str]) -> Callable[..., Any]:
    count = len(names)

    def called(function: Any, *values: Any) -> Any:
        if not count:
            return function(*values)
        return function(*values[:-count], **dict(zip(names, values[-count:], strict=True)))

    return called


def _is_unpredictable(function: Any) -> bool:
    """Whether the result of a function cannot be known in advance, or calling it may change something outside."""
    if type(function) is types.FunctionType and "harlm_tool" in vars(function):
        return True  # a pure tool is among the tools of the world
    return (
        isinstance(function, types.BuiltinFunctionType | types.FunctionType | types.MethodType)
        and function.__name__ in _UNPREDICTABLE_NAMES
        and getattr(function, "__module__", None) != "__main__"
    )


def _run(function: Any, values: list[Any], named: dict[str, Any], task: ScoutTask) -> Any:
    """Run a function as it is. If a cell defined it, the objects that it may change are held until it has
    run.
    """
    call = _plain_call(list(named))
    if (undo := task.world.undo) is not None:
        undo.before_running(function, values, named)
    if isinstance(function, type) and function.__module__ == "__main__":
        # Most constructors only store their arguments, so the call is tried before these have arrived.
        return _constructed(function, values, named, task)
    own = function.__func__ if type(function) is types.MethodType else function
    changed = _changed_by(own, function, values, task) if type(own) is types.FunctionType else []
    holder = getattr(function, "__self__", None)
    if holder is not None and task.holds and id(holder) in task.holds and holder not in changed:
        changed.append(holder)
    if not changed:
        return apply(task, call, function, *values, *named.values())
    first, *others = changed
    result = change(task, lambda _, *rest: call(*rest), first, function, *values, *named.values())
    if type(result) is Pending and not result.done:
        for other in others:
            task.holds[id(other)] = (other, result)
    return result


def _constructed(kind: type, values: list[Any], named: dict[str, Any], task: ScoutTask) -> Any:
    asked = task.world.asked
    try:
        return kind(*values, **named)
    except (Touched, Exception) as stopped:
        missing, _ = settle_parts((*values, *named.values()))
        if task.world.asked != asked:
            return task.world.never
        if not missing and not isinstance(stopped, Touched):
            raise
    return apply(task, _plain_call(list(named)), kind, *values, *named.values())


def _changed_by(own: types.FunctionType, function: Any, values: list[Any], task: ScoutTask) -> list[Any]:
    """The objects that a function defined in a cell may change."""
    text = task.world.text_of(own)
    if text is None or isinstance(text, ast.Lambda):
        return []
    changed = facts_of_body(text).changed
    if not changed:
        return []
    given = [function.__self__, *values] if type(function) is types.MethodType else values
    parameters = [argument.arg for argument in (*text.args.posonlyargs, *text.args.args)]
    found = [value for name, value in zip(parameters, given, strict=False) if name in changed]
    names = own.__globals__
    found += [names[name] for name in changed if name not in parameters and name in names]
    return [value for value in found if _can_change(value)]


def _can_change(value: Any) -> bool:
    if type(value) is Pending:
        return not value.is_text
    return isinstance(value, _CONTAINERS) or (hasattr(value, "__dict__") and not callable(value))


EVALUATORS[ast.Call] = _call
EVALUATORS[ast.Lambda] = _lambda
