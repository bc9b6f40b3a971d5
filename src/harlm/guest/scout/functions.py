"""Follows functions that cells defined and that may call models: statement by statement, each call in a task
of its own. Binds arguments and opens scopes; statements are in ``statements``.
"""

from __future__ import annotations

import ast
import types
from collections.abc import Callable, Sequence
from typing import Any

from .asking import ask
from .copies import changed_by_reading
from .coroutines import Coroutine
from .expressions import evaluate
from .frames import Frame, FreeNames
from .generators import Produced
from .pending import Pending, Steps, Touched, settled
from .syntax import Function, declared, facts
from .tasks import Returned, ScoutTask, hold
from .world import Lost, World, facts_of_body


class Inner:
    """A function that was defined inside a function that is followed. If ordinary code calls it, it is
    followed to its end.

    Args:
        text: its syntax.
        frame: the scope that it was defined in.
        task: the task that defined it.
        defaults: the defaults of its positional parameters.
        named: the defaults of its keyword-only parameters.
    """

    def __init__(
        self, text: Function, frame: Frame, task: ScoutTask, defaults: Sequence[Any], named: dict[str, Any]
    ) -> None:
        self.text = text
        self.frame = frame
        self.task = task
        self.defaults = defaults
        self.named_defaults = named
        self.__name__ = getattr(text, "name", "<lambda>")

    def __call__(self, *values: Any, **named: Any) -> Any:
        """Call it from ordinary code.

        Raises:
            Touched: the result has not arrived.
        """
        result = follow(self, list(values), named, self.task)
        if type(result) is Pending and not result.done:
            raise Touched(result)
        return settled(result)


def defined(text: Function, frame: Frame, task: ScoutTask) -> Inner:
    """The function that a definition makes in a frame other than the module's."""
    defaults = [evaluate(each, frame, task) for each in text.args.defaults]
    named = {
        argument.arg: evaluate(each, frame, task)
        for argument, each in zip(text.args.kwonlyargs, text.args.kw_defaults, strict=True)
        if each is not None
    }
    return Inner(text, frame, task, defaults, named)


def is_followed(function: Any, world: World) -> bool:
    """Whether a function is followed statement by statement, because it may call a model."""
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


def is_known(function: Any, world: World) -> bool:
    """Whether the text of a function is known, so that it can be followed."""
    own = function.__func__ if type(function) is types.MethodType else function
    return type(own) is Inner or (type(own) is types.FunctionType and world.text_of(own) is not None)


def follow(function: Any, values: list[Any], named: dict[str, Any], task: ScoutTask) -> Any:
    """Follow a function that a cell defined, in a task of its own. If it has to wait, its caller continues.

    Args:
        function: a function, an ``Inner`` or a tool.
        values: its positional arguments.
        named: its keyword arguments.
        task: the task that calls.

    Returns:
        Its result, which may be pending.

    Raises:
        Exception: whatever the function raises before it waits.
        Lost: it is an asynchronous generator, or its text is not known.
    """
    world = task.world
    if id(function) in world.tools:
        return ask(world.tools[id(function)], function, values, named, task)
    text, frame = _opened(function, values, named, task)
    if isinstance(text, ast.AsyncFunctionDef):
        if "yield" in facts_of_body(text).exits:
            raise Lost("an asynchronous generator")
        return Coroutine(lambda: _followed(text, frame, task))
    if "yield" in facts_of_body(text).exits:
        return Produced(task, text, frame)
    return _followed(text, frame, task)


def _followed(text: Function, frame: Frame, task: ScoutTask) -> Any:
    """The result of a function that runs in a frame, in a task of its own."""
    world, known = task.world, facts_of_body(text)
    child = ScoutTask(world, task)
    child.strict = 0
    steps = (
        _expression(text.body, frame, child)
        if isinstance(text, ast.Lambda)
        else world.run(text.body, frame, child)
    )

    def detach() -> Callable[[], None]:
        changed = [frame.get(name) for name in world.changed_by(text, frame) if frame.has(name)]
        used = [frame.get(name) for name in known.names if frame.has(name)]
        release = hold(task, child, [*changed, *changed_by_reading(used)])
        slots = _keep_globals(frame, known.bound, child)

        def publish() -> None:
            for name, slot in slots.items():
                slot.resolve(frame.names[name], world.ready)
            release()

        return publish

    child.start(steps, detach)
    return child.outcome


def _keep_globals(frame: Frame, bound: frozenset[str], child: ScoutTask) -> dict[str, Pending]:
    """Make the global names that a waiting function may bind its own until it ends, and pending for all other
    blocks.
    """
    slots: dict[str, Pending] = {}
    module = child.world.frame
    for name in frame.world & bound:
        if name in module.names:
            frame.names[name] = module.names[name]
            slots[name] = module.names[name] = Pending(child.sources)
    frame.world -= frozenset(slots)
    return slots


def _expression(node: ast.expr, frame: Frame, task: ScoutTask) -> Steps:
    yield from ()
    return Returned(evaluate(node, frame, task))


def _opened(
    function: Any, values: list[Any], named: dict[str, Any], task: ScoutTask
) -> tuple[Function, Frame]:
    """A function's syntax, and a frame with these arguments in which it runs."""
    if type(function) is Inner:
        text, outer = function.text, function.frame
        defaults, named_defaults = function.defaults, function.named_defaults
    else:
        found = task.world.text_of(function)
        if found is None:
            raise Lost("a function whose text is not known")
        text, outer = found, _closure(function, task.world)
        defaults, named_defaults = function.__defaults__ or (), function.__kwdefaults__ or {}
    names = _given(text, values, named, defaults, named_defaults)
    shared, world = declared(text)
    frame = Frame(names, outer, shared=shared, world=world)
    if (undo := task.world.undo) is not None:
        undo.before_binding(frame)
    return text, frame


def _closure(function: types.FunctionType, world: World) -> Frame:
    return Frame(FreeNames(function), world.frame) if function.__closure__ else world.frame


def _given(
    text: Function,
    values: list[Any],
    named: dict[str, Any],
    defaults: Sequence[Any],
    named_defaults: dict[str, Any],
) -> dict[str, Any]:
    """The names of a function's parameters with their arguments.

    Raises:
        TypeError: the arguments do not fit the parameters.
    """
    wanted = text.args
    positional = [parameter.arg for parameter in (*wanted.posonlyargs, *wanted.args)]
    names: dict[str, Any] = dict(zip(positional, values, strict=False))
    if len(values) > len(positional):
        if wanted.vararg is None:
            raise TypeError(f"{len(values)} positional arguments were given")
        names[wanted.vararg.arg] = tuple(values[len(positional) :])
    elif wanted.vararg is not None:
        names[wanted.vararg.arg] = ()
    rest = dict(named)
    keyword_only = [parameter.arg for parameter in wanted.kwonlyargs]
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
