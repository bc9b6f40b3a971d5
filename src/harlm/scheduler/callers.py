"""Which names of a REPL may lead to a call of a model, by the text of its cells."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from harlm.guest.scout.syntax import named_after
from harlm.guest.vocabulary import MODEL_CALLS

_WORDS = re.compile(r"[^\W\d]\w*")
_MOST = 20_000  # names and uses that are kept


@dataclass(eq=False, frozen=True, slots=True)
class _Definition:
    """A piece of code that names something which can be called.

    Attributes:
        names: that it gives.
        around: the definition that it is in.
        uses: the names in it.
    """

    names: frozenset[str]
    around: _Definition | None
    uses: set[str] = field(default_factory=set)


class Callers:
    """The names that lead to a call: the functions that call models, and what is defined with such a name in its
    text. Each definition is looked at once, so that many cells cost what they contain.

    Args:
        calls: the names of the functions that call models, or tools that may be called early.
    """

    def __init__(self, calls: Iterable[str] = MODEL_CALLS) -> None:
        self._calling = set(calls)
        self._definitions: dict[_Definition, None] = {}  # those that are not known to call; outer ones first
        self._waiting: defaultdict[str, list[_Definition]] = defaultdict(list)
        self._kept = 0
        self._is_any = False

    def add(self, tree: ast.AST) -> None:
        """Learn what a cell defines."""
        self._learn(_definitions(tree))

    def take_over(self, other: Callers) -> None:
        """Take over what ``other`` holds."""
        self._is_any |= other._is_any
        self._calling |= other._calling
        self._learn([*self._definitions, *other._definitions])

    def are_in(self, tree: ast.AST) -> bool:
        """Whether the names in ``tree`` include one that leads to a call."""
        return self._is_any or any(_own_name(node) in self._calling for node in ast.walk(tree))

    def are_named_in(self, text: str) -> bool:
        """Whether a text that need not be Python names one."""
        return self._is_any or not self._calling.isdisjoint(_WORDS.findall(text))

    def _learn(self, definitions: Iterable[_Definition]) -> None:
        for definition in definitions:
            self._kept += 1 + len(definition.uses)
            if self._kept > _MOST:  # too many to know: from here on every cell may call
                self._is_any = True
                self._definitions.clear()
                self._waiting.clear()
                return
            self._definitions[definition] = None
            for name in definition.uses:
                self._waiting[name].append(definition)
            if not self._calling.isdisjoint(definition.uses):
                self._calls(definition)

    def _calls(self, definition: _Definition) -> None:
        pending = [definition]
        while pending:
            each = pending.pop()
            if each in self._definitions:
                del self._definitions[each]
                new = each.names - self._calling
                self._calling |= new
                for name in new:
                    pending.extend(self._waiting.pop(name, ()))
                if each.around is not None:
                    pending.append(each.around)


def _definitions(tree: ast.AST) -> list[_Definition]:
    """The definitions in a tree, the outer ones first."""
    found: list[_Definition] = []
    pending: list[tuple[ast.AST, _Definition | None]] = [(tree, None)]
    while pending:
        node, around = pending.pop()
        names = named_after(node)
        if names:
            around = _Definition(names, around)
            found.append(around)
        if around is not None and (used := _own_name(node)) is not None:
            around.uses.add(used)
        pending.extend((child, around) for child in ast.iter_child_nodes(node))
    return found


def _own_name(node: ast.AST) -> str | None:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else None
