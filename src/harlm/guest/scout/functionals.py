"""Functions that take functions (``map``, ``sorted``, ``reduce``), and functions that may stop early
(``any``, ``next``), followed if their argument calls models. Adds them to ``calls``.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable
from typing import Any

from .calls import OVER_FUNCTIONS, SEARCHES, invoke
from .comprehensions import Items
from .expressions import truth
from .frames import Frame
from .functions import Inner, follow, is_followed
from .operations import apply
from .pending import Pending
from .syntax import facts, once
from .tasks import ScoutTask
from .world import Lost, World


def _map(values: list[Any], named: dict[str, Any], task: ScoutTask) -> Any:
    function, *iterables = values
    rows = apply(task, lambda *known: list(zip(*known, strict=False)), *iterables)
    if type(rows) is Pending:
        raise Lost("a map over a pending value")
    return Items([invoke(function, list(row), {}, task) for row in rows])


def _filter(values: list[Any], named: dict[str, Any], task: ScoutTask) -> Any:
    function, iterable = values
    items = apply(task, list, iterable)
    if type(items) is Pending:
        raise Lost("a filter over a pending value")
    tests = [truth(task, invoke(function, [item], {}, task)) for item in items]
    kept = apply(
        task, lambda *passed: Items([item for item, test in zip(items, passed, strict=True) if test]), *tests
    )
    return kept


def _reduce(values: list[Any], named: dict[str, Any], task: ScoutTask) -> Any:
    function, iterable, *first = values
    items = apply(task, list, iterable)
    if type(items) is Pending:
        raise Lost("a reduce over a pending value")
    items = [*first, *items]
    result = items[0]
    for item in items[1:]:
        result = invoke(function, [result, item], {}, task)
    return result


def _ordered(choose: Callable[..., Any]) -> Callable[[list[Any], dict[str, Any], ScoutTask], Any]:
    def over(values: list[Any], named: dict[str, Any], task: ScoutTask) -> Any:
        rest = {name: value for name, value in named.items() if name != "key"}
        items = apply(task, list, values[0] if len(values) == 1 else values)
        if type(items) is Pending:
            raise Lost("an order of a pending value")
        keys = [invoke(named["key"], [item], {}, task) for item in items]

        def chosen(*known: Any) -> Any:
            by_number = choose(range(len(known)), key=known.__getitem__, **rest)
            return [items[at] for at in by_number] if choose is sorted else items[by_number]

        return apply(task, chosen, *keys)

    return over


_FOLLOWED: dict[Any, Callable[[list[Any], dict[str, Any], ScoutTask], Any]] = {
    map: _map, filter: _filter, functools.reduce: _reduce, sorted: _ordered(sorted), min: _ordered(min), max: _ordered(max),
}  # fmt: skip


def _function_argument(values: list[Any], named: dict[str, Any]) -> Any:
    """The function among the arguments of a function that takes one."""
    if "key" in named:
        return named["key"]
    return values[0] if values else None


def _if_it_calls(
    over: Callable[[list[Any], dict[str, Any], ScoutTask], Any],
) -> Callable[[list[Any], dict[str, Any], ScoutTask], Any]:
    def followed(values: list[Any], named: dict[str, Any], task: ScoutTask) -> Any:
        if not is_followed(_function_argument(values, named), task.world):
            return NotImplemented
        return over(values, named, task)

    return followed


OVER_FUNCTIONS.update({id(each): _if_it_calls(over) for each, over in _FOLLOWED.items()})


def _is_over_calls(node: ast.Call, world: World) -> bool:
    """Whether the argument is a generator expression that calls a model, so that a reply may end the search."""
    if not node.args or node.keywords or not isinstance(node.args[0], ast.GeneratorExp):
        return False
    return len(node.args[0].generators) == 1 and world.may_call(facts(node.args[0]))


def _searched(function: Any, node: ast.Call, frame: Frame, task: ScoutTask) -> Any:
    """Follow ``any``, ``all`` or ``next`` over a generator expression as the loop that it stands for."""
    if not _is_over_calls(node, task.world):
        return NotImplemented
    loop = once(node, "harlm_loop", lambda: _as_loop(function, node))
    nothing = ast.arguments([], [], kwonlyargs=[], kw_defaults=[], defaults=[])
    search = ast.FunctionDef("search", nothing, loop, [], lineno=node.lineno, col_offset=node.col_offset)
    return follow(Inner(search, frame, task, (), {}), [], {}, task)


def _as_loop(function: Any, node: ast.Call) -> list[ast.stmt]:
    generator_expression = node.args[0]
    assert isinstance(generator_expression, ast.GeneratorExp)
    each, generator = generator_expression.elt, generator_expression.generators[0]
    if function is next:
        body: list[ast.stmt] = [ast.Return(each)]
        last = (
            ast.Return(node.args[1])
            if len(node.args) > 1
            else ast.Raise(ast.Name("StopIteration", ast.Load()))
        )
    else:
        test = each if function is any else ast.UnaryOp(ast.Not(), each)
        body = [ast.If(test, [ast.Return(ast.Constant(function is any))], [])]
        last = ast.Return(ast.Constant(function is all))
    for test in reversed(generator.ifs):
        body = [ast.If(test, body, [])]
    return [ast.For(generator.target, generator.iter, body, []), last]


SEARCHES.update({id(each): functools.partial(_searched, each) for each in (any, all, next)})
