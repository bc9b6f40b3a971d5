"""Assigns values, which may be pending, to the targets of assignments, loops and ``with``."""

from __future__ import annotations

import ast
from typing import Any

from .expressions import evaluate
from .frames import Frame
from .lazy import Lazy
from .operations import apply, change
from .pending import Pending
from .reading import listed, taken
from .tasks import ScoutTask, hold_owners
from .world import Lost


def assign(target: ast.expr, value: Any, frame: Frame, task: ScoutTask) -> None:
    """Assign a value to ``target``.

    Raises:
        Exception: whatever the program raises here.
        Lost: the assignment cannot be made before the value has arrived, or its syntax is not followed.
    """
    if type(target) is ast.Name:
        frame.set(target.id, value)
    elif isinstance(target, ast.Tuple | ast.List):
        _unpack(target.elts, value, frame, task)
    elif isinstance(target, ast.Subscript):
        holder, key = evaluate(target.value, frame, task), evaluate(target.slice, frame, task)
        if type(key) is Pending:
            late = change(task, _set_item, holder, key, value)
        else:
            late = change(
                task, lambda owner, *parts: _set_item(owner, key, *parts), holder, value, tolerant=True
            )
        if type(holder) is Pending:
            hold_owners(task, frame, target.value, late)
    elif isinstance(target, ast.Attribute):
        holder = evaluate(target.value, frame, task)
        change(task, lambda owner, new: setattr(owner, target.attr, new), holder, value, tolerant=True)
    else:
        raise Lost(type(target).__name__)


def _set_item(holder: Any, key: Any, value: Any) -> None:
    holder[key] = value


def _unpack(targets: list[ast.expr], value: Any, frame: Frame, task: ScoutTask) -> None:
    starred = [at for at, target in enumerate(targets) if isinstance(target, ast.Starred)]
    if isinstance(value, Lazy) and not starred:
        parts = taken(value, len(targets) + 1, task)
    else:
        parts = listed(value, task)
    if type(parts) is Pending:
        if starred:
            raise Lost("a starred target of unknown length")
        parts = [
            apply(task, lambda whole, at=at: _part(whole, at, len(targets)), parts)
            for at in range(len(targets))
        ]
    if starred:
        at = starred[0]
        after = len(targets) - at - 1
        if len(parts) < len(targets) - 1:
            raise ValueError(
                f"not enough values to unpack (expected at least {len(targets) - 1}, got {len(parts)})"
            )
        middle = parts[at : len(parts) - after]
        parts = [*parts[:at], middle, *parts[len(parts) - after :]]
    elif len(parts) != len(targets):
        raise ValueError(f"expected {len(targets)} values to unpack, got {len(parts)}")
    for target, part in zip(targets, parts, strict=True):
        assign(target.value if isinstance(target, ast.Starred) else target, part, frame, task)


def _part(whole: list[Any], at: int, expected: int) -> Any:
    if len(whole) != expected:
        raise ValueError(f"expected {expected} values to unpack, got {len(whole)}")
    return whole[at]
