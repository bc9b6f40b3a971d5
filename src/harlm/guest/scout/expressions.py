"""The value of an expression, which may be pending. Knows the syntax of expressions; leaves operations to ``operations`` and
calls to ``calls``.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Sequence
from typing import Any

from .frames import Frame
from .operations import Operation, apply, change
from .pending import Pending, Steps
from .syntax import facts
from .tasks import Returned, ScoutTask, Suspend, hold_owners, run_block
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
    ast.In: lambda item, several: item in several, ast.NotIn: lambda item, several: item not in several,
}  # fmt: skip

Comprehension = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp


class Items(list[Any]):
    """What a generator expression makes, all of it at once; ``next`` takes the items one by one."""

    _at = 0

    def __next__(self) -> Any:
        if self._at >= len(self):
            raise StopIteration
        self._at += 1
        return self[self._at - 1]


def evaluate(node: ast.expr, frame: Frame, task: ScoutTask) -> Any:
    """The value of ``node``.

    Raises:
        Exception: what the program raises here.
        Lost: it is of a kind that is not followed.
        Suspend: something is missing, and the task is careful.
    """
    evaluator = EVALUATORS.get(type(node))
    if evaluator is None:
        raise Lost(type(node).__name__)
    return evaluator(node, frame, task)


def truth(task: ScoutTask, value: Any) -> Any:
    """Whether a value counts as true; pending where that cannot be told."""
    if value is True or value is False or value is None:
        return value is True
    return apply(task, bool, value)


def later(node: ast.AST, frame: Frame, task: ScoutTask, steps: Callable[[ScoutTask, Frame], Steps]) -> Any:
    """The value of a part of an expression that waits before it is evaluated. ``steps`` returns a ``Returned`` with it.

    Raises:
        Suspend: the task is careful.
    """
    child = None

    def noted(inner_task: ScoutTask, inner: Frame) -> Steps:
        nonlocal child
        child = inner_task
        return steps(inner_task, inner)

    known = facts(node)
    run_block(task, frame, known, task.world.changed_by(node, frame), noted)
    assert child is not None
    return child.outcome


def _after(
    waited: Pending,
    node: ast.expr,
    frame: Frame,
    task: ScoutTask,
    evaluated: Callable[[Any, Frame, ScoutTask], Any],
) -> Any:
    """``evaluated(value of waited, …)``, when that is there."""
    if task.strict:
        raise Suspend(waited)

    def steps(inner_task: ScoutTask, inner: Frame) -> Steps:
        yield waited
        return Returned(evaluated(waited.value, inner, inner_task))

    return later(node, frame, task, steps)


def _constant(node: ast.Constant, frame: Frame, task: ScoutTask) -> Any:
    return node.value


def _name(node: ast.Name, frame: Frame, task: ScoutTask) -> Any:
    return frame.get(node.id)


def _text(node: ast.JoinedStr, frame: Frame, task: ScoutTask) -> Any:
    parts = [evaluate(each, frame, task) for each in node.values]
    if all(type(part) is str for part in parts):
        return "".join(parts)
    return apply(task, lambda *there: "".join(there), *parts)


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
        result = apply(task, lambda before, now: before and now, result, one)
        if result is False:
            return False
        left = right
    return result


def _compare(task: ScoutTask, kind: ast.cmpop, left: Any, right: Any) -> Any:
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

            def go_on(
                there: Any, inner: Frame, inner_task: ScoutTask, value: Any = value, number: int = number
            ) -> Any:
                return value if there is stops_at else _either_from(number + 1, node, inner, inner_task)

            return _after(test, node, frame, task, go_on)
        if test is stops_at:
            return value
    return None


def _chosen(node: ast.IfExp, frame: Frame, task: ScoutTask) -> Any:
    test = truth(task, evaluate(node.test, frame, task))
    if type(test) is Pending:
        return _after(
            test,
            node,
            frame,
            task,
            lambda there, inner, own: evaluate(node.body if there else node.orelse, inner, own),
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
        None if each is None else evaluate(each, frame, task) for each in (node.lower, node.upper, node.step)
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
    """The values of several expressions, of which some may be starred.

    Raises:
        Lost: it is not known yet how many a starred one stands for.
    """
    parts: list[Any] = []
    for each in nodes:
        if isinstance(each, ast.Starred):
            several = apply(task, list, evaluate(each.value, frame, task))
            if type(several) is Pending:
                raise Lost("a starred part of unknown length")
            parts += several
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


def _comprehension(node: Comprehension, frame: Frame, task: ScoutTask) -> Any:
    made: list[Any] = []
    result = _generate(node, 0, made, frame, task)
    if type(result) is Pending:
        return result
    if any(type(slot) is _Maybe for slot in made):
        tests = [slot.test for slot in made if type(slot) is _Maybe]
        return apply(task, lambda *_: _collected(node, _passed(made), task), *tests)
    return _collected(node, made, task)


class _Maybe:
    """An item that belongs to the result only if a test that is not there yet comes out true."""

    __slots__ = ("test", "value")

    def __init__(self, test: Pending, value: Any) -> None:
        self.test = test
        self.value = value


def _passed(made: list[Any]) -> list[Any]:
    return [
        slot.value if type(slot) is _Maybe else slot
        for slot in made
        if type(slot) is not _Maybe or slot.test.value
    ]


def _collected(node: Comprehension, made: list[Any], task: ScoutTask) -> Any:
    if isinstance(node, ast.ListComp):
        return made
    if isinstance(node, ast.GeneratorExp):
        return Items(made)
    return apply(task, set if isinstance(node, ast.SetComp) else dict, made)


def _generate(node: Comprehension, depth: int, made: list[Any], frame: Frame, task: ScoutTask) -> Any:
    """Put the items of a comprehension into ``made``; returns a pending value for all of it where even their number waits."""
    generator = node.generators[depth]
    if generator.is_async:
        raise Lost("an asynchronous comprehension")
    several = apply(task, iter, evaluate(generator.iter, frame, task))
    if type(several) is Pending:
        if depth:
            raise Lost("an inner loop of unknown length")
        return _after(several, node, frame, task, lambda _, inner, own: _comprehension(node, inner, own))
    for item in several:
        task.world.step()
        inner = Frame({}, frame, is_block=True)
        assign(generator.target, item, inner, task)
        test = _tests(generator.ifs, 0, inner, task)
        if test is False:
            continue
        if type(test) is Pending:
            if depth < len(node.generators) - 1:
                raise Lost("an inner loop that may not be there")
            made.append(_Maybe(test, _after(test, node, inner, task, _if_passed(node))))
        elif depth < len(node.generators) - 1:
            if (late := _generate(node, depth + 1, made, inner, task)) is not None:
                raise Lost(repr(late))
        else:
            made.append(_element(node, inner, task))
    return None


def _if_passed(node: Comprehension) -> Callable[[Any, Frame, ScoutTask], Any]:
    return lambda passed, inner, own: _element(node, inner, own) if passed else None


def _tests(tests: list[ast.expr], at: int, frame: Frame, task: ScoutTask) -> Any:
    """Whether an item passes; pending where that cannot be told."""
    for number in range(at, len(tests)):
        test = truth(task, evaluate(tests[number], frame, task))
        if test is False:
            return False
        if type(test) is Pending:
            if number == len(tests) - 1:
                return test
            rest = ast.BoolOp(op=ast.And(), values=tests[number:])
            return truth(task, _either(rest, frame, task))
    return True


def _element(node: Comprehension, frame: Frame, task: ScoutTask) -> Any:
    if isinstance(node, ast.DictComp):
        return (evaluate(node.key, frame, task), evaluate(node.value, frame, task))
    return evaluate(node.elt, frame, task)


def assign(target: ast.expr, value: Any, frame: Frame, task: ScoutTask) -> None:
    """Give ``target`` a value.

    Raises:
        Exception: what the program raises here.
        Lost: it cannot be done before the value is there.
    """
    if type(target) is ast.Name:
        frame.set(target.id, value)
    elif isinstance(target, ast.Tuple | ast.List):
        _unpack(target.elts, value, frame, task)
    elif isinstance(target, ast.Subscript):
        holder, key = evaluate(target.value, frame, task), evaluate(target.slice, frame, task)
        if type(key) is Pending or type(holder) is Pending:
            late = change(task, _set_item, holder, key, value)
            if type(holder) is Pending:
                hold_owners(task, frame, target.value, late)
        else:
            change(task, lambda there, *parts: _set_item(there, key, *parts), holder, value, tolerant=True)
    elif isinstance(target, ast.Attribute):
        holder = evaluate(target.value, frame, task)
        change(task, lambda there, what: setattr(there, target.attr, what), holder, value, tolerant=True)
    else:
        raise Lost(type(target).__name__)


def _set_item(holder: Any, key: Any, value: Any) -> None:
    holder[key] = value


def _unpack(targets: list[ast.expr], value: Any, frame: Frame, task: ScoutTask) -> None:
    starred = [at for at, each in enumerate(targets) if isinstance(each, ast.Starred)]
    several = apply(task, list, value)
    if type(several) is Pending:
        if starred:
            raise Lost("a starred target of unknown length")
        several = [
            apply(task, lambda whole, at=at: _part(whole, at, len(targets)), several)
            for at in range(len(targets))
        ]
    if starred:
        at = starred[0]
        after = len(targets) - at - 1
        if len(several) < len(targets) - 1:
            raise ValueError(
                f"not enough values to unpack (expected at least {len(targets) - 1}, got {len(several)})"
            )
        middle = several[at : len(several) - after]
        several = [*several[:at], middle, *several[len(several) - after :]]
    elif len(several) != len(targets):
        raise ValueError(f"expected {len(targets)} values to unpack, got {len(several)}")
    for each, part in zip(targets, several, strict=True):
        assign(each.value if isinstance(each, ast.Starred) else each, part, frame, task)


def _part(whole: list[Any], at: int, expected: int) -> Any:
    if len(whole) != expected:
        raise ValueError(f"expected {expected} values to unpack, got {len(whole)}")
    return whole[at]


EVALUATORS: dict[type[ast.expr], Callable[[Any, Frame, ScoutTask], Any]] = {
    ast.Constant: _constant, ast.Name: _name, ast.JoinedStr: _text, ast.FormattedValue: _formatted, ast.BinOp: _binary,
    ast.UnaryOp: _unary, ast.Compare: _compared, ast.BoolOp: _either, ast.IfExp: _chosen, ast.Attribute: _attribute,
    ast.Subscript: _item, ast.Slice: _slice, ast.List: _listed, ast.Tuple: _tupled, ast.Set: _gathered, ast.Dict: _mapped,
    ast.NamedExpr: _named, ast.ListComp: _comprehension, ast.SetComp: _comprehension, ast.GeneratorExp: _comprehension,
    ast.DictComp: _comprehension,
}  # fmt: skip
