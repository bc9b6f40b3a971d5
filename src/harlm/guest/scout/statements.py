"""Follows statements, one after another. A statement that depends on a pending value is put off in a task of
its own if the rest of the program need not wait for it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from . import calls, comprehensions  # noqa: F401 - both add to what is evaluated
from .assignment import assign
from .coroutines import entered
from .frames import Frame
from .generators import produce
from .loops import BREAK, CONTINUE, run_for, run_while
from .matching import matched
from .operations import apply
from .pending import Pending, Steps, Touched, settled
from .simple_statements import SIMPLE
from .syntax import facts, of_all
from .tasks import Returned, ScoutTask, as_raised
from .waiting import arrived, evaluated, patiently, run_separately, truth_of
from .world import Lost


def run(body: list[ast.stmt], frame: Frame, task: ScoutTask) -> Steps:
    """Follow statements; ends with ``BREAK``, ``CONTINUE``, a ``Returned``, or ``None`` at the end of
    ``body``.
    """
    for node in body:
        task.world.step()
        simple = SIMPLE.get(type(node))
        if simple is not None and task.gives and "yield" in facts(node).exits:
            yield from produce(node, frame, task)
            continue
        if simple is not None:
            if task.strict:
                yield from patiently(lambda simple=simple, node=node: simple(node, frame, task), task)  # type: ignore[misc]
            else:
                _tried(simple, node, frame, task)
            continue
        compound = _COMPOUND.get(type(node))
        try:
            if compound is None:
                raise Lost(type(node).__name__)
            signal = yield from compound(node, frame, task)
        except (Lost, Touched):
            _leave_to_cell(node, frame, task)
            if facts(node).exits - {"raise"}:
                yield task.world.never  # the block may end here, which is not known: never continue
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
        _leave_to_cell(node, frame, task)


def _leave_to_cell(node: ast.stmt, frame: Frame, task: ScoutTask) -> None:
    """Leave a statement to the cell: what it binds is pending for ever, and what it may change is held for
    ever.
    """
    known = facts(node)
    never = task.world.never
    for name in known.bound:
        frame.set(name, never)
    for name in task.world.changed_by(node, frame):
        if frame.has(name):
            value = frame.get(name)
            task.holds[id(value)] = (value, never)


def _return(node: ast.Return, frame: Frame, task: ScoutTask) -> Steps:
    value = None if node.value is None else (yield from evaluated(node.value, frame, task))
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
    error = yield from evaluated(node.exc, frame, task)
    if type(error) is Pending:
        error = yield from arrived(error)
    raise error() if isinstance(error, type) else error


def _if(node: ast.If, frame: Frame, task: ScoutTask) -> Steps:
    test = yield from truth_of(node.test, frame, task)
    if type(test) is Pending:
        if task.ahead_of is not None and task.ahead_of.skips:
            return None
        if not task.strict and facts(node).exits <= {"raise"}:
            return run_separately([node], frame, task, lambda own, inner: _if_later(test, node, inner, own))
        if task.ahead_of is not None:
            test = not of_all(node.body).exits - {
                "raise"
            }  # the look-ahead assumes that nothing is left early
        else:
            test = yield from arrived(test)
    return (yield from run(node.body if test else node.orelse, frame, task))


def _if_later(test: Pending, node: ast.If, frame: Frame, task: ScoutTask) -> Steps:
    is_true = yield from arrived(test)
    return (yield from run(node.body if is_true else node.orelse, frame, task))


def _match(node: ast.Match, frame: Frame, task: ScoutTask) -> Steps:
    subject = yield from evaluated(node.subject, frame, task)
    if type(subject) is Pending and not subject.done:
        if not task.strict and facts(node).exits <= {"raise"}:
            return run_separately(
                [node], frame, task, lambda own, inner: _match_later(subject, node, inner, own)
            )
        subject = yield from arrived(subject)
    return (yield from _case(node, settled(subject), frame, task))


def _match_later(subject: Pending, node: ast.Match, frame: Frame, task: ScoutTask) -> Steps:
    known = yield from arrived(subject)
    return (yield from _case(node, known, frame, task))


def _case(node: ast.Match, subject: Any, frame: Frame, task: ScoutTask) -> Steps:
    found = matched(node, subject, frame, task.world)
    for name, value in found.captured.items():
        frame.set(name, value)
    return (yield from run(found.body, frame, task))


def _with(node: ast.With, frame: Frame, task: ScoutTask) -> Steps:
    managers = []
    for item in node.items:
        manager = yield from evaluated(item.context_expr, frame, task)
        if type(manager) is Pending:
            manager = yield from arrived(manager)
        value = apply(task, type(manager).__enter__, manager)
        managers.append(manager)
        if item.optional_vars is not None:
            assign(item.optional_vars, value, frame, task)
    try:
        signal = yield from run(node.body, frame, task)
    except Exception as raised:
        error = as_raised(raised)
        for manager in reversed(managers):
            if type(manager).__exit__(manager, type(error), error, None):
                return None
        raise
    for manager in reversed(managers):
        type(manager).__exit__(manager, None, None, None)
    return signal


def _async_with(node: ast.AsyncWith, frame: Frame, task: ScoutTask) -> Steps:
    """``async with`` over locks and semaphores, which only wait for their turn, and over groups of tasks."""
    for item in node.items:
        value = entered((yield from evaluated(item.context_expr, frame, task)))
        if item.optional_vars is not None:
            assign(item.optional_vars, value, frame, task)
    return (yield from run(node.body, frame, task))


def _try(node: ast.Try, frame: Frame, task: ScoutTask) -> Steps:
    if not task.strict and facts(node).exits <= {"raise"}:
        return run_separately(
            [node], frame, task, lambda own, inner: _guarded(node, inner, own), is_careful=True
        )
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
        except Exception as raised:
            error = as_raised(raised)
            assert isinstance(error, Exception)
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
        kind = yield from evaluated(handler.type, frame, task)
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
    ast.If: _if, ast.Match: _match, ast.For: run_for, ast.While: run_while, ast.With: _with, ast.AsyncWith: _async_with, ast.Try: _try, ast.Return: _return, ast.Break: _break,
    ast.Continue: _continue, ast.Raise: _raise,
}  # fmt: skip
