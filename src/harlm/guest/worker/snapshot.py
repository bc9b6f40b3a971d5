"""Copies a cell's variables for a scout in another process, if this one cannot fork: plain containers and
numbers, imports, and the functions that cells defined. Never runs the cell's own code to make a copy.

The bytes go from one REPL to another of the same run. Both run model-written code, so the receiver trusts the
bytes no more and no less than the cells that it runs.
"""

from __future__ import annotations

import ast
import importlib
import random
import sys
import types
from _pickle import PicklingError, dumps, loads  # imported now, so that a cell cannot replace them
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from ..scout.pending import Pending
from .awaitable import AwaitableDict, AwaitableList, AwaitableText

_MOST_OBJECTS = 20_000  # about 5,000 rows; walking through them takes 2 ms
_MOST_CHARACTERS = 4 << 20
_MOST_BYTES = 8 << 20  # with the text of the cells; the host accepts no more
_TEXTS = frozenset(
    map(id, (str, bytes, AwaitableText))
)  # by identity, because comparing classes can run their code
_ATOMS = frozenset(map(id, (int, float, bool, complex, types.NoneType)))
_SEQUENCES = frozenset(map(id, (list, tuple, set, frozenset, deque, AwaitableList)))
_MAPPINGS = frozenset(map(id, (dict, Counter, OrderedDict, defaultdict, AwaitableDict)))
_FACTORIES = frozenset(map(id, (None, int, float, str, list, dict, set, tuple, bool)))
_IMPORTED = frozenset(map(id, (type, types.FunctionType, types.BuiltinFunctionType)))


class Rest(NamedTuple):
    """The part of a cell that a scout works through, and what it needs for that.

    Attributes:
        names: the variables of the REPL.
        cells: the text of the earlier cells, by the file name of their code.
        file: the file name of this cell's code.
        code: the text of this cell; ``None`` while it is being written.
        at: the index of the first statement to work through.
    """

    names: dict[str, Any]
    cells: Mapping[str, str]
    file: str
    code: str | None
    at: int

    def tree(self) -> ast.Module | None:
        """The syntax of this cell; ``None`` while it is being written."""
        return None if self.code is None else ast.parse(self.code)


def pack(rest: Rest) -> bytes | None:
    """Pack copies of what can be copied; ``None`` if that is nested too deep or too large to send."""
    values: dict[str, Any] = {}
    imported: dict[str, tuple[str, str]] = {}
    defined: list[tuple[str, int, str]] = []
    room = _Room()
    unknown: list[str] = []
    for name, value in rest.names.items():
        if name.startswith("__"):
            continue
        kind = type(value)
        if kind is types.ModuleType:
            imported[name] = (value.__name__, "")
        elif kind is types.FunctionType and value.__code__.co_filename in rest.cells:
            code = value.__code__
            defined.append((code.co_filename, code.co_firstlineno, name))
        elif id(kind) in _IMPORTED and (place := _place(value)):
            imported[name] = place
        elif room.takes(value):
            values[name] = value
        else:
            unknown.append(name)
    here = dict(rest.cells), rest.file, rest.code, rest.at
    state = values, imported, defined, unknown, here, random.getstate()
    try:
        data = dumps(state, -1)
    except (PicklingError, RecursionError):  # nested too deep
        return None
    return data if len(data) <= _MOST_BYTES else None


def unpack(data: bytes, names: dict[str, Any]) -> Rest:
    """Unpack what ``pack`` packed, and put the copies into ``names``. A variable that was not copied becomes
    a pending value that never arrives, unless ``names`` has it already, as a REPL has its reserved names.
    """
    values, imported, defined, unknown, (cells, file, code, at), drawn = loads(data)
    random.setstate(drawn)
    wanted = (*unknown, *imported, *(name for _, _, name in defined))
    names.update((name, Pending()) for name in wanted if name not in names)
    for name, (module, attribute) in imported.items():
        with suppress(Exception):
            found = importlib.import_module(module)
            names[name] = getattr(found, attribute) if attribute else found
    names.update(values)
    for text_of, text in cells.items():
        for node in _body(text):
            if isinstance(node, ast.FunctionDef) and (text_of, node.lineno, node.name) in defined:
                with suppress(Exception):  # a default may need what could not be copied
                    exec(compile(ast.Module([node], []), text_of, "exec"), names)  # noqa: S102 - as in the cell
    return Rest(names, cells, file, code, at)


class _Room:
    """Counts how much more may be copied."""

    def __init__(self) -> None:
        self._objects = _MOST_OBJECTS
        self._characters = _MOST_CHARACTERS

    def takes(self, value: Any) -> bool:
        """Whether a value consists of plain values only and still fits; if so, its size is counted."""
        waiting = [value]
        seen: set[int] = set()
        objects, characters = self._objects, self._characters
        while waiting:
            each = waiting.pop()
            kind = id(type(each))
            objects -= 1
            if kind in _TEXTS:
                characters -= len(each)
            elif kind in _MAPPINGS or kind in _SEQUENCES:
                objects -= len(each)
                if objects < 0:
                    return False
                if id(each) in seen:
                    continue
                seen.add(id(each))
                waiting += each
                if kind in _MAPPINGS:
                    waiting += each.values()
                if type(each) is defaultdict and id(each.default_factory) not in _FACTORIES:
                    return False
            elif kind not in _ATOMS:
                return False
            if objects < 0 or characters < 0:
                return False
        self._objects, self._characters = objects, characters
        return True


def _place(value: Any) -> tuple[str, str] | None:
    """The module and name that a value can be imported by; ``None`` if there is none."""
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str) or module == "__main__":
        return None
    found = vars(sys.modules[module]).get(name) if module in sys.modules else None
    return (module, name) if found is value else None


def _body(text: str) -> list[ast.stmt]:
    try:
        return ast.parse(text).body
    except (SyntaxError, ValueError):
        return []
