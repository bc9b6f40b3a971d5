"""The scout as a whole: follows a cell from a given statement on, and asks for the calls that it finds over a
line to the host's broker.
"""

from __future__ import annotations

import ast
import sys
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

from ..vocabulary import ONLY_IF_CERTAIN, PURE_TOOL
from . import functionals  # noqa: F401 - adds to the calls that are followed
from .peek import Peeks, is_peek
from .pending import Pending, Steps
from .statements import run
from .tasks import ScoutTask
from .world import Asking, Block, Halted, World

_DEEPEST = 20_000  # frames of the interpreter; each followed function takes about fifteen

Post = Callable[[str, dict[str, Any]], Pending]
"""Calls a host function without waiting, and returns its pending reply."""


class HostReply(NamedTuple):
    """The reply to a call.

    Attributes:
        number: the id of the call.
        value: what the host function returned.
        refusal: why the call failed; ``None`` if it did not.
    """

    number: int
    value: Any
    refusal: str | None = None


class MoreCode(NamedTuple):
    """The beginning of a cell that is still being written.

    Attributes:
        code: all whole statements so far.
        is_all: whether that is the whole cell.
    """

    code: str
    is_all: bool


class OpenTail(NamedTuple):
    """The text after the last whole statement of a cell that is still being written.

    Attributes:
        text: as far as it has arrived.
    """

    text: str


class Line(Protocol):
    """A connection to the host, over which calls are asked for and replies arrive."""

    def post(self, function: str, arguments: dict[str, Any], needs: list[int], *, is_certain: bool) -> int:
        """Ask for a call without waiting.

        Args:
            function: the host function.
            arguments: of the call.
            needs: the ids of the calls that this call was made from or was decided by.
            is_certain: whether the cell will make the call. If not, it is made only if no reply ends a loop
                before.

        Returns:
            The id of the call, which its reply has as ``number``.
        """
        ...

    def retract(self, numbers: list[int]) -> None:
        """Take calls back that the cell will not make after all.

        Args:
            numbers: the ids of the calls.
        """
        ...

    def receive(self, *, wait: bool) -> HostReply | MoreCode | OpenTail | None:
        """The next reply or more of the cell; ``None`` if there is none yet, or with ``wait`` if there will
        be none.
        """
        ...


class Scout:
    """Follows one cell, and asks for its calls early.

    Args:
        names: the variables of the cell, which are this process's own copies.
        cells: the text of the earlier cells, and the syntax tree of this one, by the file name of their code.
        file: the file name of this cell's code.
        line: the connection to the host.
        tools: makes the functions that cells call, given a function that posts a call.
        refused: makes the exception that a failed call raises, given the host's message.
        is_eager: whether to look past a possible end of a loop without limit.
    """

    def __init__(
        self,
        names: dict[str, Any],
        cells: Mapping[str, str | ast.Module],
        file: str,
        line: Line,
        tools: Callable[[Post], Mapping[str, Callable[..., Any]]],
        refused: Callable[[str], Exception] = RuntimeError,
        *,
        is_eager: bool = False,
    ) -> None:
        self._line = line
        self._refused = refused
        self._asking: Asking | None = None
        self._bodies: deque[list[ast.stmt]] = deque()
        self._code = ""
        self._is_all = False
        self._more = Pending()
        self._open: dict[int, tuple[Pending, Block | None]] = {}
        self._world = World(names, cells, tools(self._post), file, self._ask, run, is_eager=is_eager)
        self._main = ScoutTask(self._world, None)
        self._peeks = Peeks(self._world, self._main, self._take_back)
        self._tail: str | None = None  # that has arrived, and was not peeked at

    def run(self, body: list[ast.stmt]) -> None:
        """Follow the statements of a whole cell, until no more calls can be found."""
        self._bodies.append(body)
        self._is_all = True
        self.follow()

    def follow(self) -> None:
        """Follow the statements known so far and those that arrive on the line, until no more calls can be
        found.
        """
        sys.setrecursionlimit(max(sys.getrecursionlimit(), _DEEPEST))
        world = self._world
        main = self._main
        try:
            # An exception of the program ends the cell there, but earlier blocks continue.
            with suppress(Exception):
                main.start(self._statements(main), _nothing_to_detach)
            while not world.has_ended:
                while (news := self._line.receive(wait=False)) is not None:
                    self._take(news)
                if len(world.ready):
                    world.ready.round()
                    continue
                if self._tail is not None and main.waits_for is self._more:
                    tail, self._tail = self._tail, None
                    self._peeks.at(tail)
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
        """Follow the statements known so far; wait for more unless that is all."""
        while True:
            while self._bodies:
                signal = yield from run(self._bodies.popleft(), self._world.frame, main)
                if signal is not None:
                    return signal
            self._peeks.settle()
            if self._is_all:
                return None
            yield self._more

    def _take(self, news: HostReply | MoreCode | OpenTail) -> None:
        if isinstance(news, HostReply):
            self._take_reply(news)
            return
        if isinstance(news, OpenTail):
            self._tail = news.text
            return
        self._tail = None
        new = news.code[len(self._code) :] if news.code.startswith(self._code) else ""
        tree = ast.parse(new)
        ast.increment_lineno(tree, self._code.count("\n"))
        self._world.learn(tree)
        self._bodies.append(tree.body)
        self._code += new
        self._is_all = news.is_all
        more, self._more = self._more, Pending()
        more.resolve(None, self._world.ready)

    def _ask(self, asking: Asking) -> Pending:
        """Make a call through its tool, which checks the arguments as it does for the cell itself."""
        before, self._asking = self._asking, asking
        try:
            reply = asking.tool(*asking.values, **asking.named)
        finally:
            self._asking = before
        assert type(reply) is Pending
        return reply

    def _post(self, function: str, arguments: dict[str, Any]) -> Pending:
        """Ask the host for a call. Tools call this, also if ordinary code that is run as it is calls them."""
        asking = self._asking
        self._world.asked += 1
        if asking is None or (asking.task.search is None and asking.task.ahead_of is None):
            return self._send(function, arguments, asking)
        return self._post_in_search(function, arguments, asking)

    def _post_in_search(self, function: str, arguments: dict[str, Any], asking: Asking) -> Pending:
        """Ask for a call that the loop and its look-ahead make once between them."""
        search, ahead_of = asking.task.search, asking.task.ahead_of
        if is_peek(ahead_of) and asking.needs:
            return self._world.never  # a bet on a text is not made on a reply as well
        key = (function, repr(arguments))
        if ahead_of is not None and (reply := ahead_of.left(key)) is not None:
            return reply
        spare = None if ahead_of is None else ahead_of.spare(key)
        reply = search.take(key, ahead_of) if spare is None and search is not None else spare
        if reply is None and ahead_of is not None:
            if function in ONLY_IF_CERTAIN:
                return self._world.never
            if not ahead_of.may_ask():
                if is_peek(ahead_of):
                    return self._world.never
                return ahead_of.postpone(
                    lambda: self._post_in_search(function, arguments, asking),
                    is_text=_returns_text(function, arguments),
                )
        if reply is None:
            reply = self._send(function, arguments, asking)
            if search is not None:
                search.leave(key, reply)
        if ahead_of is not None:
            ahead_of.keep(key, reply, is_new=spare is None)
        return reply

    def _send(self, function: str, arguments: dict[str, Any], asking: Asking | None) -> Pending:
        needs = [] if asking is None else sorted(asking.needs)
        is_certain = asking is None or asking.task.ahead_of is None
        number = self._line.post(function, arguments, needs, is_certain=is_certain)
        reply = Pending(frozenset({number}), is_text=_returns_text(function, arguments))
        self._open[number] = (reply, None if asking is None else asking.task)
        return reply

    def _take_back(self, replies: list[Pending]) -> None:
        """Retract calls. The host keeps the replies that it has for equal calls."""
        numbers = [number for reply in replies for number in reply.sources]
        for number in numbers:
            self._open.pop(number, None)
        if numbers:
            self._line.retract(numbers)

    def _take_reply(self, arrived: HostReply) -> None:
        if arrived.number not in self._open:
            return  # it was retracted meanwhile
        reply, task = self._open.pop(arrived.number)
        if arrived.refusal is None:
            reply.resolve(arrived.value, self._world.ready)
            return
        error = self._refused(arrived.refusal)
        reply.fail(error, self._world.ready)
        if task is not None:
            self._world.failed(error, task)


def _returns_text(function: str, arguments: dict[str, Any]) -> bool:
    return function != PURE_TOOL and "schema" not in arguments


def _nothing_to_detach() -> Callable[[], None]:
    return lambda: None
