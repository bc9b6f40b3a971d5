"""Peeks at the open tail of a cell: asks for the calls of statements whose text has not ended yet, if their prompts need no
reply. A peek is a bet that what follows changes nothing about them.

A peek runs at once and then never again: it waits for no reply. What it changes is undone (``undo``), and the calls that the
finished statement does not need are retracted.
"""

from __future__ import annotations

import ast
import time
from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import Any

from ..vocabulary import FINISHING
from .copies import Unforkable, copied, is_iterator
from .frames import Frame
from .pending import Pending
from .search import FIRST_WINDOW, Search
from .syntax import facts, of_all
from .tail import Repaired, repaired
from .tasks import ScoutTask
from .undo import PeekEnded, Undo
from .world import World

_WINDOW = 32  # calls of a loop that is still open
_SLOW_S = 0.02  # a statement whose peek takes longer is not peeked at again
_LEAVING = frozenset({"break", "return", "continue", "raise", "finish"})
_SEARCHING = frozenset({"next", "any", "all", "takewhile", "islice"})  # functions that stop at a result
_LEAVING_WORDS = ("break", "return", "continue", "raise", *FINISHING)
_PEEKED = (ast.For, ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.With, ast.If, ast.AsyncWith)


class PeekSearch(Search):
    """What one peek has asked for. The cell finds it as it finds what a look-ahead has asked for.

    Args:
        world: what all tasks of a cell share.
        room: how many calls the peek may make.
        last: the peek before it, of a shorter text.
        takes_all: whether it may take over any number of calls of the peek before; else they count as its own.
    """

    def __init__(self, world: World, room: int, last: PeekSearch | None, *, takes_all: bool) -> None:
        super().__init__(None, world.ready, is_eager=False, last=last)
        self._room = room
        self._takes_all = takes_all

    def may_ask(self) -> bool:
        """Whether the peek may make one more call."""
        return not self.has_ended and self._made < self._room

    def may_go_on(self) -> bool:
        """See ``Search.may_go_on``. What the peek before asked for may come later."""
        return self.may_ask() or (self._takes_all and self._last is not None and bool(self._last.unused))

    def spare(self, key: Hashable) -> Pending | None:
        """The reply to an equal call of the peek before, if it may be taken over."""
        return super().spare(key) if self._takes_all or self.may_ask() else None

    def keep(self, key: Hashable, reply: Pending, *, is_new: bool = True) -> None:
        """Note a call."""
        super().keep(key, reply, is_new=is_new or not self._takes_all)

    def replace(self, last: PeekSearch) -> list[Pending]:
        """Take over the replies that have arrived of what the peek before asked for, and no other.

        Returns:
            the replies that have not arrived.
        """
        self._last = None
        missing: list[Pending] = []
        for key, replies in last.unused.items():
            for reply in replies:
                if reply.done:
                    self._asked[key].append(reply)
                else:
                    missing.append(reply)
        last.unused.clear()
        return missing


class Peeks:
    """The peeks of one scout, one after another.

    Args:
        world: what all tasks of a cell share.
        main: the task of the cell.
        retract: is given the replies to calls that nothing needs any more.
    """

    def __init__(self, world: World, main: ScoutTask, retract: Callable[[list[Pending]], None]) -> None:
        self._world = world
        self._main = main
        self._retract = retract
        self._search: PeekSearch | None = None
        self._planned = ""
        self._seen = ""  # a tail that was peeked at as it stands
        self._is_slow = False

    def at(self, tail: str) -> None:
        """Peek at a tail. The task of the cell must have followed all statements before it."""
        seen = self._seen
        if (self._is_slow and tail) or (
            seen and tail.startswith(seen) and not self._says_more(tail[len(seen) :])
        ):
            return
        if self._search is None and not any(word in tail for word in self._world.callers):
            return
        told = repaired(tail)
        self._seen = tail if told.is_even else ""
        if told.text == self._planned or self._is_call_open(told):
            return
        self._planned, last = told.text, self._search
        body = list(map(_once, told.body))
        is_left = _is_left(body)
        room = FIRST_WINDOW if is_left or of_all(body).names & _SEARCHING else _WINDOW
        search = self._search = PeekSearch(self._world, room, last, takes_all=not is_left)
        self._main.search = search
        if self._may_call(body):
            self._follow(body, search)
        if last is not None:
            last.has_ended = True
            self._retract(search.replace(last))

    def _says_more(self, text: str) -> bool:
        """Whether more lines may hold a call, or a way to leave a loop."""
        return any(word in text for word in self._world.callers) or any(
            word in text for word in _LEAVING_WORDS
        )

    def _is_call_open(self, told: Repaired) -> bool:
        """Whether the arguments of a call that may reach a model, or a comprehension with such a call, have not ended.
        The peek before stands until they have.
        """
        return any(
            isinstance(each, ast.Call | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp)
            and told.is_open(each)
            and self._world.may_call(facts(each.func if isinstance(each, ast.Call) else each))
            for part in told.body
            for each in ast.walk(part)
        )

    def _may_call(self, body: list[ast.stmt]) -> bool:
        return all(isinstance(each, _PEEKED) for each in body) and self._world.may_call(of_all(body))

    def _follow(self, body: list[ast.stmt], search: PeekSearch) -> None:
        world, main = self._world, self._main
        frame = self._separate(body)
        if frame is None:
            return
        ahead = ScoutTask(world, main)
        ahead.search, ahead.ahead_of, ahead.holds = None, search, dict(main.holds)
        ahead.tries += 1  # an error here may come from the bet, so it must not end the cell
        began = time.perf_counter()
        undo = world.undo = Undo(world.names, world.text_of, lambda text: world.changed_by(text, world.frame))
        try:
            # The cell itself meets an exception, or does not.
            with suppress(Exception, PeekEnded):
                ahead.start(world.run(body, frame, ahead), lambda: lambda: None)
        finally:
            search.is_over, world.undo = True, None
            undo.put_back()
        self._is_slow = time.perf_counter() - began > _SLOW_S

    def _separate(self, body: list[ast.stmt]) -> Frame | None:
        """A frame for a peek, with iterators of its own; ``None`` if one cannot be copied."""
        before = self._world.frame
        try:
            frame = copied(before, of_all(body).names, frozenset())
        except Unforkable:
            return None
        shared = [
            name
            for name, value in frame.names.items()
            if is_iterator(value) and value is before.names.get(name)
        ]
        return None if shared else frame

    def settle(self) -> None:
        """The statements that were peeked at are whole, and the cell has been followed past them."""
        search, self._search, self._planned, self._seen = self._search, None, "", ""
        self._is_slow = False
        self._main.search = None
        if search is not None:
            search.has_ended = True
            self._retract([reply for replies in search.unused.values() for reply in replies])
            search.unused.clear()


def _is_left(body: list[ast.stmt]) -> bool:
    """Whether a result may end a loop."""
    loops = [each for part in body for each in ast.walk(part) if isinstance(each, ast.For | ast.While)]
    return any(of_all(each.body).exits & _LEAVING for each in loops)


def _once(node: ast.stmt) -> ast.stmt:
    """A ``while`` as its first round: what ends it may not be written yet."""
    if not isinstance(node, ast.While):
        return node
    return ast.copy_location(ast.If(node.test, node.body, []), node)


def is_peek(ahead_of: Any) -> bool:
    """Whether a task looks ahead of a text that has not ended."""
    return isinstance(ahead_of, PeekSearch)
