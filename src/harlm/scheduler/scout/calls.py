"""Calls: of tools, of functions that cells defined, of anything else. Knows which of them are made early, which are followed
inside, and which are run as they are.
"""

from __future__ import annotations

import ast
import functools
import time
import types
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Sequence
from typing import Any

from harlm.scheduler.scout.expressions import EVALUATORS, evaluate
from harlm.scheduler.scout.frames import Frame
from harlm.scheduler.scout.operations import apply, change, wait_for
from harlm.scheduler.scout.pending import (
    Pending,
    Sources,
    Touched,
    joined,
    settle_parts,
    settled,
    with_values,
)
from harlm.scheduler.scout.syntax import CHANGING, declared, facts
from harlm.scheduler.scout.tasks import Returned, Steps, Suspend, Task, hold, hold_owners
from harlm.scheduler.scout.world import Asking, Function, Lost, World, facts_of_body

_CONTAINERS = (list, dict, set, deque, defaultdict, Counter, OrderedDict, bytearray)
_STORING = frozenset({"append", "appendleft", "insert"})
_IGNORED = (print, time.sleep)
_UNTELLABLE_NAMES = frozenset(
    "time time_ns perf_counter perf_counter_ns monotonic monotonic_ns process_time now today utcnow uuid1 uuid4 urandom "
    "token_hex token_bytes token_urlsafe randbelow getpid get_ident input localtime gmtime ctime budget SHOW_VARS".split()
)
"""What a call gives that has such a name cannot be told in advance."""


OVER_FUNCTIONS: dict[int, Callable[[list[Any], dict[str, Any], Task], Any]] = {}
"""How functions that take functions are followed, by their ``id``; each gives ``NotImplemented`` where it has nothing to follow.
Filled by ``functionals``.
"""

SEARCHES: dict[int, Callable[[ast.Call, Frame, Task], Any]] = {}
"""As above: of calls that may end before all of their argument is evaluated."""


class Inner:
    """A function that was defined inside one that is followed. Called by ordinary code, it is followed to its end."""

    def __init__(
        self, text: Function, frame: Frame, task: Task, defaults: Sequence[Any], named: dict[str, Any]
    ) -> None:
        self.text = text
        self.frame = frame
        self.task = task
        self.defaults = defaults
        self.named_defaults = named
        self.__name__ = getattr(text, "name", "<lambda>")

    def __call__(self, *values: Any, **named: Any) -> Any:
        """What it returns.

        Raises:
            Touched: that is not there yet.
        """
        result = follow(self, list(values), named, self.task)
        if type(result) is Pending and not result.done:
            raise Touched(result)
        return settled(result)


def defined(text: Function, frame: Frame, task: Task) -> Inner:
    """The function that a definition makes in a frame that is not the module's."""
    defaults = [evaluate(each, frame, task) for each in text.args.defaults]
    named = {
        argument.arg: evaluate(each, frame, task)
        for argument, each in zip(text.args.kwonlyargs, text.args.kw_defaults, strict=True)
        if each is not None
    }
    return Inner(text, frame, task, defaults, named)


def _lambda(node: ast.Lambda, frame: Frame, task: Task) -> Any:
    return defined(node, frame, task)


def _call(node: ast.Call, frame: Frame, task: Task) -> Any:
    if task.memo is None or not task.strict or not task.world.may_call(facts(node)):
        return _called(node, frame, task)
    value = task.memo.once(node, lambda: _called(node, frame, task))
    if type(value) is Pending and not value.is_text:
        if not value.done:
            raise Suspend(value)
        if value.error is not None:
            raise value.error
        return value.value
    return value


def _called(node: ast.Call, frame: Frame, task: Task) -> Any:
    if isinstance(node.func, ast.Attribute):
        target = evaluate(node.func.value, frame, task)
        values, named = _arguments(node, frame, task)
        result = _method(target, node.func.attr, values, named, task)
        if type(target) is Pending and node.func.attr in CHANGING:
            hold_owners(task, frame, node.func.value, result)
        return result
    function = evaluate(node.func, frame, task)
    if (search := SEARCHES.get(id(function))) is not None:
        found = search(node, frame, task)
        if found is not NotImplemented:
            return found
    values, named = _arguments(node, frame, task)
    return invoke(function, values, named, task)


def _arguments(node: ast.Call, frame: Frame, task: Task) -> tuple[list[Any], dict[str, Any]]:
    values: list[Any] = []
    named: dict[str, Any] = {}
    for each in node.args:
        if isinstance(each, ast.Starred):
            several = apply(task, list, evaluate(each.value, frame, task))
            if type(several) is Pending:
                raise Lost("arguments of unknown number")
            values += several
        else:
            values.append(evaluate(each, frame, task))
    for keyword in node.keywords:
        value = evaluate(keyword.value, frame, task)
        if keyword.arg is not None:
            named[keyword.arg] = value
        elif type(value) is Pending:
            raise Lost("arguments of unknown names")
        else:
            named.update(value)
    return values, named


def _method(target: Any, name: str, values: list[Any], named: dict[str, Any], task: Task) -> Any:
    """``target.name(…)``."""
    kind = type(target)
    if kind in _CONTAINERS:
        call = _bound(name, list(named))
        if name in CHANGING:
            return change(task, call, target, *values, *named.values(), tolerant=name in _STORING)
        return apply(task, call, target, *values, *named.values())
    if kind is str or kind is Pending:
        return apply(task, _bound(name, list(named)), target, *values, *named.values())
    own = getattr(kind, name, None) if kind.__module__ == "__main__" else None
    if type(own) is types.FunctionType and is_followed(own, task.world):
        return follow(own, [target, *values], named, task)
    function = None if id(target) in task.holds else apply(task, getattr, target, name)
    if function is None or type(function) is Pending:
        return change(task, _bound(name, list(named)), target, *values, *named.values())
    return invoke(function, values, named, task)


def _bound(name: str, names: list[str]) -> Callable[..., Any]:
    """The operation ``target.name(*values, **named)``, with the named values last."""
    if not names:
        return lambda target, *values: getattr(target, name)(*values)
    count = len(names)

    def called(target: Any, *values: Any) -> Any:
        given = dict(zip(names, values[-count:], strict=True))
        return getattr(target, name)(*values[:-count], **given)

    return called


def invoke(function: Any, values: list[Any], named: dict[str, Any], task: Task) -> Any:
    """What calling ``function`` comes to.

    Raises:
        Exception: what it raises.
        Lost: it cannot be followed.
        Suspend: something is missing, and the task is careful.
    """
    world = task.world
    if type(function) is Pending:
        return apply(task, _plain_call(list(named)), function, *values, *named.values())
    tool = world.tools.get(id(function))
    if tool is not None:
        return _ask(tool, function, values, named, task)
    if any(function is each for each in _IGNORED):
        return None
    if _is_untellable(function):
        return world.never
    if type(function) is functools.partial:
        return invoke(function.func, [*function.args, *values], {**function.keywords, **named}, task)
    if (over := OVER_FUNCTIONS.get(id(function))) is not None:
        found = over(values, named, task)
        if found is not NotImplemented:
            return found
    if type(function) is types.MethodType:
        if is_followed(function, world):
            return follow(function.__func__, [function.__self__, *values], named, task)
    elif is_followed(function, world):
        return follow(function, values, named, task)
    return _run(function, values, named, task)


def _plain_call(names: list[str]) -> Callable[..., Any]:
    count = len(names)

    def called(function: Any, *values: Any) -> Any:
        if not count:
            return function(*values)
        return function(*values[:-count], **dict(zip(names, values[-count:], strict=True)))

    return called


def _is_untellable(function: Any) -> bool:
    return (
        isinstance(function, types.BuiltinFunctionType | types.FunctionType | types.MethodType)
        and function.__name__ in _UNTELLABLE_NAMES
        and getattr(function, "__module__", None) != "__main__"
    )


def is_followed(function: Any, world: World) -> bool:
    """Whether a function is gone through statement by statement, since it may call."""
    if id(function) in world.tools:
        return True
    if type(function) is Inner:
        return world.may_call(facts(function.text))
    if type(function) is types.MethodType:
        function = function.__func__
    if type(function) is not types.FunctionType:
        return False
    text = world.text_of(function)
    return text is not None and world.may_call(facts_of_body(text))


# -- tools ---------------------------------------------------------------------------------------------------------


def _ask(name: str, tool: Callable[..., Any], values: list[Any], named: dict[str, Any], task: Task) -> Any:
    """A call of a tool: made as soon as its arguments are there."""
    if name.endswith("_batched"):
        return _ask_many(name.removesuffix("_batched"), values, named, task)
    missing, _ = settle_parts((*values, *named.values()))
    sources = joined((task.sources, *(each.sources for each in _inside(values, named))))
    if not missing:
        return _asked(tool, values, named, sources, task)
    reply = Pending(joined((sources, *(each.sources for each in missing))), is_text=True)

    def go_on() -> None:
        for each in missing:
            if each.error is not None:
                reply.fail(each.error, task.world.ready)
                return
        more, _ = settle_parts((*values, *named.values()))
        if more:
            wait_for(more, go_on)
            return
        sources = joined((task.sources, reply.sources, *(each.sources for each in missing)))
        try:
            asked = _asked(tool, values, named, sources, task)
        except Exception as error:  # noqa: BLE001 - arguments that no tool takes
            task.world.failed(error, task)
            reply.fail(error, task.world.ready)
            return
        reply.resolve(asked, task.world.ready)
        reply.sources = asked.sources

    wait_for(missing, go_on)
    return reply


def _asked(
    tool: Callable[..., Any], values: list[Any], named: dict[str, Any], needs: Sources, task: Task
) -> Pending:
    there = {name: with_values(value) for name, value in named.items()}
    return task.world.ask(Asking(tool, list(map(with_values, values)), there, needs, task))


def _inside(values: list[Any], named: dict[str, Any]) -> list[Pending]:
    return [each for each in (*values, *named.values()) if type(each) is Pending]


def _ask_many(name: str, values: list[Any], named: dict[str, Any], task: Task) -> Any:
    """A batch: each of its calls is made for itself, as soon as its own arguments are there."""
    tool = task.world.tool(name)
    several = named.get("prompts", values[0] if values else None)
    model = named.get(
        "model",
        values[2 if name == "rlm_query" else 1] if len(values) > (2 if name == "rlm_query" else 1) else None,
    )
    contexts = named.get("contexts", values[1] if name == "rlm_query" and len(values) > 1 else None)
    prompts = apply(task, list, several)
    if type(prompts) is Pending:
        return apply(
            task,
            lambda there: _ask_many(
                name,
                [there],
                {**named, "model": model, "contexts": contexts} if contexts else {"model": model},
                task,
            ),
            prompts,
        )
    given = [None] * len(prompts) if contexts is None else apply(task, list, contexts)
    if type(given) is Pending or len(given) != len(prompts):
        raise Lost("contexts that do not fit their prompts")
    if name == "llm_query":
        return [_ask(name, tool, [prompt, model], {}, task) for prompt in prompts]
    return [
        _ask(name, tool, [prompt, context, model], {}, task)
        for prompt, context in zip(prompts, given, strict=True)
    ]


# -- functions of cells ----------------------------------------------------------------------------------------------


def follow(function: Any, values: list[Any], named: dict[str, Any], task: Task) -> Any:
    """Go through a function that a cell defined, in a task of its own: whoever called it goes on when it waits.

    Raises:
        Exception: what the function raises before it waits.
        Lost: its kind is not followed.
    """
    world = task.world
    if id(function) in world.tools:
        return invoke(function, values, named, task)
    text, frame = _opened(function, values, named, task)
    known = facts_of_body(text)
    if known.exits & {"yield", "await"} or isinstance(text, ast.AsyncFunctionDef):
        raise Lost("a generator or a coroutine")
    child = Task(world, task)
    child.strict = 0
    steps = (
        _expression(text.body, frame, child)
        if isinstance(text, ast.Lambda)
        else world.run(text.body, frame, child)
    )

    def detach() -> Callable[[], None]:
        changed = world.changed_by(text, frame)
        release = hold(task, child, [frame.get(name) for name in changed if frame.has(name)])
        slots = _keep_globals(frame, known.bound, child)

        def publish() -> None:
            for name, slot in slots.items():
                slot.resolve(frame.names[name], world.ready)
            release()

        return publish

    child.start(steps, detach)
    return child.outcome


def _keep_globals(frame: Frame, bound: frozenset[str], child: Task) -> dict[str, Pending]:
    """The names of the module that a function goes on to bind are its own until it ends, and pending for all others."""
    slots: dict[str, Pending] = {}
    module = child.world.frame
    for name in frame.world & bound:
        if name in module.names:
            frame.names[name] = module.names[name]
            slots[name] = module.names[name] = Pending(child.sources)
    frame.world -= frozenset(slots)
    return slots


def _expression(node: ast.expr, frame: Frame, task: Task) -> Steps:
    yield from ()
    return Returned(evaluate(node, frame, task))


def _opened(function: Any, values: list[Any], named: dict[str, Any], task: Task) -> tuple[Function, Frame]:
    """A function's text, and the frame in which it runs with these arguments."""
    if type(function) is Inner:
        text, outer = function.text, function.frame
        defaults, named_defaults = function.defaults, function.named_defaults
    else:
        found = task.world.text_of(function)
        if found is None:
            raise Lost("a function without a text")
        text, outer = found, _closure(function, task.world)
        defaults, named_defaults = function.__defaults__ or (), function.__kwdefaults__ or {}
    names = _given(text, values, named, defaults, named_defaults)
    shared, world = declared(text)
    return text, Frame(names, outer, shared=shared, world=world)


def _closure(function: types.FunctionType, world: World) -> Frame:
    cells = function.__closure__
    if not cells:
        return world.frame
    held = {}
    for name, cell in zip(function.__code__.co_freevars, cells, strict=True):
        try:
            held[name] = cell.cell_contents
        except ValueError:
            continue
    return Frame(held, world.frame)


def _given(
    text: Function,
    values: list[Any],
    named: dict[str, Any],
    defaults: Sequence[Any],
    named_defaults: dict[str, Any],
) -> dict[str, Any]:
    """What the parameters of a function are bound to.

    Raises:
        TypeError: the arguments do not fit.
    """
    wanted = text.args
    positional = [each.arg for each in (*wanted.posonlyargs, *wanted.args)]
    names: dict[str, Any] = dict(zip(positional, values, strict=False))
    if len(values) > len(positional):
        if wanted.vararg is None:
            raise TypeError(f"{len(values)} positional arguments were given")
        names[wanted.vararg.arg] = tuple(values[len(positional) :])
    elif wanted.vararg is not None:
        names[wanted.vararg.arg] = ()
    rest = dict(named)
    keyword_only = [each.arg for each in wanted.kwonlyargs]
    for name in (*positional, *keyword_only):
        if name in rest:
            if name in names:
                raise TypeError(f"multiple values for argument {name!r}")
            names[name] = rest.pop(name)
    for name, value in zip(positional[len(positional) - len(defaults) :], defaults, strict=False):
        names.setdefault(name, value)
    for name, value in named_defaults.items():
        names.setdefault(name, value)
    if wanted.kwarg is not None:
        names[wanted.kwarg.arg] = rest
    elif rest:
        raise TypeError(f"unexpected arguments {sorted(rest)}")
    if lacking := [name for name in (*positional, *keyword_only) if name not in names]:
        raise TypeError(f"missing arguments {lacking}")
    return names


# -- everything else -----------------------------------------------------------------------------------------------------


def _run(function: Any, values: list[Any], named: dict[str, Any], task: Task) -> Any:
    """Run something as it is; if it was defined in a cell, with an eye on what it may change."""
    call = _plain_call(list(named))
    if isinstance(function, type) and function.__module__ == "__main__":
        # A constructor mostly stores what it is given, so it is tried before that is there.
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
        for each in others:
            task.holds[id(each)] = (each, result)
    return result


def _constructed(kind: type, values: list[Any], named: dict[str, Any], task: Task) -> Any:
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


def _changed_by(own: types.FunctionType, function: Any, values: list[Any], task: Task) -> list[Any]:
    """The objects that a function of a cell may change."""
    text = task.world.text_of(own)
    if text is None or isinstance(text, ast.Lambda):
        return []
    changed = facts_of_body(text).changed
    if not changed:
        return []
    given = [function.__self__, *values] if type(function) is types.MethodType else values
    parameters = [each.arg for each in (*text.args.posonlyargs, *text.args.args)]
    found = [value for name, value in zip(parameters, given, strict=False) if name in changed]
    names = own.__globals__
    found += [names[name] for name in changed if name not in parameters and name in names]
    return [
        each
        for each in found
        if isinstance(each, _CONTAINERS) or (hasattr(each, "__dict__") and not callable(each))
    ]


EVALUATORS[ast.Call] = _call
EVALUATORS[ast.Lambda] = _lambda
