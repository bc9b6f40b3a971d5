"""Values that are not known yet. Knows who waits for a value; refuses to know what a value means.

A pending value may lie in lists, attributes and dictionaries like any other. Ordinary code that looks at it (compares, prints,
hashes, iterates …) is stopped by ``Touched``, and is tried again when the value is there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Any

Sources = frozenset[int]
"""The calls that a value was made from, by number."""

NONE: Sources = frozenset()

Steps = Generator["Pending | None", None, Any]
"""A running block: yields what it waits for, or ``None`` to let others go first; returns how it ended."""

_MOST_SOURCES = 32
_PARTS = 200_000  # of containers that are looked through for pending values


class Touched(BaseException):
    """Ordinary code looked at a value that is not there yet."""

    def __init__(self, pending: Pending) -> None:
        super().__init__("a value that is not there yet")
        self.pending = pending


class ReadyQueue:
    """What can go on, in the order in which it became possible. Nothing goes on inside of what made it possible, so a
    chain of a thousand needs no stack of a thousand.
    """

    def __init__(self) -> None:
        self._steps: deque[Callable[[], object]] = deque()

    def add(self, step: Callable[[], object]) -> None:
        """One more."""
        self._steps.append(step)

    def __len__(self) -> int:
        return len(self._steps)

    def round(self) -> None:
        """Let everything go on that can now; what becomes possible by it waits for the next round."""
        for _ in range(len(self._steps)):
            self._steps.popleft()()


class Pending:
    """A value that comes later, or never.

    Attributes:
        done: whether it is there.
        value: then.
        error: what its computation raised instead; ``done`` is set as well.
        sources: the calls that it is made from.
        is_text: whether it will be a text, as the reply of a model is.
    """

    __slots__ = ("_waiting", "done", "error", "is_text", "sources", "value")

    def __init__(self, sources: Sources = NONE, *, is_text: bool = False) -> None:
        self.done = False
        self.value: Any = None
        self.error: BaseException | None = None
        self.sources = sources
        self.is_text = is_text
        self._waiting: list[Callable[[], object]] | None = None

    def resolve(self, value: Any, ready: ReadyQueue) -> None:
        """It is there; one that is itself pending is waited for."""
        if type(value) is Pending:
            if not value.done:
                value.then(lambda: self._follow(value, ready))
                return
            if value.error is not None:
                self.fail(value.error, ready)
                return
            value = value.value
        self.value = value
        self._settle(ready)

    def fail(self, error: BaseException, ready: ReadyQueue) -> None:
        """There will be none: its computation raised."""
        self.error = error
        self._settle(ready)

    def _follow(self, other: Pending, ready: ReadyQueue) -> None:
        self.sources = joined((self.sources, other.sources))
        self.resolve(other, ready)

    def _settle(self, ready: ReadyQueue) -> None:
        self.done = True
        waiting, self._waiting = self._waiting, None
        for each in waiting or ():
            ready.add(each)

    def then(self, step: Callable[[], object]) -> None:
        """Told when it is there; must not be there yet."""
        if self._waiting is None:
            self._waiting = [step]
        else:
            self._waiting.append(step)

    def __copy__(self) -> Pending:
        return self

    def __deepcopy__(self, memo: object) -> Pending:
        return self

    def __getattr__(self, name: str) -> Any:
        raise Touched(self)


def _touch(self: Pending, *_: object, **__: object) -> Any:
    raise Touched(self)


for _name in (
    "bool str repr format hash eq ne lt le gt ge len length_hint iter next reversed contains getitem setitem delitem call add "
    "radd iadd sub rsub isub mul rmul imul truediv rtruediv itruediv floordiv rfloordiv ifloordiv mod rmod imod pow rpow ipow "
    "and rand iand or ror ior xor rxor ixor lshift rlshift rshift rrshift matmul rmatmul neg pos abs invert int float "
    "complex index round trunc floor ceil bytes fspath enter exit await aiter anext divmod rdivmod instancecheck reduce_ex"
).split():
    setattr(Pending, f"__{_name}__", _touch)


def joined(several: Iterable[Sources]) -> Sources:
    """All sources together; of too many only some, which costs the plan an edge and nothing else."""
    found = NONE
    for each in several:
        if not found:
            found = each
        elif each and each is not found and len(found) < _MOST_SOURCES:
            found = found | each
    return found if len(found) <= _MOST_SOURCES else frozenset(sorted(found)[-_MOST_SOURCES:])


def settled(value: Any) -> Any:
    """The value itself, where it is there."""
    while type(value) is Pending and value.done and value.error is None:
        value = value.value
    return value


def settle_parts(values: Iterable[Any]) -> tuple[list[Pending], bool]:
    """Put values that are there in the place of their pending ones, inside lists, dictionaries, and attributes of plain objects.

    Returns:
        those that are not there yet, and whether any was.
    """
    missing: dict[int, Pending] = {}
    found = False
    seen: set[int] = set()
    waiting = list(values)
    budget = _PARTS
    while waiting and budget > 0:
        part = waiting.pop()
        budget -= 1
        if type(part) is Pending:
            found |= part.done
            if not part.done:
                missing[id(part)] = part
        elif type(part) not in _PLAIN and id(part) not in seen:
            seen.add(id(part))
            inside, changed = _settle_in(part)
            found |= changed
            budget -= len(inside)
            waiting += [item for item in inside if type(item) not in _PLAIN]
    return list(missing.values()), found


def _settle_in(part: Any) -> tuple[Sequence[Any], bool]:
    """What is in a container, once what is there has taken its place, and whether anything has."""
    if isinstance(part, (list, deque)):
        late = [(at, with_values(item)) for at, item in enumerate(part) if type(item) in _HOLDERS]
        changed = [(at, there) for at, there in late if there is not part[at]]
        for at, there in changed:
            part[at] = there
        return part, bool(changed)
    if isinstance(part, dict):
        late_items = [(key, with_values(item)) for key, item in part.items() if type(item) in _HOLDERS]
        changed_items = [
            (key, there) for key, there in late_items if there is not dict.__getitem__(part, key)
        ]
        for key, there in changed_items:
            dict.__setitem__(part, key, there)
        return list(part.values()), bool(changed_items)
    if isinstance(part, (tuple, set, frozenset)):
        return tuple(part), False
    names = getattr(part, "__dict__", None)
    return ((names,) if type(names) is dict and type(part).__module__ == "__main__" else ()), False


_PLAIN = frozenset({str, int, float, bool, bytes, type(None), complex, range, type, type(len), type(settled)})
_HOLDERS = (Pending, tuple)


def with_values(value: Any) -> Any:
    """The value of what is there; of a tuple, the same with the values of its parts; anything else as it is."""
    kind = type(value)
    if kind is tuple and any(type(part) in _HOLDERS for part in value):
        parts = tuple(map(with_values, value))
        return parts if any(a is not b for a, b in zip(parts, value, strict=True)) else value
    return settled(value) if kind is Pending else value
