"""The scout as a whole: goes through a cell from a statement on, and asks for what it finds. Knows one line to a broker;
refuses to know what is on its other end.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol

from harlm.scheduler.scout.pending import Pending
from harlm.scheduler.scout.statements import run
from harlm.scheduler.scout.tasks import Task
from harlm.scheduler.scout.world import Asking, Halted, World

_DEEPEST = 20_000  # frames of the interpreter: a followed function takes about fifteen

Post = Callable[[str, dict[str, Any]], Pending]
"""Makes a call at once, and answers with what will be its reply."""


class Line(Protocol):
    """Where calls go, and replies come from."""

    def post(self, function: str, arguments: dict[str, Any], needs: list[int]) -> int:
        """Ask for a call, made from or decided by the calls ``needs``; its number comes back with the reply."""
        ...

    def receive(self, *, wait: bool) -> tuple[int, Any, str | None] | None:
        """The next reply: its call's number, its value, and else why there is none. None when none is there, or will be."""
        ...


class CallRefused(RuntimeError):
    """What a call that fails raises in the cell."""


class Scout:
    """See the module.

    Args:
        names: of the module; they are this process's alone.
        cells: the text of the cells so far, and the syntax tree of this one, by the file name of their code.
        file: of this cell.
        line: to the broker.
        tools: makes the functions that cells call, given what they post with.
        refused: what a failed call raises.
    """

    def __init__(
        self,
        names: dict[str, Any],
        cells: Mapping[str, str | ast.Module],
        file: str,
        line: Line,
        tools: Callable[[Post], Mapping[str, Callable[..., Any]]],
        refused: Callable[[str], Exception] = CallRefused,
    ) -> None:
        self._line = line
        self._refused = refused
        self._asking: Asking | None = None
        self._open: dict[int, tuple[Pending, Task | None]] = {}
        self._world = World(names, cells, tools(self._post), file, self._ask, run)

    def run(self, body: list[ast.stmt]) -> None:
        """Until nothing more can be found."""
        sys.setrecursionlimit(max(sys.getrecursionlimit(), _DEEPEST))
        world = self._world
        main = Task(world, None)
        try:
            with suppress(Exception):  # the program's own: the cell ends there, but what came before goes on
                main.start(run(body, world.frame, main), _nothing_to_detach)
            while not world.is_over:
                while (reply := self._line.receive(wait=False)) is not None:
                    self._take(*reply)
                if len(world.ready):
                    world.ready.round()
                    continue
                if not self._open:
                    return
                reply = self._line.receive(wait=True)
                if reply is None:
                    return
                self._take(*reply)
        except Halted:
            return

    def _ask(self, asking: Asking) -> Pending:
        """Make a call through its tool, which checks what it is given as it does for the cell itself."""
        before, self._asking = self._asking, asking
        try:
            reply = asking.tool(*asking.values, **asking.named)
        finally:
            self._asking = before
        assert type(reply) is Pending
        return reply

    def _post(self, function: str, arguments: dict[str, Any]) -> Pending:
        """What a tool calls. Ordinary code that was run as it is may call a tool as well."""
        asking = self._asking
        needs = [] if asking is None else sorted(asking.needs)
        self._world.asked += 1
        number = self._line.post(function, arguments, needs)
        reply = Pending(frozenset({number}), is_text=True)
        self._open[number] = (reply, None if asking is None else asking.task)
        return reply

    def _take(self, number: int, value: Any, why: str | None) -> None:
        reply, task = self._open.pop(number)
        if why is None:
            reply.resolve(value, self._world.ready)
            return
        error = self._refused(why)
        reply.fail(error, self._world.ready)
        if task is not None:
            self._world.failed(error, task)


def _nothing_to_detach() -> Callable[[], None]:
    return lambda: None
