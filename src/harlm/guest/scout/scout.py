"""The scout as a whole: goes through a cell from a statement on, and asks for what it finds. Knows one line to a broker;
refuses to know what is on its other end.
"""

from __future__ import annotations

import ast
import sys
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

from ..vocabulary import ONLY_IF_CERTAIN
from . import functionals  # noqa: F401 - adds to what is followed
from .pending import Pending, Steps
from .statements import run
from .tasks import ScoutTask
from .world import Asking, Block, Halted, World

_DEEPEST = 20_000  # frames of the interpreter: a followed function takes about fifteen

Post = Callable[[str, dict[str, Any]], Pending]
"""Makes a call at once, and answers with what will be its reply."""


class HostReply(NamedTuple):
    """What a call came to: its value, or why there is none."""

    number: int
    value: Any
    refusal: str | None = None


class MoreCode(NamedTuple):
    """The cell as far as it is known now, in whole statements, and whether that is all of it."""

    code: str
    is_all: bool


class Line(Protocol):
    """Where calls go, and replies come from."""

    def post(self, function: str, arguments: dict[str, Any], needs: list[int], *, is_certain: bool) -> int:
        """Ask for a call, made from or decided by the calls ``needs``; its number comes back with the reply. One that is not
        certain is made only if what is known now does not end a loop before.
        """
        ...

    def receive(self, *, wait: bool) -> HostReply | MoreCode | None:
        """What comes next; None when nothing is there, or will be."""
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
        is_eager: whether to look past a possible end without limit.
    """

    def __init__(
        self,
        names: dict[str, Any],
        cells: Mapping[str, str | ast.Module],
        file: str,
        line: Line,
        tools: Callable[[Post], Mapping[str, Callable[..., Any]]],
        refused: Callable[[str], Exception] = CallRefused,
        *,
        is_eager: bool = False,
    ) -> None:
        self._line = line
        self._refused = refused
        self._asking: Asking | None = None
        self._bodies: deque[list[ast.stmt]] = deque()
        self._known = 0
        self._is_all = False
        self._more = Pending()
        self._open: dict[int, tuple[Pending, Block | None]] = {}
        self._world = World(names, cells, tools(self._post), file, self._ask, run, is_eager=is_eager)

    def run(self, body: list[ast.stmt]) -> None:
        """Go through all statements that there are, until nothing more can be found."""
        self._bodies.append(body)
        self._is_all = True
        self.follow()

    def follow(self) -> None:
        """Go through what there is, and through what comes on the line, until nothing more can be found."""
        sys.setrecursionlimit(max(sys.getrecursionlimit(), _DEEPEST))
        world = self._world
        main = ScoutTask(world, None)
        try:
            with suppress(Exception):  # the program's own: the cell ends there, but what came before goes on
                main.start(self._statements(main), _nothing_to_detach)
            while not world.is_over:
                while (news := self._line.receive(wait=False)) is not None:
                    self._take(news)
                if len(world.ready):
                    world.ready.round()
                    continue
                if not self._open and self._is_all:
                    return
                news = self._line.receive(wait=True)
                if news is None:
                    return
                self._take(news)
        except Halted:
            return

    def _statements(self, main: ScoutTask) -> Steps:
        """The statements of the cell, as far as it is known; more of it may come."""
        while True:
            while self._bodies:
                signal = yield from run(self._bodies.popleft(), self._world.frame, main)
                if signal is not None:
                    return signal
            if self._is_all:
                return None
            yield self._more

    def _take(self, news: HostReply | MoreCode) -> None:
        if isinstance(news, HostReply):
            self._take_reply(news)
            return
        tree = ast.parse(news.code)
        self._world.learn(tree)
        self._bodies.append(tree.body[self._known :])
        self._known = len(tree.body)
        self._is_all = news.is_all
        more, self._more = self._more, Pending()
        more.resolve(None, self._world.ready)

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
        self._world.asked += 1
        task = None if asking is None else asking.task
        search, ahead_of = (None, None) if task is None else (task.search, task.ahead_of)
        key = (function, repr(arguments)) if search is not None or ahead_of is not None else None
        reply = None if search is None else search.take(key)
        if reply is None and ahead_of is not None:
            reply = ahead_of.left(key)
        if reply is None:
            if ahead_of is not None and function in ONLY_IF_CERTAIN:
                return self._world.never
            needs = [] if asking is None else sorted(asking.needs)
            number = self._line.post(function, arguments, needs, is_certain=ahead_of is None)
            reply = Pending(frozenset({number}), is_text=True)
            self._open[number] = (reply, task)
            if search is not None:
                search.leave(key, reply)
        if ahead_of is not None:
            ahead_of.keep(key, reply)
        return reply

    def _take_reply(self, told: HostReply) -> None:
        reply, task = self._open.pop(told.number)
        if told.refusal is None:
            reply.resolve(told.value, self._world.ready)
            return
        error = self._refused(told.refusal)
        reply.fail(error, self._world.ready)
        if task is not None:
            self._world.failed(error, task)


def _nothing_to_detach() -> Callable[[], None]:
    return lambda: None
