"""Changes Python code so that one who knows it by heart answers wrongly: names, default values, errors and calls. What
comes out is parsed again; nothing is run.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from random import Random

from harlm_bench.tasks import words
from harlm_bench.tasks.code_facts import (
    ERRORS,
    Call,
    ClassFacts,
    FunctionFacts,
    calls_in,
    classes_of,
    defaults_of,
    error_of,
    function_nodes,
    functions_of,
    parsed,
)

_VERBS = tuple(
    """
    bind cast check drain fetch fold gather graft hold join keep lift mark melt merge pack pick place probe pull push rank
    send settle shift sort split store take trim turn weigh wind wrap
    """.split()
)
_ROLES = tuple("Binder Broker Carrier Drawer Feeder Guard Holder Joiner Keeper Marker Sender Weaver".split())
_BUILTIN_NAMES = {
    name for kind in (str, bytes, list, dict, set, int, float, type, BaseException) for name in dir(kind)
}
_SHARE = 0.8  # of the places where a change is possible
_LONGEST_CONSTANT = 20  # characters

_Edit = tuple[int, int, bytes]
"""Start and end in bytes, and what stands there afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedModule:
    """A module after the changes.

    Attributes:
        text: its source.
        functions, classes: what it says, by ``ast``.
        renamed: the names that are new.
        changed: what else is new: ``(function, parameter)`` for a default, ``(function, "raise")`` for an error.
        called_outside: the names that are called outside of ``functions`` too.
    """

    text: str
    functions: tuple[FunctionFacts, ...]
    classes: tuple[ClassFacts, ...]
    renamed: frozenset[str]
    changed: frozenset[tuple[str, str]]
    called_outside: frozenset[str]


class NewNames:
    """Names for functions and classes, none of them twice."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._taken: set[str] = set()

    def instead_of(self, name: str, is_class: bool) -> str:
        """Such as ``fold_amber_ribbon``, or ``AmberRibbonKeeper`` for a class. Private names stay private."""
        while (made := self._made(is_class)) in self._taken:
            pass
        self._taken.add(made)
        return f"_{made}" if name.startswith("_") else made

    def _made(self, is_class: bool) -> str:
        pick = self._chance.choice
        first, second = pick(words.KEYWORDS), pick(words.KEYWORDS)
        if is_class:
            return first.title() + second.title() + pick(_ROLES)
        return f"{pick(_VERBS)}_{first}_{second}"


def changed_module(text: str, chance: Random, names: NewNames) -> ChangedModule | None:
    """A source with most of its names, defaults, errors and calls changed; ``None`` if it cannot be parsed."""
    tree = parsed(text)
    if tree is None:
        return None
    table = _new_names(tree, chance, names)
    text = _renamed(text, table)
    tree = parsed(text)
    if tree is None:
        return None
    edits = _Edits(text, chance)
    functions = functions_of(tree)
    for function in functions:
        edits.change_defaults(function)
        edits.change_errors(function)
    edits.swap_calls(functions, tree, frozenset(table.values()))
    text = edits.applied()
    tree = parsed(text)
    if tree is None:
        return None
    functions = functions_of(tree)
    inside = Counter(call.name for each in functions for call in each.calls)
    return ChangedModule(
        text=text,
        functions=tuple(functions),
        classes=tuple(classes_of(tree)),
        renamed=frozenset(table.values()),
        changed=frozenset(edits.changed),
        called_outside=frozenset(Counter(each.name for each in calls_in([tree])) - inside),
    )


def _new_names(tree: ast.Module, chance: Random, names: NewNames) -> dict[str, str]:
    """New names for functions with an underscore in their name, which are no words of comments, and for classes."""
    table = {}
    for name in dict.fromkeys(node.name for _, node in function_nodes(tree)):
        is_plain = "_" not in name or (name.startswith("__") and name.endswith("__"))
        if not is_plain and name not in _BUILTIN_NAMES and chance.random() < _SHARE:
            table[name] = names.instead_of(name, is_class=False)
    for each in classes_of(tree):
        if each.name not in ERRORS and chance.random() < _SHARE:
            table[each.name] = names.instead_of(each.name, is_class=True)
    return table


def _renamed(text: str, table: Mapping[str, str]) -> str:
    if not table:
        return text
    return re.sub(rf"\b(?:{'|'.join(table)})\b", lambda found: table[found[0]], text)


class _Edits:
    """The changes to one source, collected and then applied."""

    def __init__(self, text: str, chance: Random) -> None:
        self._raw = text.encode()
        self._lines = [0, *accumulate(map(len, self._raw.splitlines(keepends=True)))]
        self._chance = chance
        self._edits: list[_Edit] = []
        self.changed: set[tuple[str, str]] = set()

    def change_defaults(self, function: FunctionFacts) -> None:
        for name, constant in defaults_of(function.node):
            new = _other_constant(constant.value, self._chance)
            if new and self._is_drawn() and constant.lineno == constant.end_lineno:
                self._replace(constant, new)
                self.changed.add((function.name, name))

    def change_errors(self, function: FunctionFacts) -> None:
        for node in function.raise_nodes:
            error = error_of(node)
            if error is not None and error.id in ERRORS and self._is_drawn():
                self._replace(error, self._chance.choice([each for each in ERRORS if each != error.id]))
                self.changed.add((function.name, "raise"))

    def swap_calls(self, functions: list[FunctionFacts], tree: ast.Module, renamed: frozenset[str]) -> None:
        """Of functions that are called at one place each, two by two, the names at these places change sides."""
        places = _lone_calls(functions, tree, renamed)
        for kind in (ast.Name, ast.Attribute):
            alike = [each for each in places if isinstance(each.call.node, kind)]
            for first, second in zip(alike[::2], alike[1::2], strict=False):
                if first.caller != second.caller and self._is_drawn():
                    self._replace_name(first.call, second.call.name)
                    self._replace_name(second.call, first.call.name)

    def applied(self) -> str:
        """The source with all changes."""
        parts, end = [], len(self._raw)
        for start, stop, new in sorted(self._edits, reverse=True):
            if stop <= end:
                parts += [self._raw[stop:end], new]
                end = start
        return b"".join(reversed([*parts, self._raw[:end]])).decode()

    def _is_drawn(self) -> bool:
        return self._chance.random() < _SHARE

    def _replace(self, node: ast.expr, new: str) -> None:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self._lines[node.lineno - 1] + node.col_offset
        self._edits.append((start, self._lines[node.end_lineno - 1] + node.end_col_offset, new.encode()))

    def _replace_name(self, call: Call, new: str) -> None:
        assert call.node.end_lineno is not None
        assert call.node.end_col_offset is not None
        stop = self._lines[call.node.end_lineno - 1] + call.node.end_col_offset
        self._edits.append((stop - len(call.name.encode()), stop, new.encode()))


@dataclass(frozen=True, slots=True, kw_only=True)
class _LoneCall:
    """The one place at which a function is called."""

    caller: str
    call: Call


def _lone_calls(functions: list[FunctionFacts], tree: ast.Module, names: frozenset[str]) -> list[_LoneCall]:
    everywhere = Counter(each.name for each in calls_in([tree]))
    return [
        _LoneCall(caller=function.name, call=call)
        for function in functions
        for call in function.calls
        if call.name in names and everywhere[call.name] == 1
    ]


def _other_constant(value: object, chance: Random) -> str:
    """Another value of the same type, as Python writes it; empty if this one is best left alone."""
    if isinstance(value, bool):
        return repr(not value)
    if isinstance(value, int) and abs(value) < 10**9:
        return repr(chance.choice([each for each in (2, 3, 5, 7, 12, 25, 40, 96, 160, 750) if each != value]))
    if isinstance(value, float):
        return repr(chance.choice([each for each in (0.05, 0.4, 1.5, 2.75, 6.5, 45.0) if each != value]))
    if isinstance(value, str) and len(value) <= _LONGEST_CONSTANT:
        return repr(chance.choice([each for each in words.KEYWORDS if each != value]))
    return ""
