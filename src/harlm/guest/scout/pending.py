"""Values that have not arrived yet, and the steps that wait for them.

A pending value may be in lists, attributes and dictionaries like any other. Ordinary code that looks at it
(compares, prints, hashes, iterates …) is stopped by ``Touched``, and is tried again when the value has
arrived.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Any

Sources = frozenset[int]
"""The ids of the calls that a value was made from."""

NONE: Sources = frozenset()
"""No sources."""

Steps = Generator["Pending | Yielded | None", None, Any]
"""A running block: yields a value that it waits for, ``None`` to let other blocks run, or what a generator
function yields; returns how it ended.
"""

_MOST_SOURCES = 32
_PARTS = 200_000  # parts of containers that are searched for pending values


class Touched(BaseException):
    """Ordinary code looked at a pending value.

    Attributes:
        pending: the value.
    """

    def __init__(self, pending: Pending) -> None:
        super().__init__("a value that has not arrived")
        self.pending = pending


class Yielded:
    """What a generator function of the program yields.

    Attributes:
        value: the value.
    """

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class ReadyQueue:
    """The steps that can run, in the order in which they became ready. A step never runs inside the one that
    made it ready, so a chain of a thousand steps needs no stack of a thousand frames.
    """

    def __init__(self) -> None:
        self._steps: deque[Callable[[], object]] = deque()

    def add(self, step: Callable[[], object]) -> None:
        """Add a step."""
        self._steps.append(step)

    def __len__(self) -> int:
        return len(self._steps)

    def round(self) -> None:
        """Run all steps that are ready now; those that become ready meanwhile wait for the next round."""
        for _ in range(len(self._steps)):
            self._steps.popleft()()


class Pending:
    """A value that arrives later, or never.

    Args:
        sources: the calls that it is made from.
        is_text: whether it will be a str, as the reply of a model is.

    Attributes:
        done: whether it has arrived, or its computation has failed.
        value: the value, once it has arrived.
        error: what its computation raised instead; ``None`` if it did not fail.
        sources: the calls that it is made from.
        is_text: whether it will be a str.
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
        """Set the value, and make the steps that wait for it ready. A value that is itself pending is waited
        for.
        """
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
        """Set the error that its computation raised, and make the steps that wait for it ready."""
        self.error = error
        self._settle(ready)

    def _follow(self, other: Pending, ready: ReadyQueue) -> None:
        self.sources = joined((self.sources, other.sources))
        self.resolve(other, ready)

    def _settle(self, ready: ReadyQueue) -> None:
        self.done = True
        waiting, self._waiting = self._waiting, None
        for step in waiting or ():
            ready.add(step)

    def then(self, step: Callable[[], object]) -> None:
        """Make ``step`` ready when the value arrives. Must not be called once it has arrived."""
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


def joined(parts: Iterable[Sources]) -> Sources:
    """All sources together, at most 32: dropping some costs the plan an edge and nothing else."""
    found = NONE
    for part in parts:
        if not found:
            found = part
        elif part and part is not found and len(found) < _MOST_SOURCES:
            found = found | part
    return found if len(found) <= _MOST_SOURCES else frozenset(sorted(found)[-_MOST_SOURCES:])


def settled(value: Any) -> Any:
    """The value itself if it has arrived; else ``value`` unchanged."""
    while type(value) is Pending and value.done and value.error is None:
        value = value.value
    return value


def settle_parts(values: Iterable[Any]) -> tuple[list[Pending], bool]:
    """Replace pending values that have arrived by their values, inside lists, deques, dictionaries, and the
    attributes of objects of classes that cells defined.

    Returns:
        The pending values that have not arrived, and whether any had.
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
    """Replace the arrived values directly inside a container; returns its parts, and whether any was
    replaced.
    """
    if isinstance(part, (list, deque)):
        late = [(at, with_values(item)) for at, item in enumerate(part) if type(item) in _HOLDERS]
        changed = [(at, known) for at, known in late if known is not part[at]]
        for at, known in changed:
            part[at] = known
        return part, bool(changed)
    if isinstance(part, dict):
        late_items = [(key, with_values(item)) for key, item in part.items() if type(item) in _HOLDERS]
        changed_items = [
            (key, known) for key, known in late_items if known is not dict.__getitem__(part, key)
        ]
        for key, known in changed_items:
            dict.__setitem__(part, key, known)
        return list(part.values()), bool(changed_items)
    if isinstance(part, (tuple, set, frozenset)):
        return tuple(part), False
    names = getattr(part, "__dict__", None)
    return ((names,) if type(names) is dict and type(part).__module__ == "__main__" else ()), False


_PLAIN = frozenset({str, int, float, bool, bytes, type(None), complex, range, type, type(len), type(settled)})
_HOLDERS = (Pending, tuple)


def with_values(value: Any) -> Any:
    """The value of a pending value that has arrived; a tuple with such values in place of its parts; else
    ``value``.
    """
    kind = type(value)
    if kind is tuple and any(type(part) in _HOLDERS for part in value):
        parts = tuple(map(with_values, value))
        return parts if any(a is not b for a, b in zip(parts, value, strict=True)) else value
    if kind is not Pending:
        return value
    known = settled(value)
    return with_values(known) if type(known) is tuple else known
