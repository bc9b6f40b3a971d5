"""Peeks at the open tail of a cell: asks for the calls of statements whose text has not ended yet, if their prompts need no
reply. A peek is a bet that what follows changes nothing about them. It works on copies, and what the finished statement does
not need is retracted.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable
from typing import Any

from ..vocabulary import FINISHING
from .copies import Unforkable, copied
from .pending import Pending
from .search import FIRST_WINDOW, Search
from .syntax import of_all
from .tail import repaired
from .tasks import ScoutTask
from .world import World

_WINDOW = 32  # calls of a loop that is still open
_LEAVING = frozenset({"break", "return", "continue", "raise", "finish"})
_LEAVING_WORDS = ("break", "return", "continue", "raise", *FINISHING)
_PEEKED = (ast.For, ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.With, ast.If, ast.AsyncWith)


class PeekSearch(Search):
    """What one peek has asked for. The cell finds it as it finds what a look-ahead has asked for.

    Args:
        world: what all tasks of a cell share.
        room: how many calls the peek may make.
        last: the peek before it, of a shorter text.
    """

    def __init__(self, world: World, room: int, last: PeekSearch | None) -> None:
        super().__init__(None, world.ready, is_eager=False, last=last)
        self._room = room

    def may_ask(self) -> bool:
        """Whether the peek may make, or take over, one more call."""
        return not self.has_ended and self._made < self._room

    def spare(self, key: Hashable) -> Pending | None:
        """The reply to an equal call of the peek before, if there is room for it."""
        return super().spare(key) if self.may_ask() else None

    def keep(self, key: Hashable, reply: Pending, *, is_new: bool = True) -> None:
        """Note a call. One that is taken over counts as well."""
        super().keep(key, reply, is_new=True)


class Peeks:
    """The peeks of one scout, one after another.

    Args:
        world: what all tasks of a cell share.
        main: the task of the cell.
        retract: is given replies that nothing needs any more.
    """

    def __init__(self, world: World, main: ScoutTask, retract: Callable[[list[Pending]], None]) -> None:
        self._world = world
        self._main = main
        self._retract = retract
        self._search: PeekSearch | None = None
        self._planned = ""
        self._seen = ""  # a tail that ended with a line, and was peeked at

    def at(self, tail: str) -> None:
        """Peek at a tail. The task of the cell must have followed all statements before it."""
        seen = self._seen
        if seen and tail.startswith(seen) and not self._says_more(tail[len(seen) :]):
            return
        told = repaired(tail)
        self._seen = tail if told.is_even else ""
        if told.text == self._planned:
            return
        self._planned, body = told.text, list(map(_once, told.body))
        last = self._search
        search = self._search = PeekSearch(self._world, self._room(body), last)
        self._main.search = search
        if body and all(isinstance(each, _PEEKED) for each in body) and self._world.may_call(of_all(body)):
            self._follow(body, search)
        if last is not None:
            last.has_ended = True
            self._drop(last)

    def _says_more(self, text: str) -> bool:
        """Whether whole lines may hold a call, or a way to leave a loop."""
        return any(word in text for word in self._world.callers) or any(
            word in text for word in _LEAVING_WORDS
        )

    def _room(self, body: list[ast.stmt]) -> int:
        """The calls that a peek may make: few where a loop may be left before its end."""
        loops = [each for part in body for each in ast.walk(part) if isinstance(each, ast.For | ast.While)]
        leaves = any(of_all(each.body).exits & _LEAVING for each in loops)
        return FIRST_WINDOW if leaves else _WINDOW

    def _follow(self, body: list[ast.stmt], search: PeekSearch) -> None:
        world, main = self._world, self._main
        known = of_all(body)
        changed: frozenset[str] = frozenset().union(*(world.changed_by(each, world.frame) for each in body))
        try:
            frame = copied(world.frame, known.names, changed)
        except Unforkable:
            return
        ahead = ScoutTask(world, main)
        ahead.search, ahead.ahead_of, ahead.holds = None, search, dict(main.holds)
        ahead.tries += 1  # an error here may come from the bet, so it must not end the cell
        try:
            ahead.start(world.run(body, frame, ahead), lambda: lambda: None)
        except Exception:  # noqa: BLE001 - the cell itself meets it, or does not
            return

    def settle(self) -> None:
        """The statements that were peeked at are whole, and the cell has been followed past them."""
        search, self._search, self._planned, self._seen = self._search, None, "", ""
        self._main.search = None
        if search is not None:
            search.has_ended = True
            self._drop(search)

    def _drop(self, search: PeekSearch) -> None:
        """Retract what a peek asked for and nothing has taken."""
        unused = [reply for replies in search.unused.values() for reply in replies]
        search.unused.clear()
        if unused:
            self._retract(unused)


def _once(node: ast.stmt) -> ast.stmt:
    """A ``while`` as its first round: what ends it may not be written yet."""
    if not isinstance(node, ast.While):
        return node
    return ast.copy_location(ast.If(node.test, node.body, []), node)


def is_peek(ahead_of: Any) -> bool:
    """Whether a task looks ahead of a text that has not ended."""
    return isinstance(ahead_of, PeekSearch)
