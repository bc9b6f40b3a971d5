"""Blocks that run on while others wait. Knows when a block waits, and what others must take as pending meanwhile; refuses to
know Python's statements.

A task runs at once, on the very names of the scope around it, until it meets a value that it needs and that is not there.
Only then it is *detached*: it goes on later with the values that its names have now, and the scope around goes on without
it. Names that the task may bind are pending there until it ends; objects that it may change are *held*: whoever uses one
meanwhile waits for its turn, so that changes happen in the order of the program.
"""

from __future__ import annotations

import ast
import types
from collections import Counter
from collections.abc import Callable
from typing import Any

from .frames import Frame
from .pending import NONE, Pending, Sources, Steps, joined
from .search import Search
from .syntax import Facts, root
from .world import World

Holds = dict[int, tuple[Any, Pending]]
"""Objects that somebody changes later, under their ``id``, with what tells that it is done."""

_UNCHANGEABLE = (
    str, bytes, int, float, bool, type(None), complex, range, type, types.ModuleType, types.FunctionType,
    types.BuiltinFunctionType, types.MethodType, Pending,
)  # fmt: skip


class Suspend(BaseException):
    """A statement cannot be completed now: to be evaluated again from its beginning when ``pending`` is there."""

    def __init__(self, pending: Pending) -> None:
        super().__init__("a value that is not there yet")
        self.pending = pending


class ScoutTask:
    """One block under way.

    Args:
        world: what all tasks of a cell share.
        parent: the task that started it; None for the cell itself.
        is_careful: whether it may go on only with values that are there, as inside ``try``.

    Attributes:
        holds: what it must wait for before it uses an object.
        sources: the calls whose results decided that it runs.
        tries: how many ``try`` are around it.
        caught: the exception that is being handled.
        strict: how many of these are its own: while there are any, a statement waits for what it uses.
        search: the loop that may end by a result and that it is in, where there is a look-ahead.
        ahead_of: the one that it looks ahead of: it takes for granted that nothing is left early.
        result: how it ended, for whoever waits.
    """

    __slots__ = (
        "_detach", "_error", "_on_end", "ahead_of", "caught", "holds", "is_done", "is_main", "memo", "result", "search", "signal", "sources", "steps",
        "strict", "tries", "waits_for", "world",
    )  # fmt: skip

    def __init__(self, world: World, parent: ScoutTask | None, *, is_careful: bool = False) -> None:
        self.world = world
        self.is_main = parent is None
        self.holds: Holds = {} if parent is None else parent.holds
        self.sources: Sources = NONE if parent is None else parent.sources
        self.tries: int = (0 if parent is None else parent.tries) + is_careful
        self.strict = int(is_careful)
        self.result: Pending = Pending(self.sources)
        self.memo: Memo | None = None
        self.caught: BaseException | None = None if parent is None else parent.caught
        self.search: Search | None = None if parent is None else parent.search
        self.ahead_of: Search | None = None if parent is None else parent.ahead_of
        self.is_done = False
        self.signal: Any = None
        self.waits_for: Pending | None = None
        self._error: BaseException | None = None
        self._detach: Callable[[], Callable[[], None]] | None = None
        self._on_end: Callable[[], None] | None = None
        self.steps: Steps

    def start(self, steps: Steps, detach: Callable[[], Callable[[], None]]) -> None:
        """Run until it has ended or waits.

        Args:
            detach: called when it waits for the first time; what it returns is called when the task has ended.

        Raises:
            BaseException: what the block raised before it waited.
        """
        self.steps = steps
        self._detach = detach
        self._advance(None)
        if self.is_done and self._error is not None:
            raise self._error

    @property
    def outcome(self) -> Any:
        """What it returned; pending as long as it goes on."""
        if not self.is_done:
            return self.result
        return self.signal.value if isinstance(self.signal, Returned) else None

    def _advance(self, error: BaseException | None) -> None:
        while True:
            try:
                waited = self.steps.send(None) if error is None else self.steps.throw(error)
            except StopIteration as end:
                self._end(end.value, None)
                return
            except BaseException as raised:  # noqa: BLE001 - the program's own; it is handed on
                self._end(None, raised)
                return
            error = None
            if waited is None:
                if not self.is_main:
                    continue
            elif waited.done:
                error = waited.error
                self.sources = joined((self.sources, waited.sources))
                continue
            if self._detach is not None:
                detach, self._detach = self._detach, None
                self._on_end = detach()
            if waited is None:
                self.world.ready.add(lambda: self._advance(None))
            else:
                self.waits_for = waited
                waited.then(self._resume)
            return

    def _resume(self) -> None:
        waited = self.waits_for
        assert waited is not None
        self.waits_for = None
        self.sources = joined((self.sources, waited.sources))
        self._advance(waited.error)

    def _end(self, signal: Any, error: BaseException | None) -> None:
        self.is_done = True
        self.signal, self._error = signal, error
        self.result.sources = joined((self.result.sources, self.sources))
        if self._on_end is not None:
            self._on_end()
        if self.is_main:
            return
        if self._detach is None and error is not None:  # nobody is there to raise it to
            self.world.failed(error, self)
            self.result.fail(error, self.world.ready)
        elif error is None:
            value = signal.value if isinstance(signal, Returned) else None
            self.result.resolve(value, self.world.ready)


class Returned:
    """A function returned."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class Memo:
    """What the calls of one statement came to, so that it can be evaluated again without making them again."""

    __slots__ = ("_results", "_visits")

    def __init__(self) -> None:
        self._results: dict[tuple[int, int], Any] = {}
        self._visits: Counter[int] = Counter()

    def rewind(self) -> None:
        """The statement begins again."""
        self._visits.clear()

    def once(self, node: object, make: Callable[[], Any]) -> Any:
        """What ``make`` came to when the statement got here first."""
        self._visits[id(node)] += 1
        key = (id(node), self._visits[id(node)])
        if key not in self._results:
            self._results[key] = make()
        return self._results[key]


def run_block(
    task: ScoutTask,
    frame: Frame,
    known: Facts,
    changed: frozenset[str],
    steps: Callable[[ScoutTask, Frame], Steps],
    *,
    is_careful: bool = False,
) -> Any:
    """Run a block of the scope of ``frame`` in a task of its own.

    Args:
        known: of the block.
        changed: the names of objects that it may change.
        steps: the block, given its task and the frame to run in.

    Returns:
        how the block ended; None as well where it waits, and the scope goes on.

    Raises:
        BaseException: what the block raised.
    """
    inner = Frame(frame.names, frame.outer, shared=frame.shared, world=frame.world, is_block=True)
    child = ScoutTask(task.world, task, is_careful=is_careful)

    def detach() -> Callable[[], None]:
        alone = frame.block(known.names)
        inner.names, inner.outer = alone.names, frame
        slots = {name: Pending(child.sources) for name in known.bound if name not in frame.world}
        for name, slot in slots.items():
            frame.set(name, slot)
        release = hold(task, child, [inner.names[name] for name in changed if name in inner.names])

        def publish() -> None:
            for name, slot in slots.items():
                if name in inner.names:
                    slot.sources = joined((slot.sources, child.sources))
                    slot.resolve(inner.names[name], task.world.ready)
            release()

        return publish

    child.start(steps(child, inner), detach)
    return child.signal if child.is_done else None


def hold_owners(task: ScoutTask, frame: Frame, node: ast.expr, change: Any) -> None:
    """``change`` is done to a part, not there yet, of what ``node`` begins with: whoever uses that waits for it."""
    if type(change) is not Pending or change.done:
        return
    for name in root(node):
        owner = frame.get(name) if frame.has(name) else None
        if not isinstance(owner, _UNCHANGEABLE):
            task.holds[id(owner)] = (owner, change)


def hold(task: ScoutTask, child: ScoutTask, objects: list[Any]) -> Callable[[], None]:
    """``child`` is detached from ``task``, which from here on must wait before it uses ``objects``.

    Returns:
        to be called when ``child`` has ended.
    """
    child.holds = dict(task.holds)
    tokens: list[tuple[Any, Pending]] = []
    for each in objects:
        if not isinstance(each, _UNCHANGEABLE) and type(each) is not tuple:
            token = Pending(child.sources)
            task.holds[id(each)] = (each, token)
            tokens.append((each, token))

    def release() -> None:
        for each, token in tokens:
            last = child.holds.get(id(each))
            token.resolve(None if last is None or last[1] is token else last[1], child.world.ready)

    return release
