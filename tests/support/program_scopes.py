"""The names that a piece of a generated program may use."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Scope:
    """The names that a piece of program may use, by what they hold."""

    texts: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    lists: list[str] = field(default_factory=list)
    dicts: list[str] = field(default_factory=list)
    helpers: list[str] = field(default_factory=list)
    iterators: list[str] = field(default_factory=list)
    makers: list[str] = field(default_factory=list)
    in_loop: bool = False
    in_function: bool = False
    may_exit: bool = True

    def inner(self, **changes: bool) -> Scope:
        """A scope inside, whose own names stay inside."""
        copy = Scope(
            list(self.texts), list(self.numbers), list(self.lists), list(self.dicts), list(self.helpers),
            list(self.iterators), list(self.makers), self.in_loop, self.in_function, self.may_exit,
        )  # fmt: skip
        for name, value in changes.items():
            setattr(copy, name, value)
        return copy
