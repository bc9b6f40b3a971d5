"""Evaluates expressions, whose values may be pending. Operations are in ``operations``; comprehensions and
calls are added by ``comprehensions`` and ``calls``.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Sequence
from typing import Any

from .frames import Frame
from .lazy import Lazy
from .operations import Operation, apply
from .pending import Pending, Steps
from .reading import contains, listed
from .syntax import facts
from .tasks import Returned, ScoutTask, Suspend, run_block
from .world import Lost

_BINARY: dict[type[ast.operator], Operation] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow, ast.LShift: operator.lshift,
    ast.RShift: operator.rshift, ast.BitOr: operator.or_, ast.BitAnd: operator.and_, ast.BitXor: operator.xor,
    ast.MatMult: operator.matmul,
}  # fmt: skip
_UNARY: dict[type[ast.unaryop], Operation] = {
    ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Invert: operator.invert, ast.Not: operator.not_,
}  # fmt: skip
_COMPARED: dict[type[ast.cmpop], Operation] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.Is: operator.is_, ast.IsNot: operator.is_not,
    ast.In: lambda item, items: item in items, ast.NotIn: lambda item, items: item not in items,
}  # fmt: skip


def evaluate(node: ast.expr, frame: Frame, task: ScoutTask) -> Any:
    """The value of ``node``, which may be pending.

    Raises:
        Exception: whatever the program raises here.
        Lost: this kind of expression is not followed.
        Suspend: a value has not arrived, and the task is careful.
    """
    evaluator = EVALUATORS.get(type(node))
    if evaluator is None:
        raise Lost(type(node).__name__)
    return evaluator(node, frame, task)


def truth(task: ScoutTask, value: Any) -> Any:
    """Whether a value is true; pending if that is not known yet."""
    if value is True or value is False or value is None:
        return value is True
    return apply(task, bool, value)


def _later(node: ast.AST, frame: Frame, task: ScoutTask, steps: Callable[[ScoutTask, Frame], Steps]) -> Any:
    """The value of a part of an expression that is evaluated in a task of its own, by ``steps``, which
    returns a ``Returned``.
    """
    child = None

    def noting_task(inner_task: ScoutTask, inner: Frame) -> Steps:
        nonlocal child
        child = inner_task
        return steps(inner_task, inner)

    known = facts(node)
    run_block(task, frame, known, task.world.changed_by(node, frame), noting_task)
    assert child is not None
    return child.outcome


def after(
    waited: Pending,
    node: ast.expr,
    frame: Frame,
    task: ScoutTask,
    evaluated: Callable[[Any, Frame, ScoutTask], Any],
) -> Any:
    """``evaluated(value of waited, frame, task)``, as soon as ``waited`` has arrived; pending until then.

    Raises:
        Suspend: the task is careful.
    """
    if task.strict:
        raise Suspend(waited)

    def steps(inner_task: ScoutTask, inner: Frame) -> Steps:
        yield waited
        return Returned(evaluated(waited.value, inner, inner_task))

    return _later(node, frame, task, steps)


def _constant(node: ast.Constant, frame: Frame, task: ScoutTask) -> Any:
    return node.value


def _name(node: ast.Name, frame: Frame, task: ScoutTask) -> Any:
    return frame.get(node.id)


def _text(node: ast.JoinedStr, frame: Frame, task: ScoutTask) -> Any:
    parts = [evaluate(each, frame, task) for each in node.values]
    if all(type(part) is str for part in parts):
        return "".join(parts)
    return apply(task, lambda *known: "".join(known), *parts)


def _formatted(node: ast.FormattedValue, frame: Frame, task: ScoutTask) -> Any:
    value = evaluate(node.value, frame, task)
    form = "" if node.format_spec is None else evaluate(node.format_spec, frame, task)
    if type(value) is str and node.conversion == -1 and form == "":
        return value
    return apply(task, _FORMATS[node.conversion], value, form)


_FORMATS: dict[int, Operation] = {
    -1: format,
    115: lambda value, form: format(str(value), form),
    114: lambda value, form: format(repr(value), form),
    97: lambda value, form: format(ascii(value), form),
}


def _binary(node: ast.BinOp, frame: Frame, task: ScoutTask) -> Any:
    left, right = evaluate(node.left, frame, task), evaluate(node.right, frame, task)
    return apply(task, _BINARY[type(node.op)], left, right)


def _unary(node: ast.UnaryOp, frame: Frame, task: ScoutTask) -> Any:
    return apply(task, _UNARY[type(node.op)], evaluate(node.operand, frame, task))


def _compared(node: ast.Compare, frame: Frame, task: ScoutTask) -> Any:
    left = evaluate(node.left, frame, task)
    if len(node.ops) == 1:
        return _compare(task, node.ops[0], left, evaluate(node.comparators[0], frame, task))
    result: Any = True
    for kind, comparator in zip(node.ops, node.comparators, strict=True):
        right = evaluate(comparator, frame, task)
        one = _compare(task, kind, left, right)
        result = apply(task, lambda before, new: before and new, result, one)
        if result is False:
            return False
        left = right
    return result


def _compare(task: ScoutTask, kind: ast.cmpop, left: Any, right: Any) -> Any:
    if isinstance(kind, ast.In | ast.NotIn) and isinstance(right, Lazy):
        is_in = contains(right, left, task)
        return is_in if isinstance(kind, ast.In) else apply(task, operator.not_, is_in)
    is_identity = isinstance(kind, ast.Is | ast.IsNot)
    if is_identity and right is None and type(left) is Pending and left.is_text:
        return isinstance(kind, ast.IsNot)
    return apply(task, _COMPARED[type(kind)], left, right)


def _either(node: ast.BoolOp, frame: Frame, task: ScoutTask) -> Any:
    return _either_from(0, node, frame, task)


def _either_from(at: int, node: ast.BoolOp, frame: Frame, task: ScoutTask) -> Any:
    stops_at = isinstance(node.op, ast.Or)
    for number in range(at, len(node.values)):
        value = evaluate(node.values[number], frame, task)
        if number == len(node.values) - 1:
            return value
        test = truth(task, value)
        if type(test) is Pending:

            def resume(
                known: Any, inner: Frame, inner_task: ScoutTask, value: Any = value, number: int = number
            ) -> Any:
                return value if known is stops_at else _either_from(number + 1, node, inner, inner_task)

            return after(test, node, frame, task, resume)
        if test is stops_at:
            return value
    return None


def _chosen(node: ast.IfExp, frame: Frame, task: ScoutTask) -> Any:
    test = truth(task, evaluate(node.test, frame, task))
    if type(test) is Pending:
        return after(
            test,
            node,
            frame,
            task,
            lambda known, inner, own: evaluate(node.body if known else node.orelse, inner, own),
        )
    return evaluate(node.body if test else node.orelse, frame, task)


def _attribute(node: ast.Attribute, frame: Frame, task: ScoutTask) -> Any:
    return apply(task, getattr, evaluate(node.value, frame, task), node.attr)


def _item(node: ast.Subscript, frame: Frame, task: ScoutTask) -> Any:
    found = apply(
        task, operator.getitem, evaluate(node.value, frame, task), evaluate(node.slice, frame, task)
    )
    return found.value if type(found) is Pending and found.done and found.error is None else found


def _slice(node: ast.Slice, frame: Frame, task: ScoutTask) -> Any:
    bounds = [
        None if bound is None else evaluate(bound, frame, task)
        for bound in (node.lower, node.upper, node.step)
    ]
    return apply(task, slice, *bounds)


def _listed(node: ast.List, frame: Frame, task: ScoutTask) -> Any:
    return displayed(node.elts, list, frame, task)


def _tupled(node: ast.Tuple, frame: Frame, task: ScoutTask) -> Any:
    return displayed(node.elts, tuple, frame, task)


def _gathered(node: ast.Set, frame: Frame, task: ScoutTask) -> Any:
    return apply(task, set, displayed(node.elts, list, frame, task))


def displayed(
    nodes: Sequence[ast.expr], kind: Callable[[list[Any]], Any], frame: Frame, task: ScoutTask
) -> Any:
    """The values of several expressions, some of which may be starred.

    Args:
        kind: makes the result from a list of the values.

    Raises:
        Lost: the length of a starred expression is not known yet.
    """
    parts: list[Any] = []
    for each in nodes:
        if isinstance(each, ast.Starred):
            starred = listed(evaluate(each.value, frame, task), task)
            if type(starred) is Pending:
                raise Lost("a starred part of unknown length")
            parts += starred
        else:
            parts.append(evaluate(each, frame, task))
    return kind(parts)


def _mapped(node: ast.Dict, frame: Frame, task: ScoutTask) -> Any:
    pairs: list[tuple[Any, Any]] = []
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            more = apply(task, dict, evaluate(value, frame, task))
            if type(more) is Pending:
                raise Lost("a dictionary of unknown keys")
            pairs += more.items()
        else:
            pairs.append((evaluate(key, frame, task), evaluate(value, frame, task)))
    return apply(task, dict, pairs)


def _named(node: ast.NamedExpr, frame: Frame, task: ScoutTask) -> Any:
    value = evaluate(node.value, frame, task)
    home = frame
    while (
        home.is_block
        and home.outer is not None
        and node.target.id not in home.names
        and not home.outer.is_module
    ):
        home = home.outer
    home.set(node.target.id, value)
    return value


EVALUATORS: dict[type[ast.expr], Callable[[Any, Frame, ScoutTask], Any]] = {
    ast.Constant: _constant, ast.Name: _name, ast.JoinedStr: _text, ast.FormattedValue: _formatted, ast.BinOp: _binary,
    ast.UnaryOp: _unary, ast.Compare: _compared, ast.BoolOp: _either, ast.IfExp: _chosen, ast.Attribute: _attribute,
    ast.Subscript: _item, ast.Slice: _slice, ast.List: _listed, ast.Tuple: _tupled, ast.Set: _gathered, ast.Dict: _mapped,
    ast.NamedExpr: _named,
}  # fmt: skip
