"""Statements, one after another. Knows the syntax of statements and when a part of the program can be passed by: what hangs
on a value that is not there goes on in a task of its own, and the rest of the program does not wait for it.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from . import calls  # noqa: F401 - adds calls to what is evaluated
from .expressions import assign, evaluate, truth
from .frames import Frame
from .functions import defined
from .operations import Operation, apply, change
from .pending import Pending, Steps, Touched
from .search import Search, copied
from .syntax import breaks, continues, facts, may_end_by_result, of_all
from .tasks import Memo, Returned, ScoutTask, Suspend, hold_owners, run_block
from .world import Lost

BREAK, CONTINUE = "break", "continue"

_IN_PLACE: dict[type[ast.operator], Operation] = {
    ast.Add: operator.iadd, ast.Sub: operator.isub, ast.Mult: operator.imul, ast.Div: operator.itruediv,
    ast.FloorDiv: operator.ifloordiv, ast.Mod: operator.imod, ast.Pow: operator.ipow, ast.LShift: operator.ilshift,
    ast.RShift: operator.irshift, ast.BitOr: operator.ior, ast.BitAnd: operator.iand, ast.BitXor: operator.ixor,
    ast.MatMult: operator.imatmul,
}  # fmt: skip
_STAYS = (list, dict, set)  # what ``+=`` and its like change in place


def run(body: list[ast.stmt], frame: Frame, task: ScoutTask) -> Steps:
    """Go through statements; ends with ``BREAK``, ``CONTINUE``, ``Returned`` or None."""
    for node in body:
        task.world.step()
        simple = _SIMPLE.get(type(node))
        if simple is not None:
            if task.strict:
                yield from _patiently(lambda simple=simple, node=node: simple(node, frame, task), task)  # type: ignore[misc]
            else:
                _tried(simple, node, frame, task)
            continue
        compound = _COMPOUND.get(type(node))
        try:
            if compound is None:
                raise Lost(type(node).__name__)
            signal = yield from compound(node, frame, task)
        except (Lost, Touched):
            _left(node, frame, task)
            if facts(node).exits - {"raise"}:
                yield task.world.never  # it may be left here, and nobody knows
            continue
        if signal is not None:
            return signal
    return None


def _tried(
    simple: Callable[[Any, Frame, ScoutTask], None], node: ast.stmt, frame: Frame, task: ScoutTask
) -> None:
    try:
        simple(node, frame, task)
    except (Lost, Touched, RecursionError):
        _left(node, frame, task)


def _left(node: ast.stmt, frame: Frame, task: ScoutTask) -> None:
    """Leave a statement to the cell itself: nobody here learns what it binds and changes."""
    known = facts(node)
    never = task.world.never
    for name in known.bound:
        frame.set(name, never)
    for name in task.world.changed_by(node, frame):
        if frame.has(name):
            value = frame.get(name)
            task.holds[id(value)] = (value, never)


def _patiently(make: Callable[[], Any], task: ScoutTask) -> Steps:
    """``make()``, which is tried again each time that something was missing and has come."""
    before, task.memo = task.memo, Memo()
    memo = task.memo
    try:
        while True:
            task.memo = memo
            memo.rewind()
            try:
                return make()
            except Suspend as waits:
                missing = waits.pending
            except Touched as touched:
                missing = touched.pending
            task.memo = before
            yield missing
    finally:
        task.memo = before


def _head(make: Callable[[], Any], task: ScoutTask) -> Steps:
    """What stands at the head of a compound statement."""
    if task.strict:
        return (yield from _patiently(make, task))
    return make()


def _evaluated(node: ast.expr, frame: Frame, task: ScoutTask) -> Steps:
    return _head(lambda: evaluate(node, frame, task), task)


def _tested(node: ast.expr, frame: Frame, task: ScoutTask) -> Steps:
    return _head(lambda: truth(task, evaluate(node, frame, task)), task)


# -- simple statements ---------------------------------------------------------------------------------------------------


def _expression(node: ast.Expr, frame: Frame, task: ScoutTask) -> None:
    evaluate(node.value, frame, task)


def _assign(node: ast.Assign, frame: Frame, task: ScoutTask) -> None:
    value = evaluate(node.value, frame, task)
    for target in node.targets:
        assign(target, value, frame, task)


def _annotated(node: ast.AnnAssign, frame: Frame, task: ScoutTask) -> None:
    if node.value is not None:
        assign(node.target, evaluate(node.value, frame, task), frame, task)


def _augmented(node: ast.AugAssign, frame: Frame, task: ScoutTask) -> None:
    operation = _IN_PLACE[type(node.op)]
    target = node.target
    if isinstance(target, ast.Name):
        before = frame.get(target.id)
        value = evaluate(node.value, frame, task)
        if isinstance(before, _STAYS):
            result = change(task, operation, before, value)
            frame.set(target.id, before if type(result) is Pending else result)
        else:
            frame.set(target.id, apply(task, operation, before, value))
        return
    holder = evaluate(target.value, frame, task)
    if isinstance(target, ast.Attribute):
        name = target.attr
        after = apply(task, operation, apply(task, getattr, holder, name), evaluate(node.value, frame, task))
        change(task, lambda there, what: setattr(there, name, what), holder, after, tolerant=True)
        return
    key = evaluate(target.slice, frame, task)
    before = apply(task, operator.getitem, holder, key)
    after = apply(task, operation, before, evaluate(node.value, frame, task))
    if type(key) is Pending or type(holder) is Pending:
        late = change(task, operator.setitem, holder, key, after)
        if type(holder) is Pending:
            hold_owners(task, frame, target.value, late)
    else:
        change(task, lambda there, what: operator.setitem(there, key, what), holder, after, tolerant=True)


def _delete(node: ast.Delete, frame: Frame, task: ScoutTask) -> None:
    for target in node.targets:
        if isinstance(target, ast.Name):
            frame.delete(target.id)
        elif isinstance(target, ast.Subscript):
            change(
                task,
                operator.delitem,
                evaluate(target.value, frame, task),
                evaluate(target.slice, frame, task),
            )
        elif isinstance(target, ast.Attribute):
            change(task, delattr, evaluate(target.value, frame, task), target.attr)
        else:
            raise Lost("del of several")


def _define(node: ast.FunctionDef, frame: Frame, task: ScoutTask) -> None:
    if frame.is_module or frame.names is task.world.names or node.decorator_list:
        _as_it_is(node, frame, task)
    else:
        frame.set(node.name, defined(node, frame, task))


def _as_it_is(node: ast.stmt, frame: Frame, task: ScoutTask) -> None:
    """Run a statement as Python does; outside the module, what it binds is taken over."""
    code = compile(ast.Module([node], []), task.world.file, "exec", dont_inherit=True)
    module = task.world.names
    if frame.names is module:
        exec(code, module)  # noqa: S102 - the cell's own, in a fork that is thrown away
        return
    names = {name: frame.get(name) for name in facts(node).names if frame.has(name)}
    before = dict(names)
    exec(code, module, names)  # noqa: S102 - as above
    for name, value in names.items():
        if before.get(name) is not value or name not in before:
            frame.set(name, value)


def _nothing(node: ast.stmt, frame: Frame, task: ScoutTask) -> None:
    pass


def _check(node: ast.Assert, frame: Frame, task: ScoutTask) -> None:
    test = truth(task, evaluate(node.test, frame, task))
    if test is False:
        raise AssertionError
    if type(test) is Pending:
        apply(task, _insist, test)


def _insist(test: bool) -> None:
    if not test:
        raise AssertionError


_SIMPLE: dict[type[ast.stmt], Callable[[Any, Frame, ScoutTask], None]] = {
    ast.Expr: _expression, ast.Assign: _assign, ast.AnnAssign: _annotated, ast.AugAssign: _augmented, ast.Delete: _delete,
    ast.FunctionDef: _define, ast.AsyncFunctionDef: _as_it_is, ast.ClassDef: _as_it_is, ast.Import: _as_it_is,
    ast.ImportFrom: _as_it_is, ast.Pass: _nothing, ast.Global: _nothing, ast.Nonlocal: _nothing, ast.Assert: _check,
}  # fmt: skip


# -- compound statements and exits ------------------------------------------------------------------------------------------


def _return(node: ast.Return, frame: Frame, task: ScoutTask) -> Steps:
    value = None if node.value is None else (yield from _evaluated(node.value, frame, task))
    return Returned(value)


def _break(node: ast.Break, frame: Frame, task: ScoutTask) -> Steps:
    yield from ()
    return BREAK


def _continue(node: ast.Continue, frame: Frame, task: ScoutTask) -> Steps:
    yield from ()
    return CONTINUE


def _raise(node: ast.Raise, frame: Frame, task: ScoutTask) -> Steps:
    if node.exc is None:
        raise task.caught or RuntimeError("No active exception to reraise")
    error = yield from _evaluated(node.exc, frame, task)
    if type(error) is Pending:
        error = yield from _there(error)
    raise error() if isinstance(error, type) else error


def _there(pending: Pending) -> Steps:
    """The value of what is waited for."""
    yield pending
    return pending.value


def _if(node: ast.If, frame: Frame, task: ScoutTask) -> Steps:
    test = yield from _tested(node.test, frame, task)
    if type(test) is Pending:
        if not task.strict and facts(node).exits <= {"raise"}:
            return _passed_by([node], frame, task, lambda own, inner: _when(test, node, inner, own))
        if task.ahead_of is not None:
            test = not of_all(node.body).exits - {"raise"}  # taken for granted: nothing is left early
        else:
            test = yield from _there(test)
    return (yield from run(node.body if test else node.orelse, frame, task))


def _when(test: Pending, node: ast.If, frame: Frame, task: ScoutTask) -> Steps:
    there = yield from _there(test)
    return (yield from run(node.body if there else node.orelse, frame, task))


def _passed_by(
    nodes: list[ast.stmt],
    frame: Frame,
    task: ScoutTask,
    steps: Callable[[ScoutTask, Frame], Steps],
    *,
    is_careful: bool = False,
) -> Any:
    """Run statements in a task of their own."""
    changed: frozenset[str] = frozenset().union(*(task.world.changed_by(node, frame) for node in nodes))
    return run_block(task, frame, of_all(nodes), changed, steps, is_careful=is_careful)


def _for(node: ast.For, frame: Frame, task: ScoutTask) -> Steps:
    known = facts(node)
    if task.strict or not may_end_by_result(node) or not task.world.may_call(known):
        return (yield from _rounds(node, frame, task))
    if known.exits <= {"raise"}:
        return _passed_by([node], frame, task, lambda own, inner: _searched(node, inner, own))
    return (yield from _searched(node, frame, task))


def _searched(node: ast.For, frame: Frame, task: ScoutTask) -> Steps:
    """A loop that a result may end, with a look-ahead."""
    several = apply(task, iter, evaluate(node.iter, frame, task))
    if type(several) is Pending:
        several = yield from _there(several)
    items = list(several)
    before = task.search
    search = task.search = Search(before, is_eager=task.world.is_eager)
    _look_ahead(search, items, node, frame, task)
    try:
        return (yield from _each_round(items, node, frame, task, search))
    finally:
        search.is_over = True
        task.search = before


def _look_ahead(search: Search, items: list[Any], node: ast.For, frame: Frame, task: ScoutTask) -> None:
    """Start the task that asks in front of the loop."""
    ahead = ScoutTask(task.world, task)
    ahead.search, ahead.ahead_of, ahead.holds = search.outer, search, dict(task.holds)
    ahead.tries += 1  # what it runs into by what it takes for granted is nobody's error
    apart = copied(frame, facts(node).names, task.world.changed_by(node, frame))
    with suppress(Exception):
        ahead.start(_in_front(search, items, node, apart, ahead), lambda: lambda: None)


def _in_front(search: Search, items: list[Any], node: ast.For, frame: Frame, task: ScoutTask) -> Steps:
    for number, item in enumerate(items):
        while not search.may_start(number):
            yield search.advance
        if search.is_over:
            return None
        assign(node.target, item, frame, task)
        signal = yield from run(node.body, frame, task)
        if signal is BREAK or isinstance(signal, Returned):
            return None
    return None


def _rounds(node: ast.For, frame: Frame, task: ScoutTask) -> Steps:
    several = yield from _head(lambda: apply(task, iter, evaluate(node.iter, frame, task)), task)
    if type(several) is Pending:
        if not task.strict and facts(node).exits <= {"raise"}:
            return _passed_by([node], frame, task, lambda own, inner: _rounds_over(several, node, inner, own))
        several = yield from _there(several)
    return (yield from _each_round(several, node, frame, task))


def _rounds_over(several: Pending, node: ast.For, frame: Frame, task: ScoutTask) -> Steps:
    there = yield from _there(several)
    return (yield from _each_round(there, node, frame, task))


def _each_round(
    several: Any, node: ast.For, frame: Frame, task: ScoutTask, search: Search | None = None
) -> Steps:
    is_apart = continues(node) and not breaks(node) and of_all(node.body).exits <= {"raise", "continue"}
    for item in several:
        assign(node.target, item, frame, task)
        if is_apart and not task.strict:
            signal = _passed_by(node.body, frame, task, lambda own, inner: run(node.body, inner, own))
        else:
            signal = yield from run(node.body, frame, task)
        if signal is BREAK:
            return None
        if isinstance(signal, Returned):
            return signal
        if search is not None:
            search.survived(task.world.ready)
        if task.is_main and task.world.is_time_for_others():
            yield None
    return (yield from run(node.orelse, frame, task))


def _while(node: ast.While, frame: Frame, task: ScoutTask) -> Steps:
    known = facts(node)
    if not task.strict and known.exits <= {"raise"} and task.world.may_call(known) and breaks(node):
        return _passed_by([node], frame, task, lambda own, inner: _as_long(node, inner, own, may_pass=False))
    return (yield from _as_long(node, frame, task, may_pass=True))


def _as_long(node: ast.While, frame: Frame, task: ScoutTask, *, may_pass: bool) -> Steps:
    while True:
        task.world.step()
        test = yield from _tested(node.test, frame, task)
        if type(test) is Pending:
            if may_pass and not task.strict and facts(node).exits <= {"raise"}:
                return _passed_by(
                    [node], frame, task, lambda own, inner: _as_long(node, inner, own, may_pass=False)
                )
            test = yield from _there(test)
        if not test:
            return (yield from run(node.orelse, frame, task))
        signal = yield from run(node.body, frame, task)
        if signal is BREAK:
            return None
        if isinstance(signal, Returned):
            return signal
        if task.is_main and task.world.is_time_for_others():
            yield None


def _with(node: ast.With, frame: Frame, task: ScoutTask) -> Steps:
    managers = []
    for item in node.items:
        manager = yield from _evaluated(item.context_expr, frame, task)
        if type(manager) is Pending:
            manager = yield from _there(manager)
        value = apply(task, type(manager).__enter__, manager)
        managers.append(manager)
        if item.optional_vars is not None:
            assign(item.optional_vars, value, frame, task)
    try:
        signal = yield from run(node.body, frame, task)
    except Exception as error:
        for manager in reversed(managers):
            if type(manager).__exit__(manager, type(error), error, None):
                return None
        raise
    for manager in reversed(managers):
        type(manager).__exit__(manager, None, None, None)
    return signal


def _try(node: ast.Try, frame: Frame, task: ScoutTask) -> Steps:
    if not task.strict and facts(node).exits <= {"raise"}:
        return _passed_by([node], frame, task, lambda own, inner: _guarded(node, inner, own), is_careful=True)
    task.strict += 1
    task.tries += 1
    try:
        return (yield from _guarded(node, frame, task))
    finally:
        task.strict -= 1
        task.tries -= 1


def _guarded(node: ast.Try, frame: Frame, task: ScoutTask) -> Steps:
    try:
        try:
            signal = yield from run(node.body, frame, task)
        except Exception as error:
            handler = yield from _handler(error, node, frame, task)
            if handler is None:
                raise
            signal = yield from _handled(error, handler, frame, task)
        else:
            if signal is None:
                signal = yield from run(node.orelse, frame, task)
    except Exception:
        last = yield from run(node.finalbody, frame, task)
        if last is not None:
            return last
        raise
    last = yield from run(node.finalbody, frame, task)
    return signal if last is None else last


def _handler(error: Exception, node: ast.Try, frame: Frame, task: ScoutTask) -> Steps:
    for handler in node.handlers:
        if handler.type is None:
            return handler
        kind = yield from _evaluated(handler.type, frame, task)
        if isinstance(error, kind):
            return handler
    return None


def _handled(error: Exception, handler: ast.ExceptHandler, frame: Frame, task: ScoutTask) -> Steps:
    outer, task.caught = task.caught, error
    if handler.name:
        frame.set(handler.name, error)
    try:
        return (yield from run(handler.body, frame, task))
    finally:
        task.caught = outer
        if handler.name and frame.has(handler.name):
            frame.delete(handler.name)


_COMPOUND: dict[type[ast.stmt], Callable[[Any, Frame, ScoutTask], Steps]] = {
    ast.If: _if, ast.For: _for, ast.While: _while, ast.With: _with, ast.Try: _try, ast.Return: _return, ast.Break: _break,
    ast.Continue: _continue, ast.Raise: _raise,
}  # fmt: skip
