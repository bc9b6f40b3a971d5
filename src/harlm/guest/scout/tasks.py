"""Tasks: blocks that can wait while the rest of the program continues. Does not depend on the kinds of
statements in a block.

A task runs at once, on the names of the enclosing scope, until it needs a value that has not arrived. Only
then it is *detached*: it continues later, with the values that its names have now, and the enclosing scope
continues without it. Names that the task may bind are pending in that scope until it ends. Objects that it
may change are *held*: a block that uses one meanwhile waits for its turn, so that changes happen in the order
of the program.
"""

from __future__ import annotations

import ast
import types
from collections import Counter
from collections.abc import Callable
from typing import Any

from .copies import changed_by_reading
from .frames import Frame
from .pending import NONE, Pending, Sources, Steps, Yielded, joined
from .search import Search
from .syntax import Facts, root
from .world import World

Holds = dict[int, tuple[Any, Pending]]
"""Objects that a waiting block may still change, by their ``id``, each with a pending value that arrives when
it has.
"""

_UNCHANGEABLE = (
    str, bytes, int, float, bool, type(None), complex, range, type, types.ModuleType, types.FunctionType,
    types.BuiltinFunctionType, types.MethodType,
)  # fmt: skip


def _can_change(value: Any) -> bool:
    return not value.is_text if type(value) is Pending else not isinstance(value, _UNCHANGEABLE)


class Suspend(BaseException):
    """A statement cannot be completed now. It is evaluated again from its beginning when ``pending`` has
    arrived.

    Attributes:
        pending: the value that it needs.
    """

    def __init__(self, pending: Pending) -> None:
        super().__init__("a value that has not arrived")
        self.pending = pending


class ScoutTask:
    """One block that runs or waits.

    Args:
        world: what all tasks of a cell share.
        parent: the task that started it; ``None`` for the cell itself.
        is_careful: whether each statement must wait for every value that it uses, as inside ``try``.

    Attributes:
        world: as given.
        is_main: whether it is the cell itself.
        holds: the objects that it must wait for before it uses them.
        sources: the calls whose results decided that it runs.
        tries: how many ``try`` statements are around it.
        strict: how many of these are its own; if any, it is careful.
        caught: the exception that is being handled.
        memo: the results of calls of the statement that is being evaluated, if the task is careful.
        search: the loop that it is in and that a result may end, if that loop has a look-ahead.
        gives: whether it is the body of a generator function, whose ``yield`` is for its reader.
        ahead_of: the search that it looks ahead of, if any; it then assumes that nothing is left early.
        is_done: whether it has ended.
        signal: how it ended: ``None``, ``"break"``, ``"continue"`` or a ``Returned``.
        result: what it returned, pending until it ends.
        waits_for: the value that it waits for, if any.
        steps: the running block.
    """

    __slots__ = (
        "_detach", "_error", "_on_end", "ahead_of", "caught", "gives", "holds", "is_done", "is_main", "memo", "result",
        "search", "signal", "sources", "steps", "strict", "tries", "waits_for", "world",
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
        self.gives = False
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
            steps: the block.
            detach: called when the task waits for the first time; returns a function that is called when the
                task has ended.

        Raises:
            BaseException: whatever the block raised before it waited.
        """
        self.steps = steps
        self._detach = detach
        self._advance(None)
        if self.is_done and self._error is not None:
            raise self._error

    @property
    def outcome(self) -> Any:
        """What it returned; pending until it has ended."""
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
            except BaseException as raised:  # noqa: BLE001 - raised by the program; passed on
                self._end(None, as_raised(raised))
                return
            error = None
            assert not isinstance(waited, Yielded)  # only a generator function gives, and it is no task
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

    @property
    def is_given_up(self) -> bool:
        """Whether it belongs to a peek that has ended, so that it never continues."""
        return self.ahead_of is not None and self.ahead_of.is_over

    def _resume(self) -> None:
        if self.is_given_up:
            return
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
        if self._detach is None and error is not None:  # its caller has continued: too late to raise there
            self.world.failed(error, self)
            self.result.fail(error, self.world.ready)
        elif error is None:
            value = signal.value if isinstance(signal, Returned) else None
            self.result.resolve(value, self.world.ready)


def as_raised(error: BaseException) -> BaseException:
    """The exception that the program raised. A block of the scout is a generator, out of which Python lets no
    ``StopIteration``.
    """
    cause = error.__cause__
    return cause if type(error) is RuntimeError and type(cause) is StopIteration else error


class Returned:
    """A function has returned.

    Attributes:
        value: what it returned.
    """

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class Memo:
    """The results of calls in one statement, so that evaluating it again does not make them again."""

    __slots__ = ("_results", "_visits")

    def __init__(self) -> None:
        self._results: dict[tuple[int, int], tuple[object, Any]] = {}
        self._visits: Counter[int] = Counter()

    def rewind(self) -> None:
        """Start again from the beginning of the statement."""
        self._visits.clear()

    def once(self, node: object, make: Callable[[], Any]) -> Any:
        """The result of ``make`` for this visit of ``node``, computed when the statement first got here."""
        self._visits[id(node)] += 1
        key = (id(node), self._visits[id(node)])
        if key not in self._results:
            self._results[key] = (node, make())  # the node is kept, so that no other can get its id
        return self._results[key][1]


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
        task: the task that the block is in.
        frame: the scope that it is in.
        known: the facts about the block.
        changed: the names of objects that it may change.
        steps: runs the block, given its task and its frame.
        is_careful: whether each statement must wait for every value that it uses, as inside ``try``.

    Returns:
        How the block ended, as ``ScoutTask.signal``; ``None`` also if it waits, and the scope continues.

    Raises:
        BaseException: whatever the block raised before it waited.
    """
    inner = Frame(frame.names, frame.outer, shared=frame.shared, world=frame.world, is_block=True)
    child = ScoutTask(task.world, task, is_careful=is_careful)

    def detach() -> Callable[[], None]:
        alone = frame.block(known.names)
        inner.names, inner.outer = alone.names, frame
        slots = {name: Pending(child.sources) for name in known.bound if name not in frame.world}
        for name, slot in slots.items():
            frame.set(name, slot)
        read = changed_by_reading(inner.names.values())
        release = hold(task, child, [*(inner.names[name] for name in changed if name in inner.names), *read])

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
    """Hold the object that ``node`` begins with until ``change`` is done, which changes a part of it that is
    still pending.

    Args:
        task: the task that makes the change.
        frame: the scope that it is in.
        node: the expression of the changed part, such as ``a.b[0]``.
        change: the result of the change; nothing is held if it is done.
    """
    if type(change) is not Pending or change.done:
        return
    for name in root(node):
        owner = frame.get(name) if frame.has(name) else None
        if _can_change(owner):
            task.holds[id(owner)] = (owner, change)


def hold(task: ScoutTask, child: ScoutTask, objects: list[Any]) -> Callable[[], None]:
    """Hold ``objects`` for ``child``, which is detached from ``task``: from now on ``task`` must wait before
    it uses them.

    Returns:
        A function to call when ``child`` has ended, which releases them.
    """
    child.holds = dict(task.holds)
    tokens: list[tuple[Any, Pending]] = []
    for each in objects:
        if _can_change(each) and type(each) is not tuple:
            token = Pending(child.sources)
            task.holds[id(each)] = (each, token)
            tokens.append((each, token))

    def release() -> None:
        for each, token in tokens:
            last = child.holds.get(id(each))
            token.resolve(None if last is None or last[1] is token else last[1], child.world.ready)

    return release
