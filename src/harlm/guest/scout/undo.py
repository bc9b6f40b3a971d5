"""Undoes what a peek changes, so that the scout continues as if it had not peeked: closures, attributes of classes, mutable
defaults and objects under several names included.
"""

from __future__ import annotations

import random
import types
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from .frames import Frame, FreeNames
from .pending import Pending
from .syntax import Function, declared

_MOST_STEPS = 20_000  # statements of one peek
_MOST_PARTS = 2_000  # of what a function may change
_CONTAINERS = (list, dict, set, deque, Counter, defaultdict, OrderedDict)
_PLAIN = frozenset({str, int, float, bool, bytes, type(None), complex, range, Pending, types.ModuleType})
_BUILDING = ("__init__", "__post_init__")  # what runs when an object of a class is made
_absent = object()

Restore = Callable[[], object]
"""Puts an object back into the state in which it was kept."""


class PeekEnded(BaseException):
    """A peek ends here: a change could not be undone, or it has run enough statements."""


class Undo:
    """What one peek changes.

    Args:
        names: the variables of the cell.
        text_of: the syntax of a function that a cell defined; ``None`` for other functions.
        changed_by: the names of the objects that a function may change, itself or through others.
    """

    def __init__(
        self,
        names: dict[str, Any],
        text_of: Callable[[types.FunctionType], Function | None],
        changed_by: Callable[[Function], frozenset[str]],
    ) -> None:
        self._text_of = text_of
        self._changed_by = changed_by
        self._kept: dict[int, tuple[object, Restore]] = {}
        self._steps = 0
        self.before(names)

    def step(self) -> None:
        """Count one statement of the peek.

        Raises:
            PeekEnded: 20,000 statements have run.
        """
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise PeekEnded

    def before(self, target: Any) -> None:
        """Keep the state of an object that is about to be changed.

        Raises:
            PeekEnded: it could not be put back.
        """
        if id(target) not in self._kept:
            # The object is kept too, so that no other object can get its id.
            self._kept[id(target)] = (target, _kept(target))

    def before_binding(self, frame: Frame) -> None:
        """Keep the names of the functions around a frame, which binds some of them (``nonlocal``)."""
        outer = frame.outer if frame.shared else None
        while outer is not None and outer.outer is not None:
            if isinstance(outer.names, FreeNames):
                for cell in outer.names.cells.values():
                    self._before_cell(cell)
            else:
                self.before(outer.names)
            outer = outer.outer

    def before_running(self, function: Any, values: Sequence[Any], named: Mapping[str, Any]) -> None:
        """Keep the state of what a function may change that is run as it is.

        Args:
            function: a function, a method, a class or anything else that is called.
            values: its positional arguments.
            named: its keyword arguments.

        Raises:
            PeekEnded: it could not be put back.
        """
        if isinstance(function, type) and function.__module__ == "__main__":
            for name in _BUILDING:
                self.before_running(getattr(function, name, None), [None, *values], named)
            return
        holder = getattr(function, "__self__", None)
        if isinstance(holder, random.Random):
            self.before(holder)
        is_method = type(function) is types.MethodType
        own = function.__func__ if is_method else function
        text = self._text_of(own) if type(own) is types.FunctionType else None
        if text is None:
            return
        if changed := self._changed_by(text):
            held = {**_names_of(own, text, [holder, *values] if is_method else values), **named}
            for name in changed:
                self._before_any_part(held.get(name))
        if declared(text)[0]:
            for cell in own.__closure__ or ():
                self._before_cell(cell)

    def _before_any_part(self, value: Any) -> None:
        seen: dict[int, object] = {}
        waiting = [value]
        while waiting:
            each = waiting.pop()
            parts = None if id(each) in seen else _parts(each)
            if parts is None:
                continue
            seen[id(each)] = each
            if type(each) is not tuple:
                self.before(each)
            mutable = [part for part in parts if type(part) not in _PLAIN]
            if len(seen) + len(mutable) > _MOST_PARTS:
                raise PeekEnded
            waiting += mutable

    def _before_cell(self, cell: types.CellType) -> None:
        value = _content(cell)
        if id(cell) not in self._kept and value is not _absent:
            self._kept[id(cell)] = (cell, lambda: setattr(cell, "cell_contents", value))

    def put_back(self) -> None:
        """Put everything back."""
        for _, restore in self._kept.values():
            restore()
        self._kept.clear()


def _kept(target: Any) -> Restore:
    """What puts an object back into the state in which it is now.

    Raises:
        PeekEnded: nothing does.
    """
    kind = type(target)
    if isinstance(target, type):
        return _kept_class(target)
    if isinstance(target, random.Random):
        state = target.getstate()
        return lambda: target.setstate(state)
    items = _kept_items(target)
    if items is None or kind.__module__ != "__main__":
        return _kept_attributes(target, kind) if items is None else items
    attributes = _kept_attributes(target, kind)
    return lambda: (items(), attributes())


def _kept_items(target: Any) -> Restore | None:
    """What puts the items of a container back; ``None`` for any other object."""
    if isinstance(target, list | bytearray):
        items = target[:]
        return lambda: target.__setitem__(slice(None), items)
    if isinstance(target, dict):
        kind: Any = OrderedDict if isinstance(target, OrderedDict) else dict
        return partial(_refill, target, kind.clear, kind.update, list(kind.items(target)))
    if isinstance(target, set):
        return partial(_keep_only, target, set.copy(target))
    if isinstance(target, deque):
        return partial(_refill, target, deque.clear, deque.extend, list(target))
    return None


def _refill(
    target: Any, clear: Callable[[Any], object], fill: Callable[[Any, Any], object], items: list[Any]
) -> None:
    clear(target)
    fill(target, items)


def _keep_only(target: set[Any], members: set[Any]) -> None:
    set.difference_update(target, set.difference(target, members))  # the order of the others stays
    set.update(target, members)


def _kept_attributes(target: Any, kind: type) -> Restore:
    names = getattr(target, "__dict__", None)
    slots = [name for base in kind.__mro__ for name in _slots(base)]
    if type(names) is not dict and not slots:
        raise PeekEnded
    attributes = (
        partial(_refill, names, dict.clear, dict.update, list(names.items())) if type(names) is dict else None
    )
    values = [(name, getattr(target, name, _absent)) for name in slots]

    def restore() -> None:
        if attributes is not None:
            attributes()
        for name, value in values:
            if getattr(target, name, _absent) is value:
                continue  # among them those that cannot be set, such as the names of a module
            if value is _absent:
                object.__delattr__(target, name)
            else:
                object.__setattr__(target, name, value)

    return restore


def _slots(base: type) -> list[str]:
    return [name for name, member in vars(base).items() if type(member) is types.MemberDescriptorType]


def _kept_class(target: type) -> Restore:
    if target.__module__ != "__main__":
        raise PeekEnded
    before = dict(vars(target))

    def restore() -> None:
        for name in [name for name in vars(target) if name not in before]:
            type.__delattr__(target, name)
        for name, value in before.items():
            if vars(target).get(name) is not value:
                type.__setattr__(target, name, value)

    return restore


def _parts(value: Any) -> list[Any] | None:
    """What an object holds that can change; ``None`` for one that is not looked into."""
    kind = type(value)
    is_own = kind.__module__ == "__main__"
    if kind in _CONTAINERS or (is_own and isinstance(value, _CONTAINERS)):
        return list(dict.values(value) if isinstance(value, dict) else value)
    if is_own:
        names = getattr(value, "__dict__", None)
        return list(names.values()) if type(names) is dict else []
    if kind is tuple:
        return None if _PLAIN.issuperset(map(type, value)) else list(value)
    return list(vars(value).values()) if isinstance(value, type) and value.__module__ == "__main__" else None


def _names_of(function: types.FunctionType, text: Function, given: Sequence[Any]) -> dict[str, Any]:
    """What the names in a function's text stand for when it is called."""
    names = dict(function.__globals__)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        names[name] = _content(cell)
    parameters = [each.arg for each in (*text.args.posonlyargs, *text.args.args)]
    defaults = function.__defaults__ or ()
    names.update(dict.fromkeys(parameters))
    names.update(zip(parameters[len(parameters) - len(defaults) :], defaults, strict=True))
    names.update(function.__kwdefaults__ or {})
    names.update(zip(parameters, given, strict=False))
    return names


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return _absent
