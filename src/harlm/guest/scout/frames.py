"""Scopes, in which names are looked up and bound.

A block that is put off runs in a frame of its own, with the values that its names had when it was put off.
What the program binds to the same names later does not change that frame.
"""

from __future__ import annotations

import builtins
import types
from contextlib import suppress
from typing import Any

from .pending import Pending

_BUILTINS = vars(builtins)
_missing = object()


class FreeNames(dict[str, Any]):
    """The free variables of a function that Python has made. What is bound to one is bound in its cell as well.

    Args:
        function: the function.

    Attributes:
        cells: those of the variables, by name.
    """

    def __init__(self, function: types.FunctionType) -> None:
        self.cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
        super().__init__()
        for name, cell in self.cells.items():
            with suppress(ValueError):  # it is empty
                super().__setitem__(name, cell.cell_contents)

    def __setitem__(self, name: str, value: Any) -> None:
        super().__setitem__(name, value)
        if name in self.cells:
            self.cells[name].cell_contents = value


class Frame:
    """The names of a function, of a comprehension, or of a block that was put off.

    Args:
        names: its own names with their values.
        outer: the frame around it; ``None`` for the module.
        shared: names that belong to the enclosing function (``nonlocal``).
        world: names that belong to the module (``global``).
        is_block: whether it is a block of the enclosing scope, and not a scope of its own.
    """

    __slots__ = ("is_block", "names", "outer", "shared", "world")

    def __init__(
        self,
        names: dict[str, Any],
        outer: Frame | None,
        *,
        shared: frozenset[str] = frozenset(),
        world: frozenset[str] = frozenset(),
        is_block: bool = False,
    ) -> None:
        self.names = names
        self.outer = outer
        self.shared = shared
        self.world = world
        self.is_block = is_block

    def get(self, name: str) -> Any:
        """The value of a name.

        Raises:
            NameError: the name has no value.
        """
        frame: Frame | None = self
        while frame is not None:
            value = frame.names.get(name, _missing)
            if value is not _missing:
                if type(value) is Pending and value.done and value.error is None:
                    value = frame.names[name] = value.value
                return value
            frame = frame.outer
        value = _BUILTINS.get(name, _missing)
        if value is _missing:
            raise NameError(f"name {name!r} is not defined")
        return value

    def has(self, name: str) -> bool:
        """Whether a name has a value here; built-ins do not count."""
        frame: Frame | None = self
        while frame is not None:
            if name in frame.names:
                return True
            frame = frame.outer
        return False

    def set(self, name: str, value: Any) -> None:
        """Bind a name, in the frame that it belongs to."""
        self._home(name).names[name] = value

    def delete(self, name: str) -> None:
        """Unbind a name.

        Raises:
            NameError: the name has no value.
        """
        names = self._home(name).names
        if name not in names:
            raise NameError(f"name {name!r} is not defined")
        del names[name]

    def _home(self, name: str) -> Frame:
        """The frame that a name belongs to."""
        if name in self.world:
            frame = self
            while frame.outer is not None:
                frame = frame.outer
            return frame
        if name in self.shared:
            outer = self.outer
            while outer is not None and outer.outer is not None and name not in outer.names:
                outer = outer.outer
            return outer or self
        return self

    @property
    def is_module(self) -> bool:
        """Whether this is the frame of the module."""
        return self.outer is None

    def block(self, names: frozenset[str]) -> Frame:
        """A frame for a block that is put off, with the values that ``names`` have now."""
        held: dict[str, Any] = {}
        for name in names:
            frame: Frame | None = self
            while frame is not None:
                if name in frame.names:
                    held[name] = frame.names[name]
                    break
                frame = frame.outer
        return Frame(held, self, shared=self.shared, world=self.world, is_block=True)
