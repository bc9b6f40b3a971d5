"""``match``: which case a value fits, and the names that it captures. Python itself decides; the bodies are followed."""

from __future__ import annotations

import ast
from typing import Any, NamedTuple

from .frames import Frame
from .syntax import facts
from .world import Lost, World

_SUBJECT, _CASE = "\0subject", "\0case"


class Matched(NamedTuple):
    """The case that a value fits.

    Attributes:
        body: its statements; empty if no case fits.
        captured: the names that it binds, with their values.
    """

    body: list[ast.stmt]
    captured: dict[str, Any]


def matched(node: ast.Match, subject: Any, frame: Frame, world: World) -> Matched:
    """The case of ``node`` that a value fits.

    Raises:
        Exception: whatever a guard or a class in a pattern raises.
        Lost: a guard may call a model.
    """
    cases = []
    for number, case in enumerate(node.cases):
        if case.guard is not None and world.may_call(facts(case.guard)):
            raise Lost("a guard that calls")
        chosen = ast.Assign([ast.Name(_CASE, ast.Store())], ast.Constant(number))
        cases.append(ast.match_case(case.pattern, case.guard, [chosen]))
    whole = ast.Match(ast.Name(_SUBJECT, ast.Load()), cases)
    code = ast.fix_missing_locations(ast.Module([ast.copy_location(whole, node)], []))
    names = {name: frame.get(name) for name in facts(node).names if frame.has(name)}
    captured: dict[str, Any] = {**names, _SUBJECT: subject}
    exec(compile(code, world.file, "exec", dont_inherit=True), world.names, captured)  # noqa: S102 - code of the cell, in a fork
    number = captured.pop(_CASE, None)
    del captured[_SUBJECT]
    new = {name: value for name, value in captured.items() if name not in names or names[name] is not value}
    return Matched([] if number is None else node.cases[number].body, new)
