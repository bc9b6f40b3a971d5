"""Statements that have no blocks: expressions, assignments, ``del``, ``assert``, definitions and imports."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from .assignment import assign
from .expressions import evaluate, truth
from .frames import Frame
from .functions import defined
from .operations import Operation, apply, change
from .pending import Pending
from .syntax import facts
from .tasks import ScoutTask, hold_owners
from .world import Lost

_IN_PLACE: dict[type[ast.operator], Operation] = {
    ast.Add: operator.iadd, ast.Sub: operator.isub, ast.Mult: operator.imul, ast.Div: operator.itruediv,
    ast.FloorDiv: operator.ifloordiv, ast.Mod: operator.imod, ast.Pow: operator.ipow, ast.LShift: operator.ilshift,
    ast.RShift: operator.irshift, ast.BitOr: operator.ior, ast.BitAnd: operator.iand, ast.BitXor: operator.ixor,
    ast.MatMult: operator.imatmul,
}  # fmt: skip
_CHANGED_IN_PLACE = (list, dict, set)  # by ``+=`` and other augmented assignments


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
        if isinstance(before, _CHANGED_IN_PLACE):
            result = change(task, operation, before, value)
            frame.set(target.id, before if type(result) is Pending else result)
        else:
            frame.set(target.id, apply(task, operation, before, value))
        return
    holder = evaluate(target.value, frame, task)
    if isinstance(target, ast.Attribute):
        name = target.attr
        after = apply(task, operation, apply(task, getattr, holder, name), evaluate(node.value, frame, task))
        change(task, lambda owner, new: setattr(owner, name, new), holder, after, tolerant=True)
        return
    key = evaluate(target.slice, frame, task)
    before = apply(task, operator.getitem, holder, key)
    after = apply(task, operation, before, evaluate(node.value, frame, task))
    if type(key) is Pending:
        late = change(task, operator.setitem, holder, key, after)
    else:
        late = change(
            task, lambda owner, new: operator.setitem(owner, key, new), holder, after, tolerant=True
        )
    if type(holder) is Pending:
        hold_owners(task, frame, target.value, late)


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
            raise Lost("del of a tuple")


def _define(node: ast.FunctionDef | ast.AsyncFunctionDef, frame: Frame, task: ScoutTask) -> None:
    if frame.is_module or frame.names is task.world.names or node.decorator_list:
        _as_it_is(node, frame, task)
    else:
        frame.set(node.name, defined(node, frame, task))


def _as_it_is(node: ast.stmt, frame: Frame, task: ScoutTask) -> None:
    """Run a statement as Python does; in a function, copy the names that it binds into the frame."""
    code = compile(ast.Module([node], []), task.world.file, "exec", dont_inherit=True)
    module = task.world.names
    if frame.names is module:
        exec(code, module)  # noqa: S102 - code of the cell, in a fork that is thrown away
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


SIMPLE: dict[type[ast.stmt], Callable[[Any, Frame, ScoutTask], None]] = {
    ast.Expr: _expression, ast.Assign: _assign, ast.AnnAssign: _annotated, ast.AugAssign: _augmented, ast.Delete: _delete,
    ast.FunctionDef: _define, ast.AsyncFunctionDef: _define, ast.ClassDef: _as_it_is, ast.Import: _as_it_is,
    ast.ImportFrom: _as_it_is, ast.Pass: _nothing, ast.Global: _nothing, ast.Nonlocal: _nothing, ast.Assert: _check,
}  # fmt: skip
